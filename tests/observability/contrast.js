// The lowest contrast (WCAG 2.2) of a page's texts against what is painted behind them, and what of its drawings.
// Returns {texts: number of texts looked at, worst: [[ratio, needed, text]…]}, the worst first.
const parse = (colour) => {
  const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
  return {r, g, b, a};
};
const over = (top, below) => ({
  r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a),
  b: top.b * top.a + below.b * (1 - top.a), a: 1,
});
const luminance = ({r, g, b}) => {
  const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ratio = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const behind = (element) => {
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.unshift(parse(getComputedStyle(e).backgroundColor));
  return layers.reduce((below, top) => over(top, below), {r: 255, g: 255, b: 255, a: 1});
};
document.querySelectorAll('details').forEach((e) => { e.open = true; });
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let texts = 0;
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.data.trim() || element.closest('svg') || element.closest('.unseen') || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const back = behind(element);
  texts += 1;
  found.push([ratio(over(parse(style.color), back), back), 4.5, node.data.trim().slice(0, 60)]);
}
for (const shape of document.querySelectorAll('.plot rect:not(.hit), .parts rect:not(.rest)')) {
  const back = behind(shape.closest('section'));
  found.push([ratio(over(parse(getComputedStyle(shape).fill), back), back), 3, 'drawn: ' + (shape.getAttribute('class') || 'bar')]);
}
found.sort((a, b) => a[0] / a[1] - b[0] / b[1]);
return {texts, worst: found.slice(0, 5)};
