// The documents as points on a canvas: near ones are alike. Wheel, pinch or buttons zoom, dragging moves, a click opens.

const map = {
  host: document.getElementById("map"),
  canvas: document.querySelector("#map canvas"),
  zoom: 1, x: 0.5, y: 0.5, focus: null, chosen: null, hovered: null, pointers: new Map(),

  show(focus, chosen) {
    const moved = chosen !== this.chosen;
    this.focus = focus;
    this.chosen = chosen;
    if (moved && this.zoom > 1 && !this.seen()) this.scale(0);
    else this.draw();
  },

  // Whether what is chosen stands, at least in part, in what is shown.
  seen() {
    const frame = this.size(), { w, h } = frame;
    return documents.some((item) => {
      const [x, y] = item.within(this.chosen) ? this.at(item, frame) : [-1, -1];
      return x >= 0 && y >= 0 && x <= w && y <= h;
    });
  },

  size() {
    const { clientWidth: w, clientHeight: h } = this.host;
    return { w, h, margin: Math.min(w, h) * 0.07 + 14 };
  },
  at(item, { w, h, margin } = this.size()) {
    return [w / 2 + (item.x - this.x) * (w - 2 * margin) * this.zoom, h / 2 + (item.y - this.y) * (h - 2 * margin) * this.zoom];
  },

  draw() {
    const frame = this.size(), { w, h } = frame, dense = window.devicePixelRatio || 1, pen = this.canvas.getContext("2d");
    if (!w || !h) return;
    this.canvas.width = w * dense;
    this.canvas.height = h * dense;
    pen.scale(dense, dense);
    const lit = documents.filter((item) => item.within(this.focus)), dim = documents.filter((item) => !item.within(this.focus));
    const radius = Math.max(2, Math.min(6, 60 / Math.sqrt(documents.length))) * Math.min(2, Math.sqrt(this.zoom));
    const dot = (item, size) => {
      const [x, y] = this.at(item, frame);
      if (x < -size || y < -size || x > w + size || y > h + size) return;
      pen.beginPath();
      pen.arc(x, y, size, 0, 7);
      pen.fill();
    };
    // Ground under what lies close together, then the points.
    const ground = Math.max(9, Math.min(34, 420 / Math.sqrt(documents.length))) * Math.sqrt(this.zoom);
    const parts = new Map(lit.map((item) => [item.hue, []]));
    for (const item of lit) parts.get(item.hue).push(item);
    for (const [, part] of parts) {
      pen.fillStyle = colour.paint(part[0], 2);
      for (const item of part) dot(item, ground);
    }
    for (const [some, alpha] of [[dim, 0.14], [lit, 0.85]]) {
      pen.globalAlpha = alpha;
      for (const item of some) {
        pen.fillStyle = colour.paint(item, "mark");
        dot(item, radius);
      }
    }
    pen.globalAlpha = 1;
    const ink = colour.of("ink"), card = colour.of("card");
    for (const item of [this.chosen, this.hovered]) {
      if (!item || item.level !== "document") continue;
      pen.fillStyle = ink; dot(item, radius + 3.5);
      pen.fillStyle = card; dot(item, radius + 2);
      pen.fillStyle = colour.paint(item, "mark"); dot(item, radius + 0.5);
    }
    this.label(pen, ink, card);
  },

  // Names of what is below the focus, where their documents lie densest: the higher levels first, then the larger; those that would overlap are left out.
  label(pen, ink, card) {
    const { w, h } = this.size(), taken = [];
    const named = this.focus.level === "entity" ? [this.focus] : [];
    for (let row = this.focus.topics; row.length; row = row.flatMap((item) => item.topics)) named.push(...row.toSorted((a, b) => b.count - a.count).slice(0, 60));
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.strokeStyle = card;
    pen.lineWidth = 4;
    for (const item of named) {
      if (item.parent.topics.length === 1 && item.parent !== root) continue;
      const top = item.parent === this.focus || item === this.focus;
      item.middle ??= this.densest(documents.filter((document) => document.within(item)));
      let [x, y] = this.at(item.middle);
      if (x < 0 || y < 0 || x > w || y > h) continue;
      pen.font = top ? `600 ${w < 500 ? 14 : 17}px ${colour.of("serif")}` : `500 ${w < 500 ? 11 : 12}px ${colour.of("sans")}`;
      const text = item.name.length > 34 ? `${item.name.slice(0, 33)}…` : item.name, half = pen.measureText(text).width / 2 + 8, tall = top ? 15 : 11;
      x = Math.max(half, Math.min(w - half, x));
      y += top ? -22 : 16;
      if (taken.some((box) => Math.abs(box.x - x) < box.half + half && Math.abs(box.y - y) < box.tall + tall)) continue;
      taken.push({ x, y, half, tall });
      pen.globalAlpha = 0.9;
      pen.strokeText(text, x, y);
      pen.globalAlpha = 1;
      pen.fillStyle = top ? ink : colour.paint(item, "text");
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
    const box = this.canvas.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top, frame = this.size();
    let found = null, best = 16 ** 2;
    for (const item of documents) {
      const [x, y] = this.at(item, frame), far = (x - px) ** 2 + (y - py) ** 2;
      if (far < best) { best = far; found = item; }
    }
    return found;
  },

  hover(item) {
    if (item === this.hovered) return;
    this.hovered = item;
    this.canvas.classList.toggle("pointing", !!item);
    if (item) tip.show(item, ...this.at(item));
    else tip.hide();
    this.draw();
  },

  // By a factor around a point of the screen; by 0 back to all of it.
  scale(factor, px = this.size().w / 2, py = this.size().h / 2) {
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
    if (event.button) return;
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
colour.dark.addEventListener("change", () => map.draw());
