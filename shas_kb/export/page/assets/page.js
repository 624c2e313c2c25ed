// Where one is: the address after # says which item and which view, so that links, Back and bookmarks work.

const views = { tree: treemap, map, graph };
const tabs = Object.fromEntries(Object.keys(views).map((name) => [name, document.getElementById(`show-${name}`)]));
const zoom = document.querySelector(".zoom");
const title = document.title;
let view = "tree", chosen = root;

const show = () => {
  const focus = chosen.level === "document" ? chosen.parent : chosen;
  for (const [name, tab] of Object.entries(tabs)) {
    tab.setAttribute("aria-pressed", String(name === view));
    views[name].host.hidden = name !== view;
  }
  zoom.hidden = view === "tree";
  tip.hide();
  views[view].show(focus, chosen);
};

const trail = () => {
  const steps = [...chosen.above, chosen].map((item) => make("a", { href: link(item) }, item === root ? "All" : item.name));
  steps.at(-1).setAttribute("aria-current", "page");
  return steps.flatMap((step, i) => (i ? [make("i", { "aria-hidden": "true" }, "›"), step] : [step]));
};

const here = () => `#${new URLSearchParams({ ...(chosen.id && { node: chosen.id }), view })}`;

const go = () => {
  const wanted = new URLSearchParams(location.hash.slice(1));
  chosen = byId.get(wanted.get("node") ?? "") ?? root;
  if (tabs[wanted.get("view")]?.hidden === false) view = wanted.get("view");
  else if (view !== "tree" && !wanted.has("ask")) history.replaceState(null, "", here());
  document.getElementById("trail").replaceChildren(...trail());
  document.title = chosen === root ? title : `${chosen.name} – ${title}`;
  detail.show(chosen);
  show();
};

tabs.map.hidden = !documents.length;

const look = (name) => {
  view = name;
  history.replaceState(null, "", here());
  show();
};

// In a drawing as in the tree: arrows go to siblings, up to the parent, down to the first child.
const key = (event) => {
  const factor = { "+": 1.6, "=": 1.6, "-": 1 / 1.6, 0: 0 }[event.key], next = beside(chosen, event.key);
  if (event.ctrlKey || event.metaKey || event.altKey || (factor === undefined && !next)) return;
  event.preventDefault();
  if (next) location.hash = link(next);
  else views[view].scale(factor);
};

for (const [name, tab] of Object.entries(tabs)) tab.addEventListener("click", () => look(name));
for (const drawing of [map, graph]) drawing.host.addEventListener("keydown", key);
for (const [id, factor] of [["zoom-in", 1.6], ["zoom-out", 1 / 1.6], ["zoom-reset", 0]]) document.getElementById(id).addEventListener("click", () => views[view].scale(factor));
document.getElementById("skip").addEventListener("click", (event) => { event.preventDefault(); detail.host.focus(); });
addEventListener("hashchange", go);
new ResizeObserver(show).observe(document.querySelector(".stage"));
// A sheet of paper is of another size. The graph, which would draw itself only a frame later, is scaled by the style.
matchMedia("print").addEventListener("change", () => { if (view !== "graph") show(); });
go();
