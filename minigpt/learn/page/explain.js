// A derivation in symbols and in numbers, and the panel that shows it.

const SUBSCRIPT = { clipped: "g", m: "m", v: "v", m_hat: "m̂", v_hat: "v̂", move: "Δw" };

function symbolOf(kind, name) {
  if (kind === "u") return SUBSCRIPT[name.split(":")[0]];
  const short = shortName(name);
  return kind === "d" ? "d" + short : short;
}

function positions(cell, letters = null) {
  let index = letters || cell.index;
  if (index.length === 3) index = index.slice(1);
  if (cell.kind !== "w" && cell.index.length === 2 && /\.(mean|var|sigma)$/.test(cell.name))
    index = index.slice(0, 1);
  return index.length ? `<sub>${index.join(",")}</sub>` : "";
}

const STRENGTH = { "+": 1, "−": 1, Σ: 1, neg: 1, "·": 2, "/": 2 };

// mode "symbols", "numbers", or "few" (digits). twin: the same expression for another term of a sum, whose letter stands for what
// differs between the two.
function written(e, mode, twin = null, letter = null) {
  const inside = (i, strength, right = false) => {
    const part = e.parts[i],
      text = written(part, mode, twin && twin.parts && twin.parts[i], letter);
    const own = STRENGTH[part.op] || 3;
    const bare = mode !== "symbols" && own === 3 && text.startsWith("−");
    return own < strength || (right && own === strength) || (bare && strength > 0) ? `(${text})` : text;
  };
  const whole = (i) => written(e.parts[i], mode, twin && twin.parts && twin.parts[i], letter);
  switch (e.op) {
    case "number": {
      if (mode !== "symbols" || !e.symbol) return show(e.value, mode === "few" ? 3 : 4);
      return twin && twin.value !== e.value ? `${e.symbol}<sub>${letter}</sub>` : e.symbol;
    }
    case "cell": {
      if (mode !== "symbols") return show(e.value, mode === "few" ? 3 : 4);
      const index = twin ? e.index.map((i, axis) => (i === twin.index[axis] ? i : letter)) : e.index;
      return `<span class="sym">${symbolOf(e.kind, e.name)}</span>${positions(e, index)}`;
    }
    case "·":
      return e.parts.map((_, i) => inside(i, 2)).join(" · ");
    case "+":
      return e.parts.map((_, i) => (i ? inside(i, 1, false) : whole(i))).join(" + ");
    case "−":
      return `${inside(0, 0)} − ${inside(1, 1, true)}`;
    case "/":
      return `${inside(0, 2)} / ${inside(1, 2, true)}`;
    case "neg":
      return `−${inside(0, 2)}`;
    case "²":
      return `${inside(0, 3)}²`;
    case "named":
      return mode === "symbols" ? e.symbol : show(value(e));
    case "call": {
      if (e.name === "cube") return `${inside(0, 3)}³`;
      if (e.name === "exp") return `exp(${whole(0)})`;
      return `${e.name}(${whole(0)})`;
    }
    case "Σ": {
      if (e.parts.length === 1) return inside(0, 2);
      if (mode === "symbols") {
        const other = e.parts[e.parts.length - 1];
        const text = written(e.parts[0], mode, other, e.symbols);
        return `Σ<sub>${e.symbols}</sub> ${(STRENGTH[e.parts[0].op] || 3) < 2 ? `(${text})` : text}`;
      }
      const sizes = e.parts.map((part) => Math.abs(value(part)));
      const top = [...sizes.keys()]
        .sort((i, j) => sizes[j] - sizes[i])
        .slice(0, 3)
        .sort((i, j) => i - j);
      const terms = top.map((i) => inside(i, 2)).join(" + ");
      const text = top.length < e.parts.length ? `${terms} + …` : terms;
      return `[${text}]`;
    }
  }
}

function sumsOf(e) {
  if (e.op === "Σ" && e.parts.length > 1) return [e];
  return (e.parts || []).flatMap(sumsOf);
}

function namesIn(e) {
  return (e.op === "named" ? [e] : []).concat((e.parts || []).flatMap(namesIn));
}

// The rows of a sum's table: its terms, the largest first.
function termRows(e, app, all) {
  const values = e.parts.map(value),
    largest = Math.max(...values.map(Math.abs)) || 1;
  const order = [...values.keys()].sort((i, j) => Math.abs(values[j]) - Math.abs(values[i]));
  const shown = all ? order : order.slice(0, 6);
  return shown.map((i) => {
    const term = e.parts[i],
      cell = cellsOf(term)[0];
    const place = cell ? placeOf(e, cell, app) : "";
    const width = (48 * Math.abs(values[i])) / largest;
    const left = values[i] < 0 ? 48 - width : 48;
    return `<tr><td class="place">${place}</td><td>${written(term, "few")}</td><td class="n">${show(values[i], 3)}</td><td class="b"><span class="barcell" style="margin-left:${left}px;width:${width}px;background:${values[i] < 0 ? "#00549f" : "#cc4c02"}"></span></td></tr>`;
  });
}

// "j = 3 ‘t’": which term of the sum this is.
function placeOf(e, cell, app) {
  const other = cellsOf(e.parts[e.parts.length - 1])[0] || cell,
    first = cellsOf(e.parts[0])[0] || cell;
  const axis = cell.index.findIndex((_, k) => first.index[k] !== other.index[k]);
  const i = cell.index[axis < 0 ? 0 : axis];
  const isToken = "jt".includes(e.symbols) || (e.symbols === "i" && cell.index.length === 3); // or a feature
  const label = isToken ? app.labels[i] : e.symbols === "v" ? app.vocabulary[i] : null;
  return `${e.symbols} = ${i}${label ? ` <bdi>${escaped(label)}</bdi>` : ""}`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

class Explainer {
  constructor(app, element) {
    this.app = app;
    this.element = element;
  }

  // The cell's derivation, in the panel; the cells that it is made of and that it goes to are lit.
  open(kind, name, index) {
    const { app } = this,
      { derivation } = app;
    const e = derivation.of(kind, name, index);
    this.chosen = [kind, name, index];
    this.allTerms = false;
    const from = e ? unique(cellsOf(e).map((cell) => [cell.kind, cell.name, cell.index])) : [];
    app.light({ chosen: this.chosen, from, to: derivation.uses(kind, name, index) });
    this.fill(e);
    this.element.hidden = false;
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.chosen = null;
    this.app.light(null);
  }

  fill(e) {
    const { app } = this,
      say = app.say,
      [kind, name, index] = this.chosen;
    const array = app.derivation.array(kind, name),
      here = at(array, index);
    const head = index.length === 3 ? `${say("head")} ${index[0]}, ` : "";
    const token = this.tokenOf(kind, name, index);
    const parts = [`<button class="close" type="button" aria-label="${say("close")}">✕</button>`];
    parts.push(
      `<h3><span class="sym">${symbolOf(kind, name)}</span>${positions({ kind, name, index })} <span class="soft">${head}${token}</span></h3>`,
    );
    const left = `<span class="sym">${symbolOf(kind, name)}</span>${positions({ kind, name, index })}`;
    if (e && !(e.op === "number" && cellsOf(e).length === 0)) {
      const numbers = written(e, "numbers"),
        result = show(here, 6);
      parts.push(`<p class="eq">${left} = ${written(e, "symbols")}</p>`);
      parts.push(
        `<p class="eq">${e.op === "cell" ? "" : `= ${numbers} `}= <span class="result">${result}</span></p>`,
      );
      for (const one of namesIn(e)) {
        parts.push(
          `<p class="eq">${one.symbol} = ${written(one.parts[0], "symbols")} = <span>${show(value(one), 6)}</span></p>`,
        );
      }
      const sums = sumsOf(e);
      if (sums.length) {
        const all = this.allTerms,
          terms = sums[0].parts.length;
        parts.push(
          `<div class="row"><b>Σ<sub>${sums[0].symbols}</sub> · ${say("terms", { n: terms })}</b><table>${termRows(sums[0], app, all).join("")}</table>`,
        );
        if (!all && terms > 6) parts.push(`<button type="button" class="more">${say("all")}</button>`);
        parts.push("</div>");
      }
    } else {
      const why = here === 0 ? "zero" : name === "loss" ? "one" : here === -Infinity ? "masked" : "given";
      parts.push(
        `<p class="eq">${left} = <span class="result">${show(here, 6)}</span></p><p>${say(why)}</p>`,
      );
    }
    const wrong = kind === "d" && app.wrongOf(name);
    if (wrong && isWrong(array, wrong, index, largestOf(array))) {
      parts.push(
        `<p class="wrongname">${say("shouldBe", { right: show(here, 6), wrong: show(at(wrong, index), 6) })}</p>`,
      );
    }
    if ((kind === "d" || kind === "a") && app.a[name])
      parts.push(
        `<div class="row" id="difference"><b>${say("differences")} · d${shortName(name)}${positions({ kind, name, index })}</b><span>…</span></div>`,
      );
    const { from, to } = app.lit;
    for (const [title, regions, style] of [
      ["cameFrom", from, "from"],
      ["goesTo", to, "to"],
    ]) {
      const names = [...new Map(regions.map((region) => [region[0] + region[1], region])).values()];
      if (!names.length) continue;
      const chips = names.map(
        ([k, n]) =>
          `<button type="button" data-kind="${k}" data-name="${escaped(n)}">${symbolOf(k, n)}</button>`,
      );
      parts.push(`<div class="row chips ${style}"><b>${say(title)}</b>${chips.join("")}</div>`);
    }
    this.element.innerHTML = parts.join("");
    this.element.querySelector(".close").onclick = () => this.close();
    const more = this.element.querySelector(".more");
    if (more) more.onclick = () => ((this.allTerms = true), this.fill(e));
    for (const chip of this.element.querySelectorAll(".chips button")) {
      chip.onclick = () => app.goToArray(chip.dataset.kind, chip.dataset.name);
    }
    const line = this.element.querySelector("#difference span");
    if (line) setTimeout(() => this.difference(line, name, index), 30);
  }

  tokenOf(kind, name, index) {
    const { app } = this;
    const q = (label) => `“<bdi>${escaped(label ?? "")}</bdi>”`;
    if (kind === "w" || kind === "u" || app.engine.w[name] || /\.as_/.test(name)) {
      return /^(wte|lm_head)\.weight/.test(name.split(":").pop()) ? q(app.vocabulary[index[0]]) : "";
    }
    if (!index.length) return "";
    const row = index.length === 3 ? index[1] : index[0];
    if (/\.(S|S_masked|P)$/.test(name)) return `${q(app.labels[row])} → ${q(app.labels[index[2]])}`;
    if (/^(logits|probs)$/.test(name)) return `${q(app.labels[row])} → ${q(app.vocabulary[index[1]])}`;
    return q(app.labels[row]);
  }

  difference(line, name, index) {
    const { app } = this,
      say = app.say;
    const slope = app.engine.difference(name, index, app.a);
    if (slope === null) {
      line.textContent = say("noDifferences", { why: say(app.record.whole ? "masked" : "partial") });
      return;
    }
    const gradient = at(app.d[name], index),
      off = Math.abs(slope - gradient);
    line.innerHTML = `${show(slope, 8)} <span class="soft">${say("gradient")} ${show(gradient, 8)}, ${say("agree", { error: show(off, 2) })}</span>`;
    line.dataset.slope = slope;
  }
}

function unique(regions) {
  return [...new Map(regions.map((region) => [region.join("|"), region])).values()];
}
