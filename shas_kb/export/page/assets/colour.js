// Colours from the style sheet, by hue: a canvas and a library that know no oklch() get them as rgb().

const colour = {
  dark: matchMedia("(prefers-color-scheme: dark)"),
  pen: Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true }),
  known: new Map(),

  // Of the page: "ink", "card", ...
  of(name) { return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(); },

  // Of an item: as a "mark" (a point, a line), as "text", or as an area of depth 1 to 4.
  paint(item, kind) {
    const key = `${kind} ${item.hue} ${this.dark.matches}`;
    if (!this.known.has(key)) {
      const [light, strong] = { mark: ["mark-l", "mark-c"], text: ["text-l", "text-c"] }[kind] ?? [`l${kind}`, `c${kind}`];
      this.pen.fillStyle = `oklch(${this.of(light)} ${this.of(strong)} ${item.hue})`;
      this.pen.fillRect(0, 0, 1, 1);
      this.known.set(key, `rgb(${[...this.pen.getImageData(0, 0, 1, 1).data].slice(0, 3).join(",")})`);
    }
    return this.known.get(key);
  },
};
