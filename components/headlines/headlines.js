const SVG = "http://www.w3.org/2000/svg";

const make = (name, text, kind) => {
  const node = document.createElement(name);
  if (text) node.textContent = text;
  if (kind) node.className = kind;
  return node;
};

const draw = (name, attributes) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

function trend(card) {
  const known = card.trend.map((week, i) => week && [i, ...week]).filter(Boolean);
  if (known.length < 2) return null;
  const low = Math.min(...known.map(([, value, margin]) => value - margin));
  const high = Math.max(...known.map(([, value, margin]) => value + margin));
  const x = (i) => ((i / Math.max(card.trend.length - 1, 1)) * 84 + 2).toFixed(1);
  const y = (value) => (34 - ((value - low) / (high - low || 1)) * 30).toFixed(1);
  const svg = draw("svg", { role: "img", "aria-label": card.alt, width: 88, height: 36,
    viewBox: "0 0 88 36" });
  const upper = known.map(([i, value, margin]) => `${x(i)},${y(value + margin)}`);
  const lower = known.map(([i, value, margin]) => `${x(i)},${y(value - margin)}`).reverse();
  svg.append(draw("path", { class: "band", d: `M${[...upper, ...lower].join("L")}Z` }));
  svg.append(draw("path", { class: "line",
    d: `M${known.map(([i, value]) => `${x(i)},${y(value)}`).join("L")}` }));
  const [i, value] = known.at(-1);
  svg.append(draw("circle", { cx: x(i), cy: y(value), r: 3 }));
  return svg;
}

function one(card) {
  const item = make("li");
  item.append(make("h3", card.title));
  const row = make("div", "", "row");
  const value = make("span", card.value, card.margin ? "value" : "value none");
  if (card.margin) value.append(make("small", card.margin));
  row.append(value);
  const drawn = trend(card);
  if (drawn) row.append(drawn);
  item.append(row);
  if (card.change) item.append(make("span", card.change, `change ${card.tone}`));
  const details = make("details");
  details.append(make("summary", "What this means"), make("p", card.definition));
  item.append(details);
  return item;
}

export default function ({ data, parentElement }) {
  const list = make("ul");
  list.append(...data.cards.map(one));
  const old = parentElement.querySelector("ul");
  if (old) old.replaceWith(list);
  else parentElement.append(list);
}
