"""How far words stand out from their ground (WCAG 2.2, 1.4.3), as a page is drawn."""

FAINT = """
(() => {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  const read = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, part, ground) => ground.map((value, i) => top[i] * part + value * (1 - part));
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const around = (element) => (element ? [...around(element.parentElement), element] : []);
  const ratio = (holder) => {
    let ground = [255, 255, 255], solid = 1;
    for (const style of around(holder).map((element) => getComputedStyle(element))) {
      const colour = read(style.backgroundColor);
      ground = over(colour, colour[3] / 255, ground);
      solid *= style.opacity;
    }
    const written = light(over(read(getComputedStyle(holder).color), solid, ground)), under = light(ground);
    return (Math.max(written, under) + 0.05) / (Math.min(written, under) + 0.05);
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = [];
  while (words.nextNode()) {
    const text = words.currentNode.textContent.trim(), holder = words.currentNode.parentElement;
    if (text && !holder.closest("script, style, noscript") && holder.checkVisibility() && ratio(holder) < 4.5)
      faint.push([text, ratio(holder)]);
  }
  return faint;
})()
"""
"""An expression: the words that are written more faintly than 4.5 to 1, and how faintly."""
