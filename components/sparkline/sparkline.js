const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement }) {
  const { values, alt } = data;
  const most = Math.max(...values, 1);
  const svg = document.createElementNS(SVG, "svg");
  const width = values.length * 8;
  const set = (node, attributes) => {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  set(svg, { role: "img", "aria-label": alt, viewBox: `0 0 ${width} 32`, width, height: 32 });
  values.forEach((value, i) => {
    const height = Math.max(1.5, (value / most) * 30);
    const bar = document.createElementNS(SVG, "rect");
    set(bar, { x: i * 8, y: 32 - height, width: 6, height, rx: 1 });
    if (i === values.length - 1) bar.setAttribute("class", "last");
    svg.append(bar);
  });
  const old = parentElement.querySelector("svg");
  if (old) old.replaceWith(svg);
  else parentElement.append(svg);
}
