// What is known about one item: its key phrases, sentences with their sources, what is below it and what is near.

const detail = {
  host: document.getElementById("detail"),
  status: document.querySelector(".spoken"),
  FIRST: 40,

  show(item) {
    const facts = item.level === "document" ? this.document(item) : this.counts(item);
    const dot = make("span", { class: item === root ? "dot none" : "dot" });
    this.host.style.setProperty("--hue", item.hue);
    this.status.textContent = `${item.name}, ${item.level}, ${facts}`; // all of it would be too much to hear at each step
    this.host.replaceChildren(
      make("p", { class: "level" }, dot, item.level),
      make("h2", { dir: "auto" }, item.name),
      make("p", { class: "facts" }, facts),
      item.path ? make("p", { class: "file" }, item.path) : "",
      item === root ? make("p", { class: "hint" }, "Open a field of the tree, or a point of the map or graph, to see what is in it. Arrow keys move, / searches.") : "",
      this.keys(item),
      ...item.summary.map((quote) => this.quote(quote, item)),
      this.section(MANY[item.topics[0]?.level], item.topics, (child) => this.share(child, item)),
      this.section("documents", item.children.filter((child) => child.level === "document"), (child) => this.row(child, this.pages(child))),
      this.section("also in", item.also.map(([i, weight]) => [items[i], weight]), ([other, weight]) => this.row(other, this.percent(weight))),
      this.section("related", item.related.map(([i, weight]) => [items[i], weight]), ([other, weight]) => this.row(other, this.percent(weight), true)),
    );
  },

  counts(item) {
    const below = { category: 0, entity: 0 };
    const walk = (node) => node.topics.forEach((child) => { if (child.level in below) below[child.level]++; walk(child); });
    walk(item);
    const parts = Object.entries(below).filter(([, count]) => count).map(([level, count]) => plural(count, level, MANY[level]));
    if (item.confidence !== undefined) parts.push(`confidence ${this.percent(item.confidence)}`);
    return [plural(item.count, "document"), ...parts].join(" · ");
  },
  document(item) {
    const parts = [item.authors?.join(", "), item.year, this.pages(item), item.language];
    return parts.filter(Boolean).join(" · ");
  },
  pages: (item) => (item.pages ? plural(item.pages, "page") : ""),
  percent: (weight) => `${Math.round(weight * 100)} %`,

  keys(item) {
    if (!item.keyphrases.length) return "";
    const chips = item.keyphrases.map((phrase) => {
      const chip = make("button", { type: "button", title: "Search for this" }, phrase);
      chip.addEventListener("click", () => search.ask(phrase));
      return make("li", {}, chip);
    });
    return make("ul", { class: "keys", "aria-label": "Key phrases" }, ...chips);
  },

  quote({ text, document: at, page }, item) {
    const source = at === null ? null : items[at], where = page === null ? "" : `p. ${page}`;
    const footer = make("footer", {});
    if (source && source !== item) footer.append(make("a", { href: link(source) }, source.name), where && `, ${where}`);
    else footer.append(where);
    return make("blockquote", { dir: "auto" }, text, footer);
  },

  section(title, rows, draw) {
    if (!rows.length) return "";
    const list = make("ul", { class: "list" }, ...rows.slice(0, this.FIRST).map((row) => make("li", {}, draw(row))));
    const part = make("section", {}, make("h3", {}, title, make("span", {}, rows.length.toLocaleString("en"))), list);
    if (rows.length > this.FIRST) {
      const rest = make("button", { type: "button", class: "rest" }, `Show all ${rows.length.toLocaleString("en")}`);
      rest.addEventListener("click", () => {
        list.append(...rows.slice(this.FIRST).map((row) => make("li", {}, draw(row))));
        rest.remove();
        list.children[this.FIRST].firstElementChild.focus({ preventScroll: true });
      });
      part.append(rest);
    }
    return part;
  },

  row(item, note, placed = false) {
    const row = make("a", { href: link(item) }, make("b", { dir: "auto" }, item.name), make("small", {}, note));
    if (placed && item.parent !== root) row.append(make("em", {}, item.parent.name));
    return row;
  },

  share(item, whole) {
    const row = this.row(item, item.count.toLocaleString("en")), bar = make("i"), share = make("span", { class: "share" }, bar);
    row.style.setProperty("--hue", item.hue);
    bar.style.width = `${(100 * item.count) / Math.max(...whole.topics.map((child) => child.count))}%`;
    const below = item.topics.length > 1 ? item.topics.map((child) => child.name) : item.keyphrases.slice(0, 5);
    if (below.length) row.append(make("em", {}, below.join(" · ")));
    row.append(share);
    if (whole === root && item.summary.length) row.append(make("q", { dir: "auto" }, item.summary[0].text));
    return row;
  },
};
