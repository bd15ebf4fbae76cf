// What some stops show besides heat maps: tokens, attention's lines, the lens, charts, tables.
// Each is a function (app, stop) -> elements.

const NUMBER_OF_LENS_TOKENS = 3;

const SPECIAL = {
  text(app) {
    const { sentence } = app.record,
      box = element("div", { class: "tokens" });
    sentence.labels.forEach((label, t) => {
      box.append(
        element(
          "div",
          {},
          element("span", {}, `${t}`),
          element("b", {}, bdi(label)),
          element("span", {}, `${app.say("id")} ${sentence.ids[t]}`),
          element(
            "em",
            { title: app.say("target") },
            "→ ",
            sentence.targets[t] === -100 ? "—" : bdi(sentence.targetLabels[t]),
          ),
        ),
      );
    });
    return [
      element("p", { style: "font-size:20px;margin:0 0 14px;overflow-wrap:anywhere" }, bdi(sentence.text)),
      box,
      element(
        "p",
        { class: "soft" },
        `${app.say("position")} · ${app.say("token")} · ${app.say("id")} · → ${app.say("target")}`,
      ),
    ];
  },

  // Tokens left and right, a line for each share; a token pointed at shows its own lines alone.
  attention(app, stop) {
    const P = app.a[`h.${stop.layer}.attn.P`],
      [H, T] = P.shape,
      step = T > 16 ? 15 : 19,
      top = 26;
    const width = 460 / Math.min(2, H),
      draw = (only) => {
        let content = "";
        for (let head = 0; head < H; head++) {
          const x = (head % 2) * width,
            y0 = Math.floor(head / 2) * (T * step + 44);
          const Y = (t) => y0 + top + (t + 0.5) * step,
            left = x + 74,
            right = x + width - 74;
          content += `<text class="dim" x="${x + width / 2}" y="${y0 + 14}" text-anchor="middle">${app.say("head")} ${head}</text>`;
          for (const i of range(T))
            for (const j of range(i + 1)) {
              if (only !== null && only !== i) continue;
              const share = at(P, [head, i, j]);
              if (share < 0.02) continue;
              content += `<line x1="${left}" y1="${Y(i)}" x2="${right}" y2="${Y(j)}" stroke="#2b7bba" stroke-width="${(share * 6).toFixed(2)}" stroke-opacity="${only === null ? (0.08 + 0.5 * share).toFixed(2) : 0.85}"/>`;
              if (only !== null)
                content += `<text class="dim" x="${x + width - 4}" y="${Y(j) + 4}" text-anchor="end" style="font-size:10px">${Math.round(share * 100)}%</text>`;
            }
          for (const t of range(T)) {
            const label = escaped(app.labels[t]);
            content += `<text class="${only === null || only === t ? "" : "dim"}" data-token="${t}" x="${left - 6}" y="${Y(t) + 4}" text-anchor="end" style="cursor:default">${label}</text><rect data-token="${t}" x="${x}" y="${Y(t) - step / 2}" width="78" height="${step}" fill="transparent"/>`;
            content += `<text x="${right + 6}" y="${Y(t) + 4}">${label}</text>`;
          }
        }
        return content;
      };
    const rows = Math.ceil(H / 2),
      height = rows * (T * step + 44);
    const picture = svg(460, height, draw(null), 'class="lines" role="img"');
    const paint = (only) => {
      if (picture.only === only) return;
      picture.only = only;
      picture.innerHTML = draw(only);
    };
    picture.addEventListener("pointermove", (event) => {
      const token = event.target.closest("[data-token]");
      paint(token ? Number(token.dataset.token) : null);
    });
    picture.addEventListener("click", (event) => {
      const token = event.target.closest("[data-token]");
      paint(token ? Number(token.dataset.token) : null);
    });
    picture.addEventListener("pointerleave", () => paint(null));
    return [picture, element("p", { class: "soft" }, app.say("hoverToken"))];
  },

  lens(app) {
    const { lens, sentence } = app.record,
      { say } = app;
    const name = (one) =>
      one.name === "x" ? say("embedding") : say("layer", { i: Number(one.name.split(".")[1]) + 1 });
    const rows = sentence.labels.map((label, t) => [
      element("td", {}, bdi(label)),
      ...lens.map((one) => {
        const td = element("td", {});
        one.top[t].forEach(([token, text, p], i) => {
          const right = token === sentence.targets[t];
          td.append(
            element("span", { class: "p", style: `width:${Math.max(1, Math.round(30 * p))}px` }),
            element(right ? "b" : "span", {}, bdi(text)),
            ` ${Math.round(100 * p)}%`,
          );
          if (i < one.top[t].length - 1) td.append(element("br"));
        });
        return td;
      }),
      element("td", {}, element("b", {}, sentence.targets[t] === -100 ? "—" : bdi(sentence.targetLabels[t]))),
    ]);
    return [
      element("p", { class: "soft" }, say("lensNote")),
      tableOf([[say("token")], ...lens.map((one) => [name(one)]), [say("target")]], rows, "lens"),
    ];
  },

  losses(app) {
    const { sentence, update } = app.record,
      { say } = app,
      losses = app.a.losses.data,
      largest = Math.max(...losses) || 1;
    const rows = sentence.labels.map((label, t) => [
      element("td", {}, bdi(label)),
      element("td", {}, sentence.targets[t] === -100 ? "—" : bdi(sentence.targetLabels[t])),
      cellOfNumber(sentence.targets[t] === -100 ? "—" : `${(100 * update.before[t]).toFixed(1)}%`),
      cellOfNumber(show(losses[t])),
      element(
        "td",
        {},
        element("span", {
          class: "barcell",
          style: `width:${(140 * losses[t]) / largest}px;background:#cc4c02`,
        }),
      ),
    ]);
    return [
      element("p", { class: "verdict" }, `${say("loss")} = ${show(app.a.loss.data[0], 6)}`),
      tableOf([[say("token")], [say("target")], [say("probability"), "n"], [say("loss"), "n"], [""]], rows),
    ];
  },

  flow(app) {
    const { flow } = app.record,
      { say } = app,
      T = app.labels.length;
    const size = (row) => Math.sqrt(row.reduce((s, x) => s + x * x, 0));
    const largest = Math.max(...flow.rows.flatMap((row) => [...row.past, ...row.through]), ...flow.end) || 1;
    const width = Math.max(520, Math.min(640, app.middleWidth() - 10)),
      cellWidth = Math.floor((width - 150) / T / 2),
      h = 16;
    const parts = [],
      columns = [150, 150 + cellWidth * T + 12];
    [say("past"), say("through")].forEach((text, i) =>
      parts.push(`<text x="${columns[i]}" y="12">${text}</text>`),
    );
    app.labels.forEach((label, t) =>
      columns.forEach((x) =>
        parts.push(
          `<text transform="translate(${x + (t + 0.5) * cellWidth + 3},52) rotate(-90)" style="font-size:10px">${escaped(label)}</text>`,
        ),
      ),
    );
    const lines = [
      ...flow.rows.map((row) => ({
        ...row,
        text: `${say("block", { i: row.layer + 1, n: app.record.config.L }).split(/ of |，/)[0]} · ${say(row.part === "attn" ? "attention" : "feed")}`,
      })),
      { past: flow.end, through: null, text: say("embedding") },
    ];
    lines.forEach((row, r) => {
      const y = 58 + r * (h + 3);
      parts.push(`<text x="144" y="${y + 12}" text-anchor="end">${row.text}</text>`);
      [row.past, row.through].forEach(
        (values, i) =>
          values &&
          values.forEach((x, t) =>
            parts.push(
              `<rect x="${columns[i] + t * cellWidth}" y="${y}" width="${cellWidth - 0.5}" height="${h}" fill="${colour(x, largest)}" stroke="rgba(128,128,128,.3)" stroke-width=".5"><title>${escaped(app.labels[t])}: ${show(x)}</title></rect>`,
            ),
          ),
      );
    });
    const rows = lines.map((row) => [
      cellOfText(row.text),
      cellOfNumber(show(size(row.past))),
      cellOfNumber(row.through ? show(size(row.through)) : ""),
    ]);
    const picture = svg(
      width,
      66 + lines.length * (h + 3),
      parts.join(""),
      `class="chart" role="img" style="width:${width}px;max-width:none"`,
    );
    return [
      element("div", { class: "wide" }, picture),
      tableOf([[""], [say("past"), "n"], [say("through"), "n"]], rows),
    ];
  },

  rows(app) {
    const { say } = app,
      rows = app.record.update.rows,
      tied = app.record.config.tied;
    const parts = tied ? ["wte.weight.as_table", "wte.weight.as_head"] : ["wte.weight"];
    const size = (name, row) =>
      Math.sqrt(range(app.record.config.C).reduce((s, c) => s + at(app.d[name], [row, c]) ** 2, 0));
    const shown = app.rowsOfVocabulary(),
      columns = parts.map((name) => shown.map((row) => size(name, row)));
    const largest = Math.max(...columns.flat()) || 1,
      furthest = Math.max(...shown.map((row) => rows[row])) || 1;
    const bar = (x, most, c) =>
      element(
        "td",
        {},
        element("span", {
          class: "barcell",
          title: show(x),
          style: `width:${(110 * x) / most}px;background:${c}`,
        }),
      );
    const body = shown.map((row, k) => [
      element("td", {}, bdi(app.vocabulary[row])),
      cellOfNumber(String(app.engine.ids.filter((id) => app.engine.rowOf.get(id) === row).length || "")),
      ...columns.map((column) => bar(column[k], largest, "#cc4c02")),
      bar(rows[row], furthest, "#00549f"),
    ]);
    const heads = parts.map((name) => [`‖d${shortName(name).replace("weight.", "")}‖`]);
    return [
      element("p", { class: "soft" }, say("rowsNote")),
      tableOf([[say("token")], [say("count"), "n"], ...heads, [say("moveRow")]], body),
    ];
  },

  parameters(app, stop) {
    const { say } = app,
      { update } = app.record;
    const largest = Math.max(...update.params.map((param) => param.g)) || 1;
    const rows = update.params.map((param) => [
      cellOfText(param.name),
      element("td", { class: "soft" }, param.shape.join(" × ")),
      cellOfNumber(show(param.g)),
      element(
        "td",
        {},
        element("span", {
          class: "barcell",
          style: `width:${(120 * param.g) / largest}px;background:#cc4c02`,
        }),
      ),
    ]);
    const box = element("div");
    const fill = () => {
      const { name } = { name: app.parameter };
      stop.arrays = [];
      stop.colours[formulaName(name)] = 0;
      box.replaceChildren();
      const extra =
        name === "wte.weight" && app.record.config.tied ? ["wte.weight.as_table", "wte.weight.as_head"] : [];
      const saved = stop.arrays;
      stop.arrays = [name, ...extra].map((n) => ({ kind: "parameter", name: n, role: "" }));
      app.buildArrays(stop, box);
      stop.arrays = saved;
      for (const canvas of box.querySelectorAll("canvas")) app.observer.observe(canvas);
    };
    fill();
    return [
      parameterChoice(app, fill),
      box,
      tableOf([[say("parameter")], [""], [say("norm"), "n"], [""]], rows),
    ];
  },

  clip(app) {
    const { norm, maxNorm } = app.record.optimizer,
      { say } = app;
    const clips = norm > maxNorm && maxNorm > 0;
    const text = say(clips ? "scaleBy" : "noClip", {
      norm: show(norm),
      limit: maxNorm,
      scale: show(maxNorm / norm),
    });
    const wide = Math.max(norm, maxNorm),
      bar = (x, c) =>
        element("div", {
          style: `height:14px;margin:4px 0;width:${(92 * x) / wide}%;background:${c};border-radius:2px`,
        });
    return [
      element("p", { class: "verdict" }, text),
      bar(norm, "#cc4c02"),
      bar(Math.min(norm, maxNorm), "#00549f"),
    ];
  },

  adamw(app, stop) {
    const { say } = app,
      { t } = app.record.optimizer,
      box = element("div");
    stop.colours = { m: 0, v: 1, m_hat: 2, v_hat: 3, move: 4, clipped: 5 };
    const fill = () => {
      const name = app.parameter,
        wide = app.middleWidth();
      const array = app.engine.w[name],
        rank = array.shape.length;
      const vocabulary = app.isVocabulary(name);
      const rows =
        rank === 1 ? [0] : vocabulary ? app.rowsOfVocabulary() : range(array.shape[0]).slice(0, MOST_ROWS);
      const columns = range(array.shape[rank - 1]).slice(0, MOST_COLUMNS);
      const label = rank === 1 ? 4 : 48,
        pairs = (wide - 2 * label - 20) / 2 / columns.length;
      const cell = {
        w: Math.max(6, Math.min(36, Math.floor(pairs >= 8 ? pairs : (wide - label - 8) / columns.length))),
        h: 14,
      };
      const panels = element("div", { class: "panels" });
      const update = app.derivation.updateOf(name);
      for (const what of ["clipped", "m", "v", "m_hat", "v_hat", "move"]) {
        const values = update[what];
        const panel = new HeatPanel(
          { kind: "u", name: `${what}:${name}`, array: values, wrong: null },
          {
            rows,
            columns,
            index: rank === 1 ? (_, c) => [c] : (r, c) => [r, c],
            rowLabels: rank === 1 ? null : vocabulary ? app.vocabulary : rows.map(String),
            columnLabels: null,
            labelWidth: label,
            cell,
            largest: largestOf(values),
            largestRight: 1,
            app,
          },
        );
        panel.layout();
        Object.assign(panel.canvas.style, { width: panel.width + "px", height: panel.height + "px" });
        panel.canvas.width = panel.canvas.height = 0;
        app.observer.observe(panel.canvas);
        panels.append(
          element(
            "figure",
            { class: "panel" },
            element("figcaption", { html: `${app.coloured(stop, what)} ±${show(panel.largest, 2)}` }),
            panel.canvas,
          ),
        );
      }
      box.replaceChildren(panels);
    };
    fill();
    const note = app.record.moments ? say("ongoing", { t: t - 1 }) : say("fresh");
    return [element("p", { class: "soft" }, note), parameterChoice(app, fill), box];
  },

  after(app) {
    const { update, sentence, optimizer } = app.record,
      { say } = app;
    const promised = update.params.reduce((s, param) => s + param.promise, 0),
      n = update.rates.length;
    const box = element("div"),
      output = element("output");
    const input = element("input", {
      type: "range",
      min: 0,
      max: n - 1,
      value: app.rate,
      id: "rate",
      "aria-label": say("rate"),
    });
    const change = (i) => (update.losses[i] === null ? NaN : update.losses[i] - update.loss);
    const fill = () => {
      const i = app.rate,
        rate = update.rates[i],
        lr = optimizer.lr * rate;
      output.textContent = `${say("rate")} ${show(lr, 3)}`;
      const truth = update.rates.map((r, k) => [Math.log10(r * optimizer.lr), change(k)]);
      const promise = update.rates.map((r) => [Math.log10(r * optimizer.lr), promised * r]);
      const finite = truth.map((p) => p[1]).filter(Number.isFinite),
        low = Math.min(...finite, 0) * 1.6,
        high = Math.max(0.5 * Math.abs(low), Math.min(Math.max(...finite), 3 * Math.abs(low)));
      const picture = chart(
        [
          { class: "a", points: promise },
          { class: "b", points: truth },
        ],
        {
          xLabel: say("rate"),
          yLabel: say("change"),
          low,
          high,
          xText: (x) => show(10 ** x, 2),
          marker: { x: Math.log10(lr), ys: [promised * rate, change(i)] },
        },
      );
      const verdict = say("totals", {
        before: show(update.loss, 5),
        after: update.losses[i] === null ? say("beyond") : show(update.losses[i], 5),
        change: show(change(i)),
        promise: show(promised * rate),
      });
      const rows = sentence.labels.map((label, t) => {
        const before = update.before[t],
          after = update.probs[i][t],
          counted = sentence.targets[t] !== -100;
        const bar = (p, c) =>
          element("span", {
            class: "barcell",
            style: `width:${Math.max(1, 90 * p)}px;background:${c};display:block;height:5px;margin:2px 0`,
          });
        return [
          element("td", {}, bdi(label)),
          element("td", {}, counted ? bdi(sentence.targetLabels[t]) : "—"),
          cellOfNumber(counted ? `${(100 * before).toFixed(1)}%` : "—"),
          cellOfNumber(counted ? `${(100 * after).toFixed(1)}%` : "—"),
          element(
            "td",
            {},
            ...(counted ? [bar(before, "#9aa"), bar(after, after >= before ? "#00549f" : "#cc4c02")] : []),
          ),
        ];
      });
      const largest = Math.max(...update.params.map((param) => Math.abs(param.promise))) || 1;
      const params = update.params.map((param) => [
        cellOfText(param.name),
        cellOfNumber(show(param.move * rate)),
        cellOfNumber(show(param.largest * rate)),
        cellOfNumber(show(param.promise * rate)),
        element(
          "td",
          {},
          element("span", {
            class: "barcell",
            style: `width:${(90 * Math.abs(param.promise)) / largest}px;background:${param.promise < 0 ? "#00549f" : "#cc4c02"}`,
          }),
        ),
      ]);
      box.replaceChildren(
        element("p", { class: "verdict", id: "verdict" }, verdict),
        legend([say("promise"), "#0a63a8"], [say("truth"), "#cc4c02"]),
        picture,
        tableOf([[say("token")], [say("target")], [say("before"), "n"], [say("after"), "n"], [""]], rows),
        tableOf(
          [[say("parameter")], [say("moved"), "n"], [say("largest"), "n"], ["Σ g·Δw", "n"], [""]],
          params,
        ),
      );
    };
    input.oninput = () => ((app.rate = Number(input.value)), fill());
    fill();
    return [
      element("div", { class: "controls" }, input, output),
      box,
      element("p", { class: "soft" }, say("lr_note", { n })),
    ];
  },

  bug(app) {
    const { bug } = app.record,
      { say } = app,
      lines = app.plantedLines();
    const name = app.language === "zh" ? bug.zh : bug.name;
    const code = element(
      "div",
      { class: "code" },
      element(
        "pre",
        {},
        ...lines.right.map((line) => element("span", { class: "cut" }, line.trimStart())),
        ...lines.lines.map((line) => element("span", { class: "planted" }, line.trimStart() || "(…)")),
      ),
    );
    const points = (losses) =>
      losses.map((loss, i) => [i + 1, Number.isFinite(loss) ? smooth(losses, i) : NaN]);
    const picture = chart(
      [
        { class: "a", points: points(bug.curves.right) },
        { class: "b", points: points(bug.curves.wrong) },
      ],
      { xLabel: say("step"), yLabel: say("loss"), xText: (x) => String(Math.round(x)) },
    );
    const table = bug.changed.length
      ? [
          element("p", { class: "verdict" }, say("wrongArrays")),
          tableOf(
            [],
            [...bug.changed]
              .sort((x, y) => y.error - x.error)
              .slice(0, 24)
              .map((one) => [
                element(
                  "td",
                  {},
                  element(
                    "button",
                    { type: "button", onclick: () => app.goToArray("d", one.name) },
                    "d " + one.name,
                  ),
                  bug.d[one.name] ? "" : ` ${say("notOnPage")}`,
                ),
                cellOfNumber(show(one.error, 2)),
                element(
                  "td",
                  {},
                  element("span", {
                    class: "barcell",
                    style: `width:${Math.min(120, 60 * one.error)}px;background:var(--wrong)`,
                  }),
                ),
              ]),
          ),
        ]
      : [element("p", { class: "verdict" }, say("nothingWrong"))];
    return [
      element("p", { class: "verdict wrongname" }, name),
      code,
      element("p", { class: "soft" }, say("bothFall", { n: bug.curves.right.length })),
      legend([say("right"), "#0a63a8"], [say("wrong"), "#cc4c02"]),
      picture,
      ...table,
    ];
  },
};

function smooth(losses, i) {
  const near = losses.slice(Math.max(0, i - 4), i + 5);
  return near.reduce((s, x) => s + x, 0) / near.length;
}

function parameterChoice(app, fill) {
  const select = element("select", { "aria-label": app.say("chooseParameter") });
  for (const name of Object.keys(app.engine.w)) select.append(element("option", { value: name }, name));
  select.value = app.parameter;
  select.onchange = () => ((app.parameter = select.value), fill());
  return element("div", { class: "controls" }, app.say("chooseParameter"), select);
}
