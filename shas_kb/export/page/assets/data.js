"use strict";
// The data of the page as one tree of items: a root, nodes, documents. Text reaches the page as text only, never as markup.

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const data = JSON.parse(document.getElementById("data").textContent);

class Item {
  constructor(fields) { Object.assign(this, { children: [], keyphrases: [], summary: [], related: [], also: [], count: 1 }, fields); }
  get above() { return this.parent ? [...this.parent.above, this.parent] : []; }
  get topics() { return this.children.filter((item) => item.level !== "document"); }
  within(item) { return this === item || (!!this.parent && this.parent.within(item)); }
}

const root = new Item({ id: "", level: "collection", name: "Overview" });
const items = [...data.nodes, ...data.documents].map((fields) => new Item(fields));
const documents = items.slice(data.nodes.length);
const byId = new Map([["", root]]);
for (const item of items) {
  item.parent = item.parent === null ? root : items[item.parent];
  item.parent.children.push(item);
  byId.set(item.id, item);
}
root.count = root.children.reduce((sum, item) => sum + item.count, 0);

// One hue for each domain (or, where there is only one, for each of its parts): distinct ones first, then the golden angle.
const HUES = [255, 55, 155, 350, 205, 100, 300, 25];
let coloured = root;
while (coloured.topics.length === 1 && coloured.topics[0].topics.length) coloured = coloured.topics[0];
const paint = (item, hue) => { item.hue = hue; for (const child of item.children) paint(child, hue); };
paint(root, HUES[0]);
coloured.children.forEach((item, i) => paint(item, HUES[i] ?? (i * 137.508) % 360));

const link = (item) => (item.id ? `#node=${item.id}` : "#");
const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
const MANY = { domain: "domains", category: "categories", entity: "entities", document: "documents" };

// What an arrow key leads to: a sibling, the parent, the first child.
const beside = (item, key) => {
  const row = item.parent?.children ?? [item], at = row.indexOf(item);
  return { ArrowRight: row[at + 1], ArrowLeft: row[at - 1], ArrowUp: item.parent, ArrowDown: item.children[0] }[key];
};
