// Where one is: the address after # says which item and which view, so that links, Back and bookmarks work.

const tabs = { tree: document.getElementById("show-tree"), map: document.getElementById("show-map") };
const views = { tree: treemap, map };
let view = "tree", chosen = root;

const show = () => {
  const focus = chosen.level === "document" ? chosen.parent : chosen;
  for (const [name, tab] of Object.entries(tabs)) {
    tab.setAttribute("aria-pressed", String(name === view));
    views[name].host.hidden = name !== view;
  }
  views[view].show(focus, chosen);
};

const trail = () => {
  const steps = [...chosen.above, chosen].map((item) => make("a", { href: link(item) }, item === root ? "All" : item.name));
  steps.at(-1).setAttribute("aria-current", "page");
  return steps.flatMap((step, i) => (i ? [make("i", { "aria-hidden": "true" }, "›"), step] : [step]));
};

const go = () => {
  const wanted = new URLSearchParams(location.hash.slice(1));
  chosen = byId.get(wanted.get("node") ?? "") ?? root;
  if (wanted.get("view") in views) view = wanted.get("view");
  document.getElementById("trail").replaceChildren(...trail());
  detail.show(chosen);
  show();
};

for (const [name, tab] of Object.entries(tabs)) tab.addEventListener("click", () => { view = name; show(); });
document.getElementById("skip").addEventListener("click", (event) => { event.preventDefault(); detail.host.focus(); });
addEventListener("hashchange", go);
new ResizeObserver(show).observe(document.querySelector(".stage"));
go();
