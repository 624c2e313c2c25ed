// The tree as a squarified treemap (Bruls, Huizing, van Wijk 2000): links that keep their element while they move.

const treemap = {
  host: document.getElementById("tree"),
  cells: new Map(),

  show(focus, chosen) {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!width || !height) return;
    const fresh = new Map();
    const place = (item, x, y, w, h, room) => {
      if (w < 3 || h < 3) return;
      const inner = item.children.length > 0 && room > 0 && w > 34 && h > 30;
      fresh.set(item.id, { item, x, y, w, h, titled: inner });
      if (!inner) return;
      const title = h > 64 && w > 60 ? (item.level === "domain" ? 29 : 22) : 4;
      const pad = item.level === "domain" ? 5 : 3;
      this.lay(item.children, x + pad, y + title, w - 2 * pad, h - title - pad, (child, ...box) => place(child, ...box, room - 1));
    };
    const top = focus.children.length ? focus : focus.parent;
    // What has one child only would be a frame around itself.
    this.lay(top.children, 0, 0, width, height, (child, ...box) => place(child, ...box, width < 500 ? 1 : 2));
    this.draw(fresh, chosen);
  },

  lay(items, x, y, w, h, put) {
    let rest = items.map((item) => [item, item.count]);
    let total = rest.reduce((sum, [, value]) => sum + value, 0);
    while (rest.length && w > 0 && h > 0) {
      const scale = (w * h) / total, side = Math.min(w, h);
      let taken = 0, sum = 0, worst = Infinity;
      while (taken < rest.length) {
        const next = sum + rest[taken][1], band = (next * scale) / side;
        const ratio = Math.max(...[rest[0][1], rest[taken][1]].map((v) => { const long = (v * scale) / band; return Math.max(long / band, band / long); }));
        if (ratio > worst) break;
        worst = ratio; sum = next; taken++;
      }
      const band = (sum * scale) / side;
      let along = 0;
      for (const [item, value] of rest.slice(0, taken)) {
        const long = (value / sum) * side;
        if (w >= h) put(item, x, y + along, band, long); else put(item, x + along, y, long, band);
        along += long;
      }
      if (w >= h) { x += band; w -= band; } else { y += band; h -= band; }
      rest = rest.slice(taken); total -= sum;
    }
  },

  // Small enough that the longest word stays whole, and whole lines only.
  fit(label, name, w, h) {
    const longest = Math.max(1, ...(name.match(/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\d’']+/gu) ?? []).map((word) => word.length));
    const size = Math.max(9.5, Math.min(w > 180 && h > 110 ? 15 : 12.5, (w - 16) / (longest * 0.62)));
    label.style.fontSize = `${size}px`;
    label.style.webkitLineClamp = Math.max(1, Math.floor((h - 8) / (size * 1.28)));
  },

  // What there is room to say: the first names of what is below, or how a document reads.
  inside(item, lines) {
    if (lines < 2) return "";
    if (item.children.length) return make("ol", {}, ...item.children.slice(0, lines).map((child) => make("li", { dir: "auto" }, child.name)));
    if (!item.summary.length) return "";
    const words = make("p", { dir: "auto" }, item.summary[0].text);
    words.style.webkitLineClamp = lines;
    return words;
  },

  // Cells stand in the order of the tree, so those that stay need not be moved, which would end their focus and their motion.
  draw(fresh, chosen) {
    const focused = this.host.contains(document.activeElement);
    for (const [id, cell] of this.cells) if (!fresh.has(id)) { cell.remove(); this.cells.delete(id); }
    this.host.classList.toggle("moving", fresh.size < 500 && this.cells.size > 0);
    let next = this.host.firstElementChild;
    for (const [id, { item, x, y, w, h, titled }] of fresh) {
      let cell = this.cells.get(id);
      const isNew = !cell;
      if (isNew) {
        cell = make("a", { href: link(item), title: item.name });
        cell.item = item;
        this.cells.set(id, cell);
      }
      cell.className = `cell ${item.level}${titled ? " titled" : ""}${item === chosen ? " chosen" : ""}${isNew ? " fresh" : ""}`;
      Object.assign(cell.style, { left: `${x + 1}px`, top: `${y + 1}px`, width: `${Math.max(w - 2, 1)}px`, height: `${Math.max(h - 2, 1)}px` });
      cell.style.borderRadius = titled ? "" : `${Math.min(7, w / 7, h / 7)}px`;
      cell.style.setProperty("--hue", item.hue);
      const readable = titled ? h > 64 && w > 60 : w > 52 && h > 26;
      const count = titled && w > 150 ? make("small", {}, item.count.toLocaleString("en")) : "";
      const more = !titled && w > 105 && h > 92 ? make("em", {}, item.keyphrases.slice(0, w < 190 ? 3 : 4).join(" · ")) : "";
      const label = readable ? make("span", { dir: "auto" }, item.name, count) : "";
      if (readable && !titled) this.fit(label, item.name, w, more ? h - 34 : h);
      const inside = more ? this.inside(item, Math.floor((h - (item.children.length ? 78 : 94)) / 18)) : "";
      cell.replaceChildren(label, more, inside);
      if (!readable) cell.setAttribute("aria-label", item.name);
      cell.tabIndex = -1;
      if (cell === next) next = next.nextElementSibling;
      else this.host.insertBefore(cell, next);
    }
    const first = this.cells.get(chosen.id) || this.host.firstElementChild;
    if (first) first.tabIndex = 0;
    if (first && focused && !this.host.contains(document.activeElement)) first.focus();
  },

  // One stop for the Tab key; arrows go to siblings, up to the parent, down to the first child.
  move(event) {
    const item = event.target.item;
    if (!item) return;
    const next = beside(item, event.key);
    const cell = next && this.cells.get(next.id);
    if (!cell) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  },
};
treemap.host.addEventListener("keydown", (event) => treemap.move(event));
