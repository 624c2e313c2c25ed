// Questions: the address after # holds what is asked, so that links, Back and bookmarks work. Text reaches the page as text only.

const asking = {
  box: make("input", { type: "search", id: "question", placeholder: "Ask the documents a question", "aria-label": "Ask the documents a question", autocomplete: "off", maxlength: "4000", enterkeyhint: "search" }),
  only: make("input", { type: "checkbox" }),
  branch: make("b", { dir: "auto" }),
  host: make("section", { id: "asked", "aria-live": "polite", "aria-label": "The answer" }),
  CERTAIN: { yes: "Answered by the documents", perhaps: "Perhaps answered by the documents", no: "Probably not answered by the documents" },
  turn: 0,

  place() {
    this.scope = make("label", { class: "scope", hidden: "" }, this.only, "only in ", this.branch);
    this.form = make("form", { id: "ask" }, make("div", {}, this.box, make("button", { type: "submit" }, "Ask")), this.scope);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.to(this.box.value, this.only.checked ? this.scoped.id : ""); });
    document.querySelector("header").after(this.form, this.host);
  },

  address(question, under = "", level = "") {
    const fields = new URLSearchParams({ ask: question });
    if (under) fields.set("under", under);
    if (level) fields.set("level", level);
    return `#${fields}`;
  },
  to(question, under) {
    if (!question.trim()) return this.box.focus();
    const address = this.address(question.trim(), under);
    if (location.hash === address) this.follow(); else location.hash = address;
  },

  follow() {
    const wanted = new URLSearchParams(location.hash.slice(1)), question = wanted.get("ask"), under = wanted.get("under") ?? "";
    const turn = ++this.turn, asked = question !== null, chosen = byId.get(wanted.get("node") ?? under);
    document.body.classList.toggle("asking", asked);
    reader.close();
    this.scoped = chosen?.id ? chosen : null;
    this.scope.hidden = !this.scoped;
    this.branch.textContent = this.scoped?.name ?? "";
    this.only.checked = asked && !!under;
    if (!asked) { this.sources(chosen); return; }
    this.box.value = question;
    this.host.replaceChildren(make("p", { class: "facts" }, "Looking …"));
    scrollTo(0, 0);
    this.answer(turn, question, under, wanted.get("level") ?? "");
  },

  async answer(turn, question, under, level) {
    try {
      const reply = await (await reader.ask(`/ask?${new URLSearchParams({ q: question, under, level })}`)).json();
      if (turn === this.turn) this.draw(reply, under, level);
    } catch (error) {
      if (turn === this.turn) this.host.replaceChildren(this.heading(question), make("p", { class: "trouble", role: "alert" }, error.message));
    }
  },

  draw(reply, under, level) {
    const sources = [...reply.answer.citations, ...reply.hits.filter((hit) => hit.document).map((hit) => this.passage(hit))];
    const sure = reply.certain === "no" ? 1 - reply.confidence : reply.confidence;
    this.host.replaceChildren(
      this.heading(reply.query),
      reply.read_as ? make("p", { class: "read-as", dir: "auto" }, `Read as: ${reply.read_as}`) : "",
      make("p", { class: `level ${reply.certain}` }, make("span", { class: "sure" }), `${this.CERTAIN[reply.certain]}, ${detail.percent(Math.min(sure, 0.99))} sure`),
      ...this.lines(reply),
      this.heights(reply, under, level),
      make("h3", {}, "Found", make("span", {}, `${reply.hits.length} in ${Math.round(reply.milliseconds)} ms`)),
      make("ol", { class: "hits" }, ...reply.hits.map((hit) => make("li", {}, ...this.hit(hit)))),
    );
    if (reply.certain !== "no" && sources.length && matchMedia("(min-width: 861px)").matches) reader.open(sources[0]);
  },

  heading: (question) => make("h2", { dir: "auto" }, question),

  // The answer's lines: a quotation has its source after it, a node is a link to its place in the tree.
  lines(reply) {
    const citations = [...reply.answer.citations];
    return reply.answer.text.split("\n").map((line) => {
      const said = citations.length ? `“${citations[0].text.split(/\s+/).filter(Boolean).join(" ")}”` : null;
      if (said !== null && line.startsWith(said)) {
        const source = this.source(line.slice(said.length).trim().replace(/^\((.*)\)$/s, "$1"), citations.shift());
        return make("blockquote", { dir: "auto" }, said.slice(1, -1), make("footer", {}, source));
      }
      const node = reply.hits.find((hit) => hit.documents && line.startsWith(`${hit.name} (${hit.level}, `));
      if (!node) return make("p", { class: "said", dir: "auto" }, line);
      return make("p", { class: "said node", dir: "auto" }, make("a", { href: `#node=${node.id}` }, node.name), line.slice(node.name.length));
    });
  },

  source(name, place) {
    const button = make("button", { type: "button", class: "source", dir: "auto" }, name);
    button.addEventListener("click", () => reader.open(place, button));
    return button;
  },

  // At which heights it was answered; each asks again at that height alone.
  heights(reply, under, level) {
    const links = reply.routing.map(({ level: name, weight }) => make("a", { href: this.address(reply.query, under, name), title: "Ask at this height alone" }, name, weight < 0.005 ? "" : make("small", {}, detail.percent(weight))));
    if (level) links.push(make("a", { href: this.address(reply.query, under), class: "auto" }, "at any height"));
    if (under) links.push(make("a", { href: this.address(reply.query, "", level), class: "auto" }, "in the whole collection"));
    const why = make("details", {}, make("summary", {}, "Why"), ...reply.reasons.map((reason) => make("p", { dir: "auto" }, reason)));
    return make("div", { class: "heights" }, make("span", {}, "Asked at the height of"), ...links, reply.reasons.length ? why : "");
  },

  hit(hit) {
    const item = byId.get(hit.document?.id ?? hit.id), dot = make("span", { class: item ? "dot" : "dot none" });
    if (item) dot.style.setProperty("--hue", item.hue);
    const above = item ? item.above.slice(1).map((node) => make("a", { href: link(node), dir: "auto" }, node.name)) : hit.path;
    const path = make("nav", { class: "path", "aria-label": "Place in the tree" }, ...above.flatMap((step, i) => (i ? [make("i", { "aria-hidden": "true" }, "›"), step] : [step])));
    const where = hit.document ? [hit.document.title, hit.page && `p. ${hit.page}`].filter(Boolean).join(", ") : plural(hit.documents.length, "document");
    const title = hit.document ? this.source(where, this.passage(hit)) : make("a", { href: `#node=${hit.id}`, class: "source", dir: "auto" }, hit.name);
    const section = hit.document && hit.name !== hit.document.title ? ` · ${hit.name}` : hit.document ? "" : ` · ${where}`;
    return [make("p", { class: "level" }, dot, hit.level), title, make("span", { class: "section", dir: "auto" }, section), make("p", { class: "text", dir: "auto" }, this.said(hit)), path];
  },

  // A passage begins with its heading, which is told already.
  said: ({ name, text, document: source }) => (source && text !== name && text.startsWith(`${name}\n`) ? text.slice(name.length) : text).trim(),

  // Where a hit stands; of a document that stands for several passages, the first of these.
  passage: ({ document: { id }, page, start, end, text }) => ({ document: id, page, start, end: Math.min(end, start + text.split("\n…\n")[0].length) }),

  // Where one document is looked at, its text and its original.
  sources(item) {
    if (item?.level !== "document") return;
    const read = make("button", { type: "button", class: "rest" }, "Read it here");
    read.addEventListener("click", () => reader.open({ document: item.id }, read));
    [...document.querySelectorAll("#detail .facts, #detail .file")].at(-1).after(read);
  },
};

asking.place();
addEventListener("hashchange", () => asking.follow());
// In the box that searches names, what is no name is asked; it is known before the box itself has the key.
document.querySelector(".search").addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.key !== "Enter" || event.isComposing || box.hasAttribute("aria-activedescendant") || !box.value.trim()) return;
  document.getElementById("results").hidden = true;
  asking.to(box.value, "");
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.target.closest("input")) return;
  event.preventDefault();
  asking.box.select();
  asking.box.focus();
});
asking.follow();
