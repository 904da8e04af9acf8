// Draws the grid as a real table, moves one tab stop with the arrow keys, and reports the choice.
// Data enters the page only as text (textContent, setAttribute), never as markup.
const VIRTUAL_FROM = 2000;
const OVERSCAN = 12;
const PAPER_COLUMNS = 16;
const PAGE = 10;
const THIN = 8;
const NONE = 255;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// The record of one cell, with its words: what the eye reads and what a screen reader says.
function cellOf(grid, r, c) {
  const { data, bytes } = grid;
  const at = (r * data.columns.length + c) * data.width;
  const [value, flags, low, high, count] = bytes.subarray(at, at + 5);
  const blocker = data.width > 5 ? bytes[at + 5] : 0;
  const thin = (flags & THIN) > 0;
  const band = value === NONE ? null : data.bands[flags & 7];
  const [, , one, many, thinWord, emptyWord] = data.words;
  const parts = [];
  if (band) parts.push(`${value} %`, band[0]);
  else parts.push(thin ? thinWord : emptyWord);
  if (count !== NONE && count > 0) {
    parts.push(count === 254 ? `254 or more ${many}` : `${count} ${count === 1 ? one : many}`);
  }
  if (low !== NONE && high !== NONE) parts.push(`between ${low} and ${high} %`);
  if (blocker) parts.push(`blocked by ${data.blockers[blocker - 1]}`);
  return {
    text: band ? String(value) : thin ? "?" : "–",
    label: `${data.rows[r][1]}, ${data.columns[c][1]}: ${parts.join(", ")}`,
    className: [
      "cell",
      band ? `s${band[2]}` : thin ? "thin" : "",
      band && (flags & 7) === 0 && data.bands.length > 1 ? "lowest" : "",
      blocker ? "blocked" : "",
    ].filter(Boolean).join(" "),
  };
}

function columnLabel(column) {
  const [, code, title, level, blockedBy] = column;
  return [title ? `${code}: ${title}` : code, level && `Bloom's level ${level}`, blockedBy && `blocked by ${blockedBy}`]
    .filter(Boolean).join(", ");
}

function headerCell(grid, c, forPaper) {
  const column = grid.data.columns[c];
  const [, code, title, level, blockedBy] = column;
  const th = make("th");
  th.scope = "col";
  const head = make("div", "head");
  const words = make("div", "words");
  words.append(make("span", "code", code), make("span", "title", title));
  if (blockedBy) words.append(make("span", "blocked-by", `blocked by ${blockedBy}`));
  head.append(words);
  if (level) head.append(make("span", "level", level.slice(0, 2)));
  th.append(head);
  if (!forPaper) {
    th.setAttribute("aria-label", columnLabel(column));
    place(th, -1, c);
  }
  return th;
}

function bodyRow(grid, r, columns, forPaper) {
  const tr = make("tr");
  const th = make("th", "", grid.data.rows[r][1]);
  th.scope = "row";
  if (!forPaper) {
    tr.setAttribute("aria-rowindex", r + 2);
    th.title = grid.data.rows[r][1];
    place(th, r, -1);
  }
  tr.append(th);
  for (const c of columns) {
    const cell = cellOf(grid, r, c);
    const td = make("td", cell.className, cell.text);
    if (!forPaper) {
      td.setAttribute("role", "gridcell");
      td.setAttribute("aria-label", cell.label);
      place(td, r, c);
    }
    tr.append(td);
  }
  return tr;
}

function place(node, r, c) {
  node.dataset.r = r;
  node.dataset.c = c;
  node.tabIndex = -1;
  node.setAttribute("aria-colindex", c + 2);
}

const LEVELS = ["Remember", "Understand", "Apply", "Analyze", "Evaluate", "Create"];

function drawLegend(grid) {
  const { data } = grid;
  const entry = (swatch, words) => {
    const li = make("li");
    li.append(swatch, make("span", "", words));
    return li;
  };
  const entries = data.bands.map(([word, from, step], i) => {
    const next = data.bands[i + 1];
    const range = next ? (i === 0 ? `under ${next[1]} %` : `${from} to ${next[1] - 1} %`) : `${from} % and over`;
    return entry(make("span", `swatch s${step}`), from === null ? word : `${word} (${range})`);
  });
  entries.push(entry(make("span", "swatch thin", "?"), data.words[4]));
  entries.push(entry(make("span", "swatch", "–"), data.words[5]));
  if (data.blockers.length) {
    entries.push(entry(make("span", "swatch blocked"), "a prerequisite is not yet mastered"));
  }
  const known = new Set(data.columns.map((column) => column[3]));
  const levels = LEVELS.filter((level) => known.has(level));
  for (const level of levels) entries.push(entry(make("span", "level", level.slice(0, 2)), level));
  // What the numbers in the cells are; where bands have ranges, these say it.
  const what = data.bands.every(([, from]) => from === null) && data.caption.split(": ")[1];
  if (what) entries.push(entry(make("span", "level", "%"), what));
  grid.legend.replaceChildren(...entries);
}

function drawTable(grid) {
  const { data, table } = grid;
  const all = [...data.columns.keys()];
  table.className = all.length <= 8 ? "few" : "";
  table.querySelector("caption").textContent = data.caption;
  table.setAttribute("aria-labelledby", "caption");
  table.setAttribute("aria-rowcount", data.rows.length + 1);
  table.setAttribute("aria-colcount", all.length + 1);
  const tr = make("tr");
  tr.setAttribute("aria-rowindex", 1);
  tr.append(make("td", "corner", data.words[0]), ...all.map((c) => headerCell(grid, c, false)));
  table.tHead.replaceChildren(tr);
  table.tBodies[0].replaceChildren();
  grid.drawn = new Map();
  grid.virtual = data.rows.length * data.columns.length > VIRTUAL_FROM;
  grid.rowHeight = 0;
  drawRows(grid);
  grid.scroll.style.scrollPadding = `${tr.offsetHeight + 4}px 8px 8px ${tr.cells[0].offsetWidth + 4}px`;
}

// Which rows stand in the document: all of a small grid; of a large one those near the window, and
// the one with the tab stop, so that scrolling away never drops the keyboard's place.
function wanted(grid) {
  const total = grid.data.rows.length;
  if (!grid.virtual) return [...Array(total).keys()];
  const { scroll, rowHeight } = grid;
  const first = rowHeight ? Math.max(0, Math.floor(scroll.scrollTop / rowHeight) - OVERSCAN) : 0;
  const seen = rowHeight ? Math.ceil(scroll.clientHeight / rowHeight) : 30;
  const rows = new Set();
  for (let r = first; r < Math.min(total, first + seen + 2 * OVERSCAN); r += 1) rows.add(r);
  if (grid.active[0] >= 0) rows.add(grid.active[0]);
  return [...rows].sort((a, b) => a - b);
}

function drawRows(grid) {
  const body = grid.table.tBodies[0];
  const rows = wanted(grid);
  const keep = new Set(rows);
  for (const [r, tr] of grid.drawn) {
    if (!keep.has(r)) { tr.remove(); grid.drawn.delete(r); }
  }
  body.querySelectorAll(".gap").forEach((gap) => gap.remove());
  const columns = [...grid.data.columns.keys()];
  // Rows already there are walked past, never moved: moving a node would blur it.
  let cursor = body.firstChild;
  let next = 0;
  for (const r of [...rows, grid.data.rows.length]) {
    if (r > next) body.insertBefore(gapRow(grid, r - next), cursor);
    if (r === grid.data.rows.length) break;
    if (grid.drawn.has(r)) cursor = grid.drawn.get(r).nextSibling;
    else {
      const tr = bodyRow(grid, r, columns, false);
      grid.drawn.set(r, tr);
      body.insertBefore(tr, cursor);
    }
    next = r + 1;
  }
  if (!grid.rowHeight && rows.length) {
    grid.rowHeight = grid.drawn.get(rows[0]).getBoundingClientRect().height;
    if (grid.rowHeight && grid.virtual) return drawRows(grid);
  }
  mark(grid);
}

function gapRow(grid, count) {
  const tr = make("tr", "gap");
  tr.setAttribute("aria-hidden", "true");
  const td = make("td");
  td.colSpan = grid.data.columns.length + 1;
  td.style.height = `${count * (grid.rowHeight || 30)}px`;
  tr.append(td);
  return tr;
}

function nodeAt(grid, [r, c]) {
  return grid.table.querySelector(`[data-r="${r}"][data-c="${c}"]`);
}

function idsAt(grid, [r, c]) {
  return [r < 0 ? null : grid.data.rows[r][0], c < 0 ? null : grid.data.columns[c][0]];
}

function same(a, b) {
  return Boolean(a && b) && a[0] === b[0] && a[1] === b[1];
}

// One tab stop, and the selected cell, expressed on the nodes that are drawn.
function mark(grid) {
  grid.table.querySelectorAll('[tabindex="0"]').forEach((node) => { node.tabIndex = -1; });
  const stop = nodeAt(grid, grid.active);
  if (stop) stop.tabIndex = 0;
  grid.table.querySelectorAll("[aria-selected]").forEach((node) => node.removeAttribute("aria-selected"));
  // A selection whose learner is not in this class right now marks nothing, and may come back.
  const [row, column] = grid.selected ?? [];
  const r = grid.data.rows.findIndex(([id]) => id === row);
  const c = grid.data.columns.findIndex(([id]) => id === column);
  if (same(idsAt(grid, [r, c]), grid.selected)) nodeAt(grid, [r, c])?.setAttribute("aria-selected", "true");
}

function goTo(grid, r, c) {
  const lastRow = grid.data.rows.length - 1;
  const lastColumn = grid.data.columns.length - 1;
  r = Math.max(-1, Math.min(lastRow, r));
  c = Math.max(-1, Math.min(lastColumn, c));
  if (r < 0 && c < 0) {
    if (grid.active[0] < 0) c = 0;
    else r = 0;
  }
  grid.active = [r, c];
  if (grid.virtual && r >= 0 && !grid.drawn.has(r)) {
    grid.scroll.scrollTop = Math.max(0, r * grid.rowHeight - grid.scroll.clientHeight / 2);
    drawRows(grid);
  } else mark(grid);
  nodeAt(grid, grid.active)?.focus();
}

function choose(grid, place) {
  const ids = place && idsAt(grid, place);
  grid.selected = !ids || same(ids, grid.selected) ? null : ids;
  mark(grid);
  grid.send(grid.selected);
}

function onKey(grid, event) {
  const [r, c] = grid.active;
  const far = event.ctrlKey || event.metaKey;
  const moves = {
    ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1],
    PageUp: [Math.max(r < 0 ? -1 : 0, r - PAGE), c], PageDown: [r + PAGE, c],
    Home: far ? [0, 0] : [r, -1], End: far ? [Infinity, Infinity] : [r, Infinity],
  };
  if (event.altKey || event.shiftKey) return;
  if (event.key in moves) goTo(grid, ...moves[event.key]);
  else if (event.key === "Enter" || event.key === " ") choose(grid, grid.active);
  else if (event.key === "Escape" && grid.selected) choose(grid, null);
  else return;
  event.preventDefault();
}

function placeOf(event) {
  const node = event.target.closest?.("[data-r]");
  return node ? [Number(node.dataset.r), Number(node.dataset.c)] : null;
}

// The label of what is pointed at or focused, for those who see: no need to decode the colours.
function readOut(grid, place) {
  const [r, c] = place;
  const { rows, columns } = grid.data;
  if (r >= 0 && c >= 0) grid.readout.textContent = cellOf(grid, r, c).label;
  else grid.readout.textContent = r >= 0 ? rows[r][1] : columnLabel(columns[c]);
}

// For paper: every row, in as many tables as the sheet's width asks for.
function drawPaper(grid) {
  const all = [...grid.data.columns.keys()];
  const tables = [];
  const share = Math.ceil(all.length / Math.ceil(all.length / PAPER_COLUMNS));
  for (let from = 0; from < all.length; from += share) {
    const part = all.slice(from, from + share);
    const table = make("table", all.length <= 8 ? "few" : "");
    const range = all.length > PAPER_COLUMNS ? `, columns ${from + 1} to ${from + part.length} of ${all.length}` : "";
    const head = make("tr");
    head.append(make("td", "corner", grid.data.words[0]), ...part.map((c) => headerCell(grid, c, true)));
    table.append(make("caption", "", grid.data.caption + range), make("thead"), make("tbody"));
    table.tHead.append(head);
    table.tBodies[0].append(...grid.data.rows.map((_, r) => bodyRow(grid, r, part, true)));
    tables.push(table);
  }
  grid.paper.replaceChildren(...tables);
}

function build(root) {
  const find = (selector) => root.querySelector(selector);
  const grid = {
    table: find("table"), scroll: find(".scroll"), legend: find(".legend"),
    readout: find(".readout"), paper: find(".paper"), active: [0, 0], selected: null,
  };
  grid.table.addEventListener("keydown", (event) => onKey(grid, event));
  grid.table.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (!place) return;
    goTo(grid, ...place);
    choose(grid, place);
  });
  grid.table.addEventListener("focusin", (event) => {
    const place = placeOf(event);
    if (!place) return;
    grid.active = place;
    mark(grid);
    readOut(grid, place);
  });
  grid.table.addEventListener("mouseover", (event) => {
    const place = placeOf(event);
    if (place) readOut(grid, place);
  });
  let frame = 0;
  grid.scroll.addEventListener("scroll", () => {
    if (!grid.virtual || frame) return;
    frame = requestAnimationFrame(() => { frame = 0; drawRows(grid); });
  });
  const print = matchMedia("print");
  const onPrint = () => drawPaper(grid);
  const onMedia = () => (print.matches ? drawPaper(grid) : grid.paper.replaceChildren());
  addEventListener("beforeprint", onPrint);
  print.addEventListener("change", onMedia);
  grid.leave = () => {
    removeEventListener("beforeprint", onPrint);
    print.removeEventListener("change", onMedia);
  };
  return grid;
}

const grids = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const frame = parentElement.querySelector(".frame");
  const grid = grids.get(frame) ?? build(frame);
  grids.set(frame, grid);
  grid.send = (selected) => setStateValue("selected", selected);
  const signature = JSON.stringify(data);
  if (signature === grid.signature) return grid.leave;
  const focused = grid.signature && grid.table.contains(parentElement.activeElement);
  const stood = grid.signature && idsAt(grid, grid.active);
  grid.signature = signature;
  grid.data = data;
  grid.bytes = Uint8Array.from(atob(data.cells), (character) => character.charCodeAt(0));
  // After new data the tab stop stays with the same learner and competency where they remain.
  const rowOf = new Map(data.rows.map((row, r) => [row[0], r]));
  const columnOf = new Map(data.columns.map((column, c) => [column[0], c]));
  grid.active = stood
    ? [stood[0] === null ? -1 : rowOf.get(stood[0]) ?? 0, stood[1] === null ? -1 : columnOf.get(stood[1]) ?? 0]
    : [0, 0];
  drawLegend(grid);
  drawTable(grid);
  grid.readout.textContent = "Move with the arrow keys; Enter opens a cell, a learner or a column.";
  if (focused) nodeAt(grid, grid.active)?.focus();
  return grid.leave;
}
