// Search over names, titles and key phrases, as one types.

const search = {
  box: document.getElementById("query"),
  list: document.getElementById("results"),
  plain: (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase(),
  LIMIT: 40,
  index: null,
  active: -1,

  // Whole name, then its beginning, then a word's beginning, then anywhere; key phrases last; nodes before documents.
  find(query) {
    this.index ??= items.map((item) => ({ item, name: this.plain(item.name), keys: this.plain(item.keyphrases.join("\n")) }));
    const words = this.plain(query).split(/\s+/).filter(Boolean);
    const text = words.join(" "), found = [];
    for (const { item, name, keys } of this.index) {
      if (!words.every((word) => name.includes(word) || keys.includes(word))) continue;
      const rank = name === text ? 0 : name.startsWith(text) ? 1 : ` ${name}`.includes(` ${text}`) ? 2 : words.every((word) => name.includes(word)) ? 3 : 4;
      found.push({ item, rank: rank * 2 + (item.level === "document" ? 1 : 0) });
    }
    return words.length ? found.sort((a, b) => a.rank - b.rank).map((hit) => hit.item) : [];
  },

  show() {
    const query = this.box.value.trim(), found = this.find(query);
    const rows = found.slice(0, this.LIMIT).map((item, i) => {
      const dot = make("span", { class: "dot" });
      dot.style.setProperty("--hue", item.hue);
      const below = item.level === "document" ? item.parent.name : item.keyphrases.join(" · ");
      const row = make("a", { href: link(item), role: "option", id: `hit-${i}`, tabindex: "-1", "aria-selected": "false" },
        dot, make("b", { dir: "auto" }, item.name), make("small", {}, item.level), below ? make("em", {}, below) : "");
      row.addEventListener("click", () => this.close());
      return row;
    });
    if (found.length > rows.length) rows.push(make("p", { class: "more" }, `and ${plural(found.length - this.LIMIT, "more", "more")}; type on to narrow it down`));
    if (!found.length) rows.push(make("p", { class: "more" }, "Nothing has this in its name or key phrases."));
    this.list.replaceChildren(...rows);
    this.list.hidden = !query;
    this.box.setAttribute("aria-expanded", String(!!query));
    this.choose(found.length ? 0 : -1);
  },

  choose(at) {
    const rows = this.list.querySelectorAll("a");
    this.active = rows.length ? (at + rows.length) % rows.length : -1;
    rows.forEach((row, i) => row.setAttribute("aria-selected", String(i === this.active)));
    if (this.active < 0) this.box.removeAttribute("aria-activedescendant");
    else { this.box.setAttribute("aria-activedescendant", `hit-${this.active}`); rows[this.active].scrollIntoView({ block: "nearest" }); }
  },

  close() {
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  },

  ask(text) {
    this.box.value = text;
    this.box.focus();
    this.show();
  },

  key(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); this.choose(this.active + (event.key === "ArrowDown" ? 1 : -1)); }
    else if (event.key === "Enter" && this.active >= 0 && !this.list.hidden) this.list.querySelectorAll("a")[this.active].click();
    else if (event.key === "Escape") { this.box.value = ""; this.close(); this.box.blur(); }
  },
};
search.box.addEventListener("input", () => search.show());
search.box.addEventListener("focus", () => { if (search.box.value.trim()) search.show(); });
search.box.addEventListener("keydown", (event) => search.key(event));
document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".search")) search.close(); });
document.querySelector(".search").addEventListener("focusout", (event) => { if (!event.relatedTarget?.closest(".search")) search.close(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input")) { event.preventDefault(); search.box.select(); search.box.focus(); }
});
