const NUMBER = /^[-+]?[\d,]*\.?\d+( %)?$/;
const NONE = /^(–|not shown)?$/; // among numbers: it stands in their column as they do

function make(tag, text, scope) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (scope) node.scope = scope;
  return node;
}

export default function ({ data, parentElement }) {
  const { head, rows, caption } = data;
  const numeric = head.map((_, c) =>
    rows.some((row) => NUMBER.test(row[c])) &&
    rows.every((row) => NUMBER.test(row[c]) || NONE.test(row[c])));
  const table = document.createElement("table");
  const top = table.createTHead().insertRow();
  top.append(...head.map((text) => make("th", text, "col")));
  const body = table.createTBody();
  for (const row of rows) {
    const tr = body.insertRow();
    tr.append(...row.map((text, c) => (c === 0 ? make("th", text, "row") : make("td", text))));
  }
  for (const tr of table.rows) {
    [...tr.cells].forEach((cell, c) => { if (numeric[c] && c > 0) cell.className = "number"; });
  }
  table.prepend(make("caption", caption));
  const frame = document.createElement("div");
  frame.className = "frame";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", caption);
  frame.append(table);
  const old = parentElement.querySelector(".frame");
  if (old) old.replaceWith(frame);
  else parentElement.append(frame);
}
