// Arrays as heat maps on a canvas: blue below zero, vermilion above, zero always white.

const NEGATIVE = [0, 84, 159],
  POSITIVE = [204, 76, 2]; // told apart by every kind of colour blindness
const LIT_FROM = "#111",
  LIT_TO = "#7a3db8",
  WRONG = "#c8102e";

function colour(x, largest, strength = 1) {
  if (!Number.isFinite(x)) return "#eee";
  const t = largest ? strength * Math.min(1, Math.abs(x) / largest) ** 0.8 : 0;
  const end = x < 0 ? NEGATIVE : POSITIVE;
  return `rgb(${end.map((c) => Math.round(255 + (c - 255) * t)).join(",")})`;
}

// Four digits that count, with a real minus.
function show(x, digits = 4) {
  if (x === null || x === undefined) return "—";
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  let text;
  if (size >= 1e5 || size < 1e-4) {
    const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
    const raised = String(Number(exponent)).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
    text = mantissa.replace(/\.?0+$/, "") + "·10" + raised;
  } else text = String(Number(size.toPrecision(digits)));
  return (x < 0 ? "−" : "") + text;
}

function inCell(x, width) {
  if (!Number.isFinite(x)) return "";
  const size = Math.abs(x);
  let text = size >= 100 ? size.toFixed(0) : size >= 10 ? size.toFixed(1) : size.toFixed(2);
  if (size < 10) text = text.replace(/^0\./, ".");
  if (size && Number(text) === 0) {
    text = size.toExponential(0).replace("e-", "e−");
    if (width < 34) text = "·";
  }
  return (x < 0 ? "−" : "") + text;
}

function largestOf(array) {
  let largest = 0;
  for (const x of array.data) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  return largest;
}

// One panel: a matrix of cells of an array, with labels for rows (and columns).
class HeatPanel {
  // source {kind, name, array, wrong}: wrong is the array that a mistake gives. index(row, column) -> a full index.
  constructor(source, options) {
    Object.assign(this, source, options);
    this.canvas = document.createElement("canvas");
    this.canvas.className = "heat";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.panel = this;
    this.cursor = null;
    this.hover = null;
  }

  get shown() {
    return this.wrong || this.array;
  }

  layout() {
    const { rows, columns, cell } = this;
    this.left = this.rowLabels ? this.labelWidth : 2;
    const long =
      this.columnLabels &&
      columns.some((column) => [...(this.columnLabels[column] ?? "")].length > (cell.w < 20 ? 1 : 2));
    this.top = this.columnLabels ? (long ? 46 : 15) : 2;
    this.slanted = long;
    this.width = this.left + columns.length * cell.w + 2;
    this.height = this.top + rows.length * cell.h + 2;
  }

  draw(lit) {
    this.layout();
    const { canvas, rows, columns, cell, left, top } = this,
      scale = Math.max(2, window.devicePixelRatio || 1);
    canvas.width = this.width * scale;
    canvas.height = this.height * scale;
    canvas.style.width = this.width + "px";
    canvas.style.height = this.height + "px";
    const g = canvas.getContext("2d");
    const ink = getComputedStyle(document.documentElement);
    const soft = ink.getPropertyValue("--soft").trim(),
      text = ink.getPropertyValue("--text").trim();
    const font = ink.getPropertyValue("--font").trim();
    g.scale(scale, scale);
    g.textBaseline = "middle";
    const array = this.shown;
    const numbers = cell.w >= 24 && cell.h >= 12;
    rows.forEach((row, r) => {
      columns.forEach((column, c) => {
        const x = at(array, this.index(row, column)),
          px = left + c * cell.w,
          py = top + r * cell.h;
        g.fillStyle = colour(x, this.largest, this.later ? 0.45 : 1);
        g.fillRect(px, py, cell.w, cell.h);
        if (x === -Infinity) {
          g.strokeStyle = "#bbb";
          g.lineWidth = 1;
          g.beginPath();
          g.moveTo(px + 1, py + cell.h - 1);
          g.lineTo(px + cell.w - 1, py + 1);
          g.stroke();
        } else if (numbers) {
          g.font = `${Math.min(10, cell.h - 3)}px ${font}`;
          g.textAlign = "center";
          g.fillStyle = this.later
            ? "#888"
            : this.largest && Math.abs(x) / this.largest > 0.55
              ? "#fff"
              : "#333";
          g.fillText(inCell(x, cell.w), px + cell.w / 2, py + cell.h / 2 + 0.5, cell.w - 2);
        }
        if (this.wrong && isWrong(this.array, this.wrong, this.index(row, column), this.largestRight)) {
          g.strokeStyle = WRONG;
          g.lineWidth = cell.w > 20 ? 1.5 : 0.8;
          g.strokeRect(px + 1, py + 1, cell.w - 2, cell.h - 2);
        }
      });
    });
    if (cell.w > 5) {
      g.strokeStyle = "rgba(0,0,0,.09)";
      g.lineWidth = 0.5;
      g.beginPath();
      for (let c = 0; c <= columns.length; c++)
        (g.moveTo(left + c * cell.w, top), g.lineTo(left + c * cell.w, top + rows.length * cell.h));
      for (let r = 0; r <= rows.length; r++)
        (g.moveTo(left, top + r * cell.h), g.lineTo(left + columns.length * cell.w, top + r * cell.h));
      g.stroke();
    }
    g.strokeStyle = "rgba(128,128,128,.6)";
    g.lineWidth = 1;
    g.strokeRect(left - 0.5, top - 0.5, columns.length * cell.w + 1, rows.length * cell.h + 1);
    const at_ = this.hover || this.cursor;
    if (this.rowLabels) {
      g.textAlign = "right";
      rows.forEach((row, r) => {
        g.fillStyle = at_ && at_[0] === r ? text : soft;
        g.font = `${at_ && at_[0] === r ? "bold " : ""}${Math.min(12, cell.h)}px ${font}`;
        g.fillText(this.rowLabels[row] ?? "", left - 5, top + r * cell.h + cell.h / 2, left - 6);
      });
    }
    if (this.columnLabels) {
      columns.forEach((column, c) => {
        g.fillStyle = at_ && at_[1] === c ? text : soft;
        g.font = `${at_ && at_[1] === c ? "bold " : ""}${Math.min(11, Math.max(8, cell.w))}px ${font}`;
        const px = left + c * cell.w + cell.w / 2;
        if (this.slanted) {
          g.save();
          g.translate(px, top - 4);
          g.rotate(-Math.PI / 2);
          g.textAlign = "left";
          g.fillText(this.columnLabels[column] ?? "", 0, 0, top - 6);
          g.restore();
        } else {
          g.textAlign = "center";
          g.fillText(this.columnLabels[column] ?? "", px, top - 7, cell.w + 4);
        }
      });
    }
    if (lit) this.drawLit(g, lit);
    if (this.cursor) this.frame(g, this.cursor[0], this.cursor[1], "#000", 2);
    if (this.hover) this.frame(g, this.hover[0], this.hover[1], "#000", 1.5);
  }

  frame(g, r, c, style, width) {
    const { cell, left, top } = this;
    g.strokeStyle = style;
    g.lineWidth = width;
    g.strokeRect(left + c * cell.w + 0.5, top + r * cell.h + 0.5, cell.w - 1, cell.h - 1);
  }

  // lit {chosen, from, to}: regions [kind, name, index with null for all].
  drawLit(g, lit) {
    const here = (regions) => regions.filter(([kind, name]) => kind === this.kind && name === this.name);
    const matches = (region, index) => region[2].every((i, axis) => i === null || i === index[axis]);
    const layers = [
      [here(lit.to), LIT_TO, 1.5],
      [here(lit.from), LIT_FROM, 1.5],
      [here([lit.chosen]), "#000", 3],
    ];
    for (const [regions, style, width] of layers) {
      if (!regions.length) continue;
      this.rows.forEach((row, r) =>
        this.columns.forEach((column, c) => {
          const index = this.index(row, column);
          if (regions.some((region) => matches(region, index))) {
            g.setLineDash(style === LIT_TO ? [2, 2] : []);
            this.frame(g, r, c, style, Math.min(width, this.cell.w / 4));
          }
        }),
      );
      g.setLineDash([]);
    }
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = box.width / this.width;
    const c = Math.floor(((event.clientX - box.left) / scale - this.left) / this.cell.w);
    const r = Math.floor(((event.clientY - box.top) / scale - this.top) / this.cell.h);
    return r >= 0 && c >= 0 && r < this.rows.length && c < this.columns.length ? [r, c] : null;
  }

  indexAt([r, c]) {
    return this.index(this.rows[r], this.columns[c]);
  }
}

function isWrong(right, wrong, index, largest) {
  return !(Math.abs(at(right, index) - at(wrong, index)) <= 1e-9 * largest);
}
