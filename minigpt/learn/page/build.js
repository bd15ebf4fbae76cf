// Building the page: the stops with their heat maps, formulas and lines of code, the map and the track.

const MOST_COLUMNS = 32,
  MOST_ROWS = 32,
  MOST_VOCABULARY = 24;

function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, content] of Object.entries(attributes)) {
    if (name === "html") e.innerHTML = content;
    else if (name.startsWith("on")) e[name] = content;
    else if (content !== null && content !== false) e.setAttribute(name, content);
  }
  e.append(...children.filter((child) => child !== null));
  return e;
}

// App has what is built here from: record, engine, a, d, stops, labels, vocabulary, say.
class Builder {
  build() {
    const { say } = this;
    document.documentElement.lang = this.language === "zh" ? "zh-Hans" : "en";
    document.querySelector("#top h1").textContent = document.title = say("title");
    document.getElementById("language").textContent = say("other");
    for (const id of ["theme", "previous", "next"]) {
      document.getElementById(id).title = say(id);
      document.getElementById(id).setAttribute("aria-label", say(id));
    }
    this.buildLead();
    const way = document.getElementById("way");
    this.observer.disconnect();
    way.replaceChildren(...this.stops.map((stop) => this.buildStop(stop)));
    this.sections = [...way.children];
    for (const canvas of way.querySelectorAll("canvas.heat")) this.observer.observe(canvas);
    this.buildMap();
    this.buildTrack();
    this.mark();
    if (this.explainer.chosen && !this.explainer.element.hidden)
      this.explainer.open(...this.explainer.chosen);
  }

  buildLead() {
    const { say, record } = this,
      { config } = record,
      n = (x) => x.toLocaleString("en-US");
    const sizes = {
      layers: config.L,
      heads: config.H,
      C: config.C,
      size: n(config.size),
      t: record.optimizer.t - 1,
      t1: record.optimizer.t,
    };
    const lines = [say(record.trained ? "trainedTiny" : "model", sizes)];
    const letters = say("letters", {
      T: config.T,
      C: config.C,
      H: config.H,
      D: config.C / config.H,
      V: n(config.V),
      N: this.engine.N,
    });
    record.sentence.notes.forEach((note) => lines.push(note[this.language === "zh" ? 1 : 0]));
    if (!record.whole)
      lines.push(
        say("partialCheck", { all: config.L, size: n(config.size), layers: record.layers.join(", ") }),
      );
    const [arrays, error, name] = this.checked;
    const soft = [say("clickHint") + " " + say("keys")];
    if (arrays)
      soft.push(
        error < 1e-9
          ? say("agrees", { n: arrays, error: show(error, 2) })
          : say("differs", { name, error: show(error, 2) }),
      );
    document
      .getElementById("lead")
      .replaceChildren(
        element("p", {}, say("what")),
        element("p", {}, lines.join(" ")),
        element("p", { class: "soft" }, letters),
        ...soft.map((line) => element("p", { class: "soft" }, line)),
      );
  }

  buildStop(stop) {
    const { say } = this;
    const [title, words] = STOPS[stop.type][this.language];
    const block =
      stop.layer === null
        ? ""
        : `${say("block", { i: stop.layer + 1, n: this.record.config.L })} · h.${stop.layer}`;
    const arrow = { forward: "↓", backward: "↑", update: "→", bug: "!" }[stop.half];
    const section = element("section", {
      class: "stop " + stop.half,
      id: stop.id,
      "data-number": stop.number,
    });
    section.append(
      element("h2", {
        html: `<span class="way" title="${stop.half === "bug" ? "" : say(stop.half)}">${arrow}</span>${title}<small>${block}</small>`,
      }),
    );
    const arrays = element("div", { class: "arrays" }),
      side = element("div", { class: "words" });
    section.append(arrays, side);
    stop.colours = {};
    stop.arrays.forEach(
      (array) => (stop.colours[formulaName(array.name)] ??= Object.keys(stop.colours).length % 6),
    );
    if (stop.stream) stop.colours.stream = stop.colours[formulaName(stop.stream)];
    const coloured = (text) => text.replace(/\{(\w+)\}/g, (_, name) => this.coloured(stop, name));
    side.append(element("p", { html: coloured(words) }));
    const formula = coloured(STOPS[stop.type].formula);
    if (formula) side.append(element("p", { class: "formula", html: formula }));
    for (const piece of stop.source) side.append(this.buildCode(piece));
    if (stop.special) arrays.append(...SPECIAL[stop.special](this, stop));
    if (stop.arrays.length) this.buildArrays(stop, arrays);
    return section;
  }

  coloured(stop, name) {
    const text =
      name === "stream"
        ? shortName(stop.stream)
        : name === "ln"
          ? shortName((stop.arrays.find((x) => formulaName(x.name) === "ln") || { name: "ln" }).name)
          : name;
    const hat = { m_hat: "m̂", v_hat: "v̂", move: "Δw", clipped: "g" }[text] || text;
    const k =
      stop.colours[name] ??
      stop.colours[stop.arrays.some((array) => array.name === name) ? formulaName(name) : name];
    return k === undefined
      ? `<span class="sym">${hat}</span>`
      : `<span class="sym k${k}" data-symbol="${name}">${hat}</span>`;
  }

  // One cell size for the stop; arrays of one column stand in a row.
  buildArrays(stop, parent) {
    const wide = Math.max(220, this.middleWidth()),
      T = this.record.config.T;
    const columns = (array) =>
      Math.min(MOST_COLUMNS, array.shape.length ? array.shape[array.shape.length - 1] : 1);
    const shown = stop.arrays.map((spec) => ({ ...spec, array: this.valueOf(spec) }));
    const labelled = Math.max(
      ...this.labels.map((label) => [...label].reduce((n, c) => n + (c > "\u2e80" ? 12 : 7), 0)),
    );
    const label = Math.min(84, Math.max(30, labelled + 10));
    const widest = Math.max(
      ...shown.map(({ array, name }) =>
        this.isVocabulary(name) && array.shape.length === 2 && !/weight/.test(name)
          ? Math.min(MOST_VOCABULARY, array.shape[1])
          : array.shape.length === 1
            ? 1
            : columns(array),
      ),
    );
    let w = Math.floor((wide - label - 22) / 2 / widest),
      stacked = false;
    if (w < 8) [w, stacked] = [Math.floor((wide - label - 8) / widest), true];
    const cell = { w: Math.max(5, Math.min(36, w)), h: T > 12 ? 14 : 18 };
    parent.append(this.buildScale(stop));
    let narrow = null;
    for (const spec of shown) {
      const block = this.buildArray(stop, spec, cell, label, stacked);
      const isNarrow = spec.array.shape.length && spec.array.shape[spec.array.shape.length - 1] === 1;
      if (isNarrow) {
        if (!narrow) parent.append((narrow = element("div", { class: "narrows" })));
        narrow.append(block);
      } else {
        narrow = null;
        parent.append(block);
      }
    }
  }

  middleWidth() {
    const page = Math.min(document.documentElement.clientWidth, 1360 + 172);
    if (page <= 760) return page - 28;
    if (page <= 1020) return page - 172 - 56;
    return page - 172 - 56 - 32 - (page > 1200 ? 360 : 300);
  }

  valueOf(spec) {
    if (spec.kind === "parameter") return this.engine.w[spec.name] || this.d[spec.name];
    return this.a[spec.name];
  }

  isVocabulary(name) {
    return /^(logits|probs)$|^(wte|lm_head)\.weight/.test(name);
  }

  buildScale(stop) {
    const scale = element(
      "div",
      { class: "scale" },
      element("span", {}, "−"),
      element("i"),
      element("span", {}, "+"),
    );
    if (stop.type === "embed")
      scale.append(element("span", {}, `${this.say("reading")} ${this.say("readingRows")}`));
    return scale;
  }

  // The panels of one array: value and gradient side by side, for each head.
  buildArray(stop, spec, cell, label, stacked) {
    const { say } = this,
      { name, kind } = spec;
    const k = stop.colours[formulaName(name)];
    const box = element("div", { class: "array", "data-name": name });
    const heading = element(
      "h3",
      {},
      element("span", { class: `k${k}` }, shortName(name)),
      element("span", { class: "soft" }, "(" + spec.array.shape.join(" × ") + ")"),
    );
    if (spec.role) heading.append(element("span", { class: "role" }, say(spec.role)));
    box.append(heading);
    const sources = [];
    if (kind === "pair") sources.push(["a", this.a[name]], ["d", this.d[name]]);
    else {
      if (this.engine.w[name]) sources.push(["w", this.engine.w[name]]);
      sources.push(["d", this.d[name]]);
    }
    const state = { column: 0, row: 0 };
    const panels = element("div", { class: "panels" });
    const fill = () => {
      panels.replaceChildren(...this.panelsOf(stop, spec, sources, cell, label, state));
      for (const canvas of panels.querySelectorAll("canvas")) this.observer.observe(canvas);
    };
    fill();
    box.append(panels);
    this.addPager(heading, spec, state, fill);
    return box;
  }

  addPager(heading, { name, array }, state, fill) {
    const { say } = this,
      vocabulary = this.isVocabulary(name),
      axes = [];
    const [rows, columns] =
      array.shape.length === 2 ? array.shape : [1, array.shape[array.shape.length - 1] || 1];
    if (vocabulary && !/weight/.test(name)) {
      if (columns > MOST_VOCABULARY)
        heading.append(
          element(
            "span",
            { class: "soft" },
            say("ofAll", { n: MOST_VOCABULARY, all: this.record.config.V.toLocaleString("en-US") }),
          ),
        );
      return;
    }
    if (vocabulary && rows > MOST_ROWS)
      heading.append(
        element(
          "span",
          { class: "soft" },
          say("moves", { n: MOST_ROWS, all: this.record.config.V.toLocaleString("en-US") }),
        ),
      );
    if (columns > MOST_COLUMNS) axes.push(["column", columns, MOST_COLUMNS]);
    if (!vocabulary && array.shape.length === 2 && /weight$/.test(name) && rows > MOST_ROWS)
      axes.push(["row", rows, MOST_ROWS]);
    for (const [axis, all, step] of axes) {
      const text = element("span", { class: "soft" });
      const turn = (by) => {
        state[axis] = Math.max(0, Math.min(Math.floor((all - 1) / step) * step, state[axis] + by * step));
        text.textContent = `${axis === "row" ? "↓" : "→"} ${state[axis]}–${Math.min(all, state[axis] + step) - 1} ${say("of")} ${all}`;
        if (by) fill();
      };
      turn(0);
      const button = (sign, by) =>
        element("button", { type: "button", "aria-label": sign, onclick: () => turn(by) }, sign);
      heading.append(element("span", { class: "pager" }, button("‹", -1), text, button("›", 1)));
    }
  }

  panelsOf(stop, spec, sources, cell, label, state) {
    const { say } = this,
      { name } = spec,
      shape = spec.array.shape;
    const tokens = this.labels,
      parameter = spec.kind !== "pair";
    const heads = shape.length === 3 ? range(shape[0]) : [null];
    return heads.flatMap((head) =>
      sources.map(([kind, array], which) => {
        let rows,
          columns,
          index,
          rowLabels = null,
          columnLabels = null;
        if (shape.length === 0) [rows, columns, index] = [[0], [0], () => []];
        else if (shape.length === 1 && parameter) {
          rows = [0];
          columns = range(shape[0]).slice(state.column, state.column + MOST_COLUMNS);
          index = (_, c) => [c];
        } else if (shape.length === 1) {
          [rows, columns, index, rowLabels] = [range(shape[0]), [0], (r) => [r], tokens];
        } else {
          const last = shape[shape.length - 1],
            n = shape[shape.length - 2];
          rows = range(n);
          columns = range(last).slice(state.column, state.column + MOST_COLUMNS);
          rowLabels = parameter ? range(n).map(String) : tokens;
          index = head === null ? (r, c) => [r, c] : (r, c) => [head, r, c];
          if (/\.(S|S_masked|P)$/.test(name)) columnLabels = tokens;
          if (this.isVocabulary(name)) {
            if (parameter) [rows, rowLabels] = [this.rowsOfVocabulary(), this.vocabulary];
            else [columns, columnLabels] = [this.columnsOfVocabulary, this.vocabulary];
          } else if (parameter) rows = rows.slice(state.row, state.row + MOST_ROWS);
          if (parameter && name === "wpe.weight") rows = range(Math.min(n, this.record.config.T));
        }
        const w = columns.length === 1 ? 40 : columns.length * 36 < 300 && cell.w >= 30 ? 36 : cell.w;
        const largest = largestOf(array);
        const wrong = kind === "d" ? this.wrongOf(name) : null;
        const panel = new HeatPanel(
          { kind, name, array, wrong },
          {
            rows,
            columns,
            index,
            rowLabels: which === 0 || !rowLabels ? rowLabels : null,
            columnLabels,
            labelWidth: label,
            cell: { w, h: cell.h },
            largest: wrong ? Math.max(largest, largestOf(wrong)) : largest,
            largestRight: largest,
            later: kind === "d" && stop.half === "forward",
            app: this,
          },
        );
        panel.layout();
        Object.assign(panel.canvas.style, { width: panel.width + "px", height: panel.height + "px" });
        panel.canvas.width = panel.canvas.height = 0;
        panel.canvas.setAttribute("aria-label", `${symbolOf(kind, name)} ${shape.join("×")}`);
        const role = say(kind === "d" ? "gradient" : "value");
        const caption =
          (head === null ? "" : `${say("head")} ${head} · `) + `${role} ±${show(panel.largest, 2)}`;
        return element(
          "figure",
          { class: "panel", title: panel.later ? say("later") : null },
          element("figcaption", {}, caption),
          panel.canvas,
        );
      }),
    );
  }

  rowsOfVocabulary() {
    const first = [...new Set(this.engine.ids.map((id) => this.engine.rowOf.get(id)))];
    const rest = this.columnsOfVocabulary.filter((row) => !first.includes(row));
    const others = range(this.vocabulary.length).filter((row) => !first.includes(row) && !rest.includes(row));
    return [...first, ...rest, ...others].slice(0, MOST_ROWS);
  }

  // The lines of plain.py, and in the place of a planted mistake the wrong ones too.
  buildCode(piece) {
    const { lines, pieces } = this.record.source,
      [from, to] = pieces[piece];
    const planted = this.plantedLines();
    const indent = Math.min(
      ...range(to - from + 1)
        .map((n) => lines[from - 1 + n])
        .filter((line) => line.trim())
        .map((line) => line.search(/\S/)),
    );
    const pre = element("pre");
    const add = (text, attributes) => {
      const shown = escaped(text.slice(indent)),
        comment = /^(.*?)(#.*)$/.exec(shown);
      pre.append(
        element("span", {
          ...attributes,
          html:
            (comment && !comment[1].includes("&#34;#") && !/&$/.test(comment[1])
              ? `${comment[1]}<span class="comment" style="display:inline;padding:0;text-indent:0">${comment[2]}</span>`
              : shown) || " ",
        }),
      );
    };
    for (let n = from; n <= to; n++) {
      const cut = planted && n >= planted.from && n <= planted.to;
      add(lines[n - 1], { "data-line": n, class: cut ? "cut" : null });
      if (planted && n === planted.to) planted.lines.forEach((line) => add(line, { class: "planted" }));
    }
    return element(
      "figure",
      { class: "code" },
      element("figcaption", {}, this.say("code", { from, to })),
      pre,
    );
  }

  plantedLines() {
    const { bug, source } = this.record;
    if (!bug) return null;
    const text = source.lines.join("\n"),
      start = text.indexOf(bug.original),
      end = start + bug.original.length;
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const endOfLine = bug.original.endsWith("\n") ? end - 1 : text.indexOf("\n", end);
    const wrong =
      text.slice(lineStart, start) +
      bug.planted.replace(/\n$/, "") +
      text.slice(bug.original.endsWith("\n") ? end - 1 : end, endOfLine);
    const line = (position) => text.slice(0, position).split("\n").length;
    return {
      from: line(start),
      to: line(Math.min(endOfLine, end - 1)),
      lines: wrong.split("\n"),
      right: text.slice(lineStart, endOfLine).split("\n"),
    };
  }

  buildMap() {
    const { say, record } = this,
      map = document.getElementById("map");
    const sizes = this.stops
      .filter((s) => s.main && s.half === "forward")
      .map((s) => record.norms[s.main])
      .filter((x) => x > 0);
    const largest = Math.max(...sizes);
    map.replaceChildren(element("h2", { title: say("norm") }, say("mapTitle")));
    let layer;
    this.mapButtons = new Map();
    for (const stop of this.stops) {
      if (stop.half === "backward" && stop.special !== "flow") continue;
      if (stop.layer !== layer || ["text", "parameters", "flow"].includes(stop.special)) {
        layer = stop.layer;
        const text =
          stop.special === "flow"
            ? say("backward")
            : stop.half === "update"
              ? say("update")
              : layer === null
                ? ""
                : say("block", { i: layer + 1, n: record.config.L });
        if (text) map.append(element("div", { class: "label" }, text));
      }
      const bar = stop.main
        ? element("span", {
            class: "bar",
            style: `width:${Math.max(1, 50 * (1 + Math.log10(record.norms[stop.main] / largest || 1e-9) / 3))}px`,
            title: show(record.norms[stop.main]),
          })
        : element("span");
      const name =
        stop.type === "ln"
          ? stop.layer === null
            ? "ln_f"
            : "ln_" + stop.suffix.slice(1)
          : UI[this.language].short[stop.type];
      const button = element(
        "button",
        {
          type: "button",
          class: stop.layer === null ? "" : "block",
          title: STOPS[stop.type][this.language][0],
          onclick: () => this.goTo(stop.number),
        },
        element("span", {}, name),
        bar,
      );
      this.mapButtons.set(stop.id, button);
      map.append(button);
    }
  }

  // Where on the map a stop of the way back lies.
  mapIdOf(stop) {
    if (this.mapButtons.has(stop.id)) return stop.id;
    const i = stop.layer === null ? "" : "-" + stop.layer;
    const type = {
      loss_backward: "loss",
      head_backward: "logits",
      ln_backward: "ln",
      feed_out_backward: "feed_out",
      feed_backward: "feed",
      attention_out_backward: "attention_out",
      values_backward: "values",
      shares_backward: "shares",
      scores_backward: "scores",
      embed_backward: "embed",
    }[stop.type];
    return `forward-${type}${i}${stop.suffix || ""}`;
  }

  buildTrack() {
    const scrub = document.getElementById("scrub"),
      halves = document.getElementById("halves"),
      n = this.stops.length;
    scrub.max = n - 1;
    scrub.setAttribute("aria-label", this.say("map"));
    halves.replaceChildren();
    for (const half of ["forward", "backward", "update"]) {
      const of = this.stops.filter((stop) => stop.half === half);
      halves.append(
        element(
          "span",
          { style: `left:${(100 * of[0].number) / n}%;width:${(100 * of.length) / n}%` },
          this.say(half + "_long"),
        ),
      );
    }
  }
}

// Which lines of plain.py make an array, by the record's table.
function linesOf(made, kind, name) {
  if (kind === "u") return made.adamw[{ move: "moves" }[name.split(":")[0]] || name.split(":")[0]] || [];
  const bare = name.replace(/^h\.\d+\./, ""),
    norm = /^ln_\w(?:\.(\w+))?$/.exec(bare);
  if (kind === "a") return norm ? made.layernorm[norm[1] || ""] || [] : made.forward[bare] || [];
  if (norm && norm[1]) return made.layernorm_backward[norm[1]] || [];
  const parameter = /\.(weight|bias)$/.exec(bare);
  if (parameter && !made.backward[bare])
    return (/^ln_/.test(bare) ? made.layernorm_backward : made.linear_backward)[parameter[1]] || [];
  return made.backward[bare] || [];
}
