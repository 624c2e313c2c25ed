// The tree as a graph, drawn by cytoscape.js: every node amid its children, lines across to what is related.
// Where everything stands was computed beforehand; a large collection shows as many levels as stay readable.

const graph = {
  host: document.getElementById("graph"),
  MOST: 900,
  ACROSS: 3,
  cy: null, shown: null, focus: null, chosen: null, sized: 0,

  show(focus, chosen) {
    const { clientWidth: w, clientHeight: h } = this.host;
    if (!w || !h) return;
    const moved = focus !== this.focus || w !== this.w || h !== this.h;
    Object.assign(this, { focus, chosen, w, h });
    this.cy ??= this.build();
    this.cy.resize();
    this.fill();
    this.light();
    if (moved) this.frame();
  },

  build() {
    const cy = cytoscape({ container: this.host.firstElementChild, layout: { name: "null" }, autoungrabify: true, boxSelectionEnabled: false, minZoom: 0.2, maxZoom: 40 });
    cy.on("tap", "node", ({ target }) => { location.hash = link(target.data("item")); });
    cy.on("mouseover", "node", ({ target, renderedPosition: at }) => { tip.show(target.data("item"), at.x, at.y); this.host.classList.add("pointing"); });
    cy.on("mouseout pan zoom", () => { tip.hide(); this.host.classList.remove("pointing"); });
    cy.on("zoom", () => this.style());
    colour.dark.addEventListener("change", () => { this.sized = 0; this.style(); });
    return cy;
  },

  // Whole levels from the top, then those below the focus, as long as they are not too many.
  visible() {
    const seen = new Set([...this.chosen.above.slice(1), ...(this.chosen === root ? [] : [this.chosen])]);
    for (const top of [root, this.focus])
      for (let row = top.children; row.length && seen.size + row.length <= this.MOST; row = row.flatMap((item) => item.children)) row.forEach((item) => seen.add(item));
    for (const item of this.focus.children) if (seen.size < this.MOST) seen.add(item); // of a large entity the first
    return seen;
  },

  fill() {
    const wanted = this.visible(), key = [...wanted].map((item) => item.id).sort().join();
    const links = this.chosen.level === "document" ? this.chosen : null;
    if (key === this.shown?.key && links === this.shown.links) return;
    this.shown = { key, links };
    const elements = [], drawn = new Set();
    const join = (a, b, kind, weight) => {
      const id = kind === "contains" ? `${a.id}>${b.id}` : [a.id, b.id].sort().join("~");
      if (!wanted.has(a) || !wanted.has(b) || drawn.has(id)) return;
      drawn.add(id);
      elements.push({ group: "edges", data: { id, source: a.id, target: b.id, item: b, weight }, classes: `${kind} ${b.level}` });
    };
    for (const item of wanted) {
      const [x, y, discX, discY, radius] = item.spot;
      const put = (id, x, y, classes) => elements.push({ group: "nodes", data: { id, item, name: item.name, size: 2 * radius }, position: { x, y }, classes: `${classes} ${item.level}` });
      put(item.id, x, y, "dot");
      if (item.level === "document") continue;
      put(`disc ${item.id}`, discX, discY, "disc");
      put(`name ${item.id}`, discX, discY + (item.level === "entity" ? radius : -radius), "name");
    }
    for (const item of wanted) {
      join(item.parent, item, "contains", 1);
      if (item.level !== "document" || item === links)
        for (const [i, weight] of [...item.related.slice(0, item === links ? undefined : this.ACROSS), ...item.also]) join(item, items[i], "across", weight);
    }
    this.cy.batch(() => { this.cy.elements().remove(); this.cy.add(elements); });
    this.sized = 0;
    this.style();
  },

  light() {
    this.cy.batch(() => {
      this.cy.elements().removeClass("chosen lit");
      const here = this.cy.getElementById(this.chosen.id);
      here.addClass("chosen").connectedEdges().addClass("lit");
    });
  },

  // The disc of the focus, or all of the topmost ones, with room for a name above.
  frame() {
    const discs = (this.focus === root ? root.children : [this.focus]).map(({ spot }) => spot.slice(2));
    const edge = (axis, side) => discs.map((disc) => disc[axis] + side * disc[2]).reduce((a, b) => (side * a > side * b ? a : b));
    const [left, right, top, bottom] = [edge(0, -1), edge(0, 1), edge(1, -1), edge(1, 1)];
    const zoom = Math.min((this.w - 40) / (right - left), (this.h - 70) / (bottom - top));
    const to = { zoom, pan: { x: this.w / 2 - (zoom * (left + right)) / 2, y: this.h / 2 + 14 - (zoom * (top + bottom)) / 2 } };
    this.cy.stop();
    if (!this.framed || matchMedia("(prefers-reduced-motion: reduce)").matches) this.cy.viewport(to);
    else this.cy.animate({ ...to, duration: 420, easing: "ease-in-out-cubic" });
    this.framed = true;
  },

  scale(factor) {
    this.cy.stop();
    if (factor) this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: { x: this.w / 2, y: this.h / 2 } });
    else this.frame();
  },

  // Names keep their size on the screen, in steps; dots and lines grow with the zoom (`size`) up to `most` pixels.
  style() {
    const zoom = this.cy.zoom(), step = Math.round(Math.log(zoom) / Math.log(1.25));
    if (step === this.sized) return;
    this.sized = step;
    const px = 1 / 1.25 ** step, ink = colour.of("ink"), item = (element) => element.data("item");
    const wide = (element) => element.data("size") / px, fits = (element, least) => (wide(element) > Math.max(least, Math.min(item(element).name.length, 12) * 4.5) ? item(element).name : "");
    const at = (size, most) => Math.min(size, most * px);
    const depth = { domain: 1, category: 2, entity: 3 };
    this.cy.style([
      { selector: "*", style: { "z-index-compare": "manual" } },
      { selector: "node", style: { "background-color": (e) => colour.paint(item(e), "mark"), "font-family": colour.of("sans"), "overlay-opacity": 0, "underlay-opacity": 0, color: ink } },
      { selector: ".disc", style: { width: "data(size)", height: "data(size)", "background-color": (e) => colour.paint(item(e), depth[item(e).level]), "z-index": (e) => depth[item(e).level] } },
      { selector: ".name", style: { width: 0.01, height: 0.01, "background-opacity": 0, events: "no", "z-index": 20, "text-outline-width": 2.5 * px, "text-outline-color": colour.of("card"), "text-outline-opacity": 0.85, "text-wrap": "wrap", "text-max-width": (e) => Math.max(e.data("size"), 90 * px) } },
      { selector: ".name.domain", style: { "z-index": 22, label: "data(name)", "font-family": colour.of("serif"), "font-weight": 600, "font-size": (e) => (wide(e) < 170 ? 13 : 17) * px, "text-valign": "top", "text-margin-y": -3 * px } },
      { selector: ".name.category", style: { "z-index": 21, label: (e) => fits(e, 95), "font-weight": 600, "font-size": 13 * px, "text-valign": "bottom", "text-margin-y": 2 * px } },
      { selector: ".name.entity", style: { label: (e) => fits(e, 46), "font-size": 11.5 * px, "text-valign": "top", "text-margin-y": 9 * px } },
      { selector: ".dot", style: { width: at(2, 13), height: at(2, 13), "z-index": 9 } },
      { selector: ".dot.domain", style: { width: at(7, 26), height: at(7, 26) } },
      { selector: ".dot.category", style: { width: at(5, 22), height: at(5, 22) } },
      { selector: ".dot.entity", style: { width: at(3.4, 18), height: at(3.4, 18) } },
      { selector: ".dot.document", style: { label: px < 0.085 ? "data(name)" : "", "font-size": 11 * px, "text-valign": "bottom", "text-margin-y": 3 * px, "text-max-width": 125 * px, "text-wrap": "ellipsis" } },
      { selector: "edge", style: { width: at(0.28, 1.4), "line-color": (e) => colour.paint(item(e), "mark"), opacity: 0.5, "curve-style": "haystack", "haystack-radius": 0, "z-index": 8, events: "no" } },
      { selector: "edge.document", style: { width: at(0.14, 1), opacity: 0.45 } },
      { selector: ".across", style: { "curve-style": "unbundled-bezier", "control-point-distances": (e) => 0.16 * Math.hypot(e.source().position("x") - e.target().position("x"), e.source().position("y") - e.target().position("y")), "control-point-weights": 0.5, width: (e) => at(0.5, 2.4) * e.data("weight"), "line-color": colour.of("soft"), opacity: 0.28 } },
      { selector: "edge.lit", style: { opacity: 0.95, "line-color": ink, width: (e) => (e.hasClass("across") ? at(0.8, 3) * e.data("weight") : at(0.4, 2)) } },
      { selector: ".dot.chosen", style: { "border-width": 2.5 * px, "border-color": ink, "border-position": "outside" } },
    ]);
  },
};
