// The documents as points on a canvas: near ones are alike. Wheel, pinch or buttons zoom, dragging moves, a click opens.

const map = {
  host: document.getElementById("map"),
  canvas: document.querySelector("#map canvas"),
  tip: document.getElementById("tip"),
  dark: matchMedia("(prefers-color-scheme: dark)"),
  zoom: 1, x: 0.5, y: 0.5, focus: null, chosen: null, hovered: null, pointers: new Map(),

  show(focus, chosen) {
    this.focus = focus;
    this.chosen = chosen;
    this.draw();
  },

  size() {
    const { clientWidth: w, clientHeight: h } = this.host;
    return { w, h, margin: Math.min(w, h) * 0.07 + 14 };
  },
  at(item) {
    const { w, h, margin } = this.size();
    return [w / 2 + (item.x - this.x) * (w - 2 * margin) * this.zoom, h / 2 + (item.y - this.y) * (h - 2 * margin) * this.zoom];
  },

  draw() {
    const { w, h } = this.size(), dense = window.devicePixelRatio || 1, pen = this.canvas.getContext("2d");
    if (!w || !h) return;
    this.canvas.width = w * dense;
    this.canvas.height = h * dense;
    pen.scale(dense, dense);
    const radius = Math.max(2, Math.min(6, 60 / Math.sqrt(documents.length))) * Math.min(2, Math.sqrt(this.zoom));
    const tone = this.dark.matches ? "0.74 0.13" : "0.6 0.15";
    const dot = (item, size) => {
      const [x, y] = this.at(item);
      pen.beginPath();
      pen.arc(x, y, size, 0, 7);
      pen.fill();
    };
    for (const lit of [false, true])
      for (const item of documents) {
        if (item.within(this.focus) !== lit) continue;
        pen.fillStyle = `oklch(${tone} ${item.hue} / ${lit ? 0.82 : 0.13})`;
        dot(item, radius);
      }
    const ink = getComputedStyle(document.body).color, card = getComputedStyle(this.host).backgroundColor;
    for (const item of [this.chosen, this.hovered]) {
      if (!item || item.level !== "document") continue;
      pen.fillStyle = ink; dot(item, radius + 3.5);
      pen.fillStyle = card; dot(item, radius + 2);
      pen.fillStyle = `oklch(${tone} ${item.hue})`; dot(item, radius + 0.5);
    }
    this.label(pen, ink, card);
  },

  // Names of what is below the focus, where their documents lie densest, the larger first; those that would overlap are left out.
  label(pen, ink, card) {
    const { w, h } = this.size(), taken = [];
    const named = this.focus.level === "entity" ? [this.focus] : this.focus.children.filter((item) => item.level !== "document");
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.font = `600 ${w < 500 ? 12.5 : 14}px ${getComputedStyle(document.querySelector(".brand a")).fontFamily}`;
    for (const item of named) {
      item.middle ??= this.densest(documents.filter((document) => document.within(item)));
      let [x, y] = this.at(item.middle);
      if (x < 0 || y < 0 || x > w || y > h) continue;
      const text = item.name.length > 34 ? `${item.name.slice(0, 33)}…` : item.name, half = pen.measureText(text).width / 2 + 6;
      y -= 16;
      x = Math.max(half, Math.min(w - half, x));
      if (taken.some((box) => Math.abs(box.x - x) < box.half + half && Math.abs(box.y - y) < 22)) continue;
      taken.push({ x, y, half });
      pen.lineWidth = 4;
      pen.strokeStyle = card;
      pen.globalAlpha = 0.85;
      pen.strokeText(text, x, y);
      pen.globalAlpha = 1;
      pen.fillStyle = ink;
      pen.fillText(text, x, y);
    }
  },

  // Of some hundred of the documents, the one that has the most others around it.
  densest(below) {
    const some = below.filter((_, i) => i % Math.ceil(below.length / 200) === 0);
    const crowd = (at) => some.reduce((sum, other) => sum + Math.exp(-((at.x - other.x) ** 2 + (at.y - other.y) ** 2) / 0.006), 0);
    return some.map((at) => [crowd(at), at]).reduce((best, next) => (next[0] > best[0] ? next : best))[1];
  },

  nearest(event) {
    const box = this.canvas.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
    let found = null, best = 16 ** 2;
    for (const item of documents) {
      const [x, y] = this.at(item), far = (x - px) ** 2 + (y - py) ** 2;
      if (far < best) { best = far; found = item; }
    }
    return found;
  },

  hover(item) {
    if (item === this.hovered) return;
    this.hovered = item;
    this.canvas.classList.toggle("pointing", !!item);
    this.tip.hidden = !item;
    if (item) {
      this.tip.replaceChildren(item.name, make("small", {}, item.parent.name));
      const [x, y] = this.at(item), { w, h } = this.size();
      this.tip.style.left = `${Math.max(6, Math.min(w - this.tip.offsetWidth - 6, x - this.tip.offsetWidth / 2))}px`;
      this.tip.style.top = `${y + 16 + this.tip.offsetHeight > h ? y - 14 - this.tip.offsetHeight : y + 14}px`;
    }
    this.draw();
  },

  scale(factor, px, py) {
    const { w, h, margin } = this.size(), before = this.zoom;
    this.zoom = Math.max(1, Math.min(60, before * factor));
    const keep = 1 / before - 1 / this.zoom;
    this.x += ((px - w / 2) / (w - 2 * margin)) * keep;
    this.y += ((py - h / 2) / (h - 2 * margin)) * keep;
    if (this.zoom === 1) this.x = this.y = 0.5;
    this.hover(null);
    this.draw();
  },

  press(event) {
    this.pointers.set(event.pointerId, event);
    this.canvas.setPointerCapture(event.pointerId);
    this.moved = this.pointers.size > 1;
  },
  drag(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) { if (event.pointerType !== "touch") this.hover(this.nearest(event)); return; }
    const { w, h, margin } = this.size(), dx = event.clientX - last.clientX, dy = event.clientY - last.clientY;
    if (!this.moved && Math.hypot(dx, dy) < 4) return;
    this.moved = true;
    this.canvas.classList.add("dragging");
    this.pointers.set(event.pointerId, event);
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    if (other) {
      const box = this.canvas.getBoundingClientRect(), span = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY) || 1;
      this.scale(span(event) / span(last), (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
      return;
    }
    this.x -= dx / ((w - 2 * margin) * this.zoom);
    this.y -= dy / ((h - 2 * margin) * this.zoom);
    this.hover(null);
    this.draw();
  },
  release(event) {
    const pressed = this.pointers.delete(event.pointerId);
    this.canvas.classList.remove("dragging");
    if (!pressed || this.moved || event.type !== "pointerup") return;
    const item = this.nearest(event);
    if (item) location.hash = link(item);
  },
};
map.canvas.addEventListener("pointerdown", (event) => map.press(event));
map.canvas.addEventListener("pointermove", (event) => map.drag(event));
for (const end of ["pointerup", "pointercancel"]) map.canvas.addEventListener(end, (event) => map.release(event));
map.canvas.addEventListener("pointerleave", () => map.hover(null));
map.canvas.addEventListener("wheel", (event) => { event.preventDefault(); map.scale(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY); }, { passive: false });
for (const [id, factor] of [["zoom-in", 1.6], ["zoom-out", 1 / 1.6], ["zoom-reset", 0]])
  document.getElementById(id).addEventListener("click", () => map.scale(factor, map.size().w / 2, map.size().h / 2));
map.dark.addEventListener("change", () => map.draw());
