// Line charts, legends and tables.

function svg(width, height, content, attributes) {
  const holder = document.createElement("div");
  holder.innerHTML = `<svg viewBox="0 0 ${width} ${height}" ${attributes}>${content}</svg>`;
  return holder.firstChild;
}

let charts = 0; // for the names of their clip paths

// A line chart: series [{class, points: [[x, y], …]}], x and y already what is to be drawn.
function chart(
  series,
  {
    width = 620,
    height = 260,
    xLabel,
    yLabel,
    xText = show,
    yText = (y) => show(y, 3),
    marker = null,
    low = null,
    high = null,
  },
) {
  const left = 62,
    right = 26,
    top = 24,
    bottom = 36,
    clip = `clip${charts++}`;
  const points = series.flatMap((one) => one.points).filter(([, y]) => Number.isFinite(y));
  const [x0, x1] = [Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))];
  let y0 = low ?? Math.min(...points.map((p) => p[1])),
    y1 = high ?? Math.max(...points.map((p) => p[1]));
  if (y0 === y1) [y0, y1] = [y0 - 1, y1 + 1];
  const X = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right);
  const Y = (y) => top + ((y1 - y) / (y1 - y0)) * (height - top - bottom);
  const parts = [
    `<clipPath id="${clip}"><rect x="${left}" y="${top - 1}" width="${width - left - right}" height="${height - top - bottom + 2}"/></clipPath>`,
  ];
  for (const i of range(5)) {
    const y = y0 + ((y1 - y0) * i) / 4;
    parts.push(
      `<line class="axis" x1="${left}" x2="${width - right}" y1="${Y(y)}" y2="${Y(y)}"/><text x="${left - 6}" y="${Y(y) + 4}" text-anchor="end">${yText(y)}</text>`,
    );
    const x = x0 + ((x1 - x0) * i) / 4;
    parts.push(`<text x="${X(x)}" y="${height - bottom + 16}" text-anchor="middle">${xText(x)}</text>`);
  }
  if (y0 < 0 && y1 > 0)
    parts.push(
      `<line x1="${left}" x2="${width - right}" y1="${Y(0)}" y2="${Y(0)}" stroke="currentColor" stroke-opacity=".5"/>`,
    );
  for (const one of series) {
    let path = "",
      pen = false;
    for (const [x, y] of one.points) {
      if (!Number.isFinite(y)) {
        pen = false;
        continue;
      }
      path += `${pen ? "L" : "M"}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`;
      pen = true;
    }
    parts.push(`<path class="${one.class}" d="${path}" clip-path="url(#${clip})"/>`);
  }
  if (marker) {
    parts.push(
      `<line x1="${X(marker.x)}" x2="${X(marker.x)}" y1="${top}" y2="${height - bottom}" stroke="currentColor" stroke-dasharray="3 3" stroke-opacity=".6"/>`,
    );
    marker.ys.forEach(
      (y, i) =>
        y >= y0 &&
        y <= y1 &&
        parts.push(
          `<circle class="${"ab"[i]}" cx="${X(marker.x)}" cy="${Y(y)}" r="4" fill="none" stroke-width="2"/>`,
        ),
    );
  }
  parts.push(
    `<text x="${(left + width - right) / 2}" y="${height - 4}" text-anchor="middle">${xLabel}</text><text x="4" y="10">${yLabel}</text>`,
  );
  return svg(width, height, parts.join(""), 'class="chart" role="img"');
}

function legend(...entries) {
  const box = element("p", { class: "legend" });
  entries.forEach(([text, colour]) =>
    box.append(element("span", {}, element("i", { style: `background:${colour}` }), text)),
  );
  return box;
}

function bdi(text) {
  return element("bdi", {}, text);
}

function tableOf(head, rows, className = "") {
  const table = element("table", { class: className });
  table.append(
    element("tr", {}, ...head.map(([text, kind]) => element("th", { class: kind || null }, text))),
  );
  for (const row of rows) table.append(element("tr", {}, ...row));
  return element("div", { class: "wide" }, table);
}

const cellOfText = (text) => element("td", {}, text);
const cellOfNumber = (text) => element("td", { class: "n" }, text);
