// Where a passage stands: the page of its PDF with the passage marked, or the text around it. Beside the rest of the page.

const reader = {
  host: make("aside", { id: "reader", tabindex: "-1", "aria-label": "The source", hidden: "" }),
  turn: 0, // of what was asked for last: what comes later than that is not shown
  opener: null,
  narrow: matchMedia("(max-width: 860px)"),

  // `place`: document (its id), page, start, end; the last three are those of a passage or a sentence.
  async open(place, opener = null) {
    const turn = ++this.turn, { document: id, start = 0 } = place;
    this.opener = opener;
    this.host.hidden = false;
    document.body.classList.add("reading");
    this.cover();
    try {
      const found = await this.ask(`/passages/${id}?at=${start}`);
      const facts = await found.json();
      if (turn !== this.turn) return;
      this.facts = facts;
      this.place = { end: start, ...place, start, page: place.page ?? facts.passages[0]?.page ?? 1 };
      this.frame();
      if (facts.pages) await this.page(this.place.page, true);
      else this.text();
    } catch (error) {
      if (turn === this.turn) this.host.replaceChildren(this.bar(), make("p", { class: "trouble", role: "alert" }, error.message));
    }
    if (opener) this.host.focus({ preventScroll: true });
  },

  close() {
    this.turn++;
    this.host.hidden = true;
    document.body.classList.remove("reading");
    this.cover();
    this.opener?.focus();
    this.opener = null;
  },

  // On a phone it lies over the rest of the page, where the focus must not go.
  cover() {
    for (const one of document.body.children) one.inert = one !== this.host && this.narrow.matches && !this.host.hidden;
  },

  async ask(address) {
    let reply;
    try { reply = await fetch(address); } catch { throw new Error("The server does not answer; is shas-kb serve still running?"); }
    if (!reply.ok) throw new Error((await reply.text()).trim() || reply.statusText);
    return reply;
  },

  bar(...more) {
    const close = make("button", { type: "button", class: "close", "aria-label": "Close the source" }, "×");
    close.addEventListener("click", () => this.close());
    return make("div", { class: "bar" }, ...more, close);
  },

  frame() {
    const { document: source, pages } = this.facts, name = source.path.split("/").at(-1).split(/\s+/).filter(Boolean).join(" ");
    this.original = make("a", { class: "original", target: "_blank", rel: "noopener", "data-file": `/document/${source.id}/${encodeURIComponent(name)}` }, "Open the original");
    this.body = make("div", { class: "sheet" });
    this.tabs = ["Page", "Text"].map((name) => make("button", { type: "button" }, name));
    this.tabs[0].addEventListener("click", () => this.page(this.place.page));
    this.tabs[1].addEventListener("click", () => this.text());
    this.turning = [["‹", "Page before", -1], ["›", "Next page", 1]].map(([sign, name, by]) => {
      const button = make("button", { type: "button", "aria-label": name }, sign);
      button.addEventListener("click", () => this.page(this.place.page + by));
      return button;
    });
    this.number = make("span", { "aria-live": "polite" });
    this.pager = make("div", { class: "pager" }, this.turning[0], this.number, this.turning[1]);
    const title = byId.has(source.id) ? make("a", { href: link(byId.get(source.id)), dir: "auto" }, source.title) : source.title;
    this.host.replaceChildren(
      this.bar(pages ? make("div", { class: "tabs", role: "group", "aria-label": "Shown as" }, ...this.tabs) : "", pages ? this.pager : ""),
      make("h2", { dir: "auto" }, title), make("p", { class: "file" }, source.path, " · ", this.original), this.body);
  },

  mark(shown) {
    this.tabs.forEach((tab) => tab.setAttribute("aria-pressed", String(tab.textContent === shown)));
    this.pager.hidden = shown !== "Page";
    const paged = shown === "Page" && this.facts.pages;
    this.original.href = this.original.dataset.file + (paged ? `#page=${this.place.page}` : "");
  },

  // At first the page on which the passage begins, or the next one where the passage is found only there.
  async page(number, first = false) {
    const turn = ++this.turn, { document: id, start, end } = this.place, last = this.facts.pages;
    if (number < 1 || number > last) return;
    try {
      const drawn = (page) => this.ask(`/page/${id}/${page}.png?start=${start}&end=${end}`), marks = (reply) => Number(reply.headers.get("X-Marks"));
      let reply = await drawn(number);
      if (first && end > start && !marks(reply) && number < last) {
        const next = await drawn(number + 1);
        if (marks(next)) [reply, number] = [next, number + 1];
      }
      const picture = await reply.blob();
      if (turn !== this.turn) return;
      this.place.page = number;
      this.number.textContent = `${number} of ${last}`;
      this.turning.forEach((button, i) => { button.disabled = number === (i ? last : 1); });
      this.mark("Page");
      const image = make("img", { alt: `Page ${number} of ${this.facts.document.title}${marks(reply) ? ", with the passage marked" : ""}`, src: URL.createObjectURL(picture), "data-marks": marks(reply) });
      image.addEventListener("load", () => URL.revokeObjectURL(image.src));
      this.body.replaceChildren(image);
    } catch (error) {
      if (turn === this.turn) this.text(error.message);
    }
  },

  text(trouble = "") {
    this.turn++;
    this.mark("Text");
    const more = (name, at, put) => {
      const button = make("button", { type: "button", class: "rest" }, name);
      button.addEventListener("click", async () => {
        const turn = this.turn, here = this.facts.passages;
        try {
          const { passages, ...found } = await (await this.ask(`/passages/${this.place.document}?at=${at()}`)).json();
          if (turn !== this.turn) return;
          const { scrollTop, scrollHeight } = this.host;
          put(passages.filter((one) => one.start < here[0].start || one.end > here.at(-1).end), found);
          this.text(trouble);
          // what was read stays where it is
          this.host.scrollTop = scrollTop + (name === "Earlier" ? this.host.scrollHeight - scrollHeight : 0);
          ([...this.body.querySelectorAll(".rest")].find((other) => other.textContent === name) ?? this.host).focus({ preventScroll: true });
        } catch (error) {
          if (turn !== this.turn) return;
          this.text(error.message);
          this.body.firstElementChild.scrollIntoView({ block: "center" });
        }
      });
      return button;
    };
    const earlier = more("Earlier", () => Math.max(0, this.facts.passages[0].start - 1), (fresh, found) => { this.facts.passages.unshift(...fresh); this.facts.more_before = found.more_before; });
    const later = more("Go on", () => this.facts.passages.at(-1).end, (fresh, found) => { this.facts.passages.push(...fresh); this.facts.more_after = found.more_after; });
    this.body.replaceChildren(
      trouble && make("p", { class: "trouble", role: "alert" }, trouble),
      this.facts.more_before ? earlier : "",
      ...this.facts.passages.flatMap((one) => this.passage(one)),
      this.facts.more_after ? later : "");
    this.body.querySelector("mark")?.scrollIntoView({ block: "center" });
  },

  // A passage that begins a section begins with its heading.
  passage({ text, start, section }) {
    const head = section && text.startsWith(`${section}\n`) ? section.length : 0, rest = text.slice(head).trimStart();
    const heading = head ? make("h3", { dir: "auto" }, ...this.marked(section, start)) : "";
    return [heading, make("p", { class: "text", dir: "auto" }, ...this.marked(rest, start + text.length - rest.length))];
  },

  marked(text, start) {
    const from = Math.max(0, Math.min(text.length, this.place.start - start));
    const to = Math.max(from, Math.min(text.length, this.place.end - start));
    return from === to ? [text] : [text.slice(0, from), make("mark", {}, text.slice(from, to)), text.slice(to)];
  },

  key(event) {
    if (!this.pager?.hidden && this.facts?.pages && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      this.page(this.place.page + (event.key === "ArrowRight" ? 1 : -1));
    }
  },
};
reader.host.addEventListener("keydown", (event) => reader.key(event));
// An answer opens its source and leaves the focus where it is; in the search for names Escape closes what that found.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || reader.host.hidden || event.target.closest(".search")) return;
  event.preventDefault();
  reader.close();
});
reader.narrow.addEventListener("change", () => reader.cover());
document.body.append(reader.host);
