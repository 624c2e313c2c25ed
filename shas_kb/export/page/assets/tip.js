// The name of what the pointer is over, beside it.

const tip = {
  host: document.getElementById("tip"),

  show(item, x, y) {
    this.host.hidden = false;
    this.host.replaceChildren(make("span", { dir: "auto" }, item.name), make("small", {}, item.parent === root ? item.level : item.parent.name));
    const { offsetWidth: w, offsetHeight: h, parentElement: stage } = this.host;
    this.host.style.left = `${Math.max(6, Math.min(stage.clientWidth - w - 6, x - w / 2))}px`;
    this.host.style.top = `${y + 16 + h > stage.clientHeight ? y - 14 - h : y + 14}px`;
  },

  hide() { this.host.hidden = true; },
};
