// The way through a step: the list of stops, each with its arrays, in the order of plain.py and back.
//
// An array of a stop is {name, role}: in (it flowed in), out (it flows on), or neither. kind "pair" shows a value
// and its gradient, "parameter" a weight and its gradient, "update" one quantity of AdamW.

// names: the arrays that the page has.
function makeStops(record, names) {
  const { L } = record.config,
    layers = record.layers,
    stops = [];
  const pair = (name, role = "") => ({ kind: "pair", name, role });
  const weight = (name) => ({ kind: "parameter", name, role: "" });
  const stop = (half, type, layer, source, arrays, more = {}) =>
    stops.push({
      id: [half, type, ...(layer === null ? [] : [layer])].join("-") + (more.suffix || ""),
      half,
      type,
      layer,
      source,
      arrays,
      ...more,
    });
  const norm = (ln) => [".mean", ".var", ".sigma", ".n"].map((part) => pair(ln + part));
  const above = (i) => (i + 1 < L ? `h.${i + 1}.ln_1` : "ln_f");
  const below = (i) => (i ? `h.${i - 1}.x_mlp` : "x");

  if (record.bug) stop("bug", "bug", null, [], [], { special: "bug" });

  stop("forward", "text", null, [], [], { special: "text" });
  stop("forward", "embed", null, ["embed"], [pair("wte"), pair("wpe"), pair("x", "out")], { main: "x" });
  for (const i of layers) {
    const h = `h.${i}.`;
    stop(
      "forward",
      "ln",
      i,
      ["layernorm"],
      [pair(below(i), "in"), ...norm(h + "ln_1"), pair(h + "ln_1", "out")],
      { suffix: "-1", main: h + "ln_1" },
    );
    stop(
      "forward",
      "qkv",
      i,
      ["qkv"],
      [
        pair(h + "ln_1", "in"),
        pair(h + "attn.qkv"),
        ...["q", "k", "v"].map((p) => pair(h + "attn." + p, "out")),
      ],
      { main: h + "attn.qkv" },
    );
    stop(
      "forward",
      "scores",
      i,
      ["scores"],
      [
        pair(h + "attn.q", "in"),
        pair(h + "attn.k", "in"),
        pair(h + "attn.S"),
        pair(h + "attn.S_masked", "out"),
      ],
      { main: h + "attn.S" },
    );
    stop(
      "forward",
      "shares",
      i,
      ["shares", "softmax"],
      [pair(h + "attn.S_masked", "in"), pair(h + "attn.P", "out")],
      { special: "attention", main: h + "attn.P" },
    );
    stop(
      "forward",
      "values",
      i,
      ["values"],
      [
        pair(h + "attn.P", "in"),
        pair(h + "attn.v", "in"),
        pair(h + "attn.y"),
        pair(h + "attn.y_joined", "out"),
      ],
      { main: h + "attn.y_joined" },
    );
    stop(
      "forward",
      "attention_out",
      i,
      ["attention_out"],
      [
        pair(h + "attn.y_joined", "in"),
        pair(h + "attn.c_proj"),
        pair(below(i), "in"),
        pair(h + "x_attn", "out"),
      ],
      { main: h + "x_attn" },
    );
    stop(
      "forward",
      "ln",
      i,
      ["layernorm"],
      [pair(h + "x_attn", "in"), ...norm(h + "ln_2"), pair(h + "ln_2", "out")],
      { suffix: "-2", main: h + "ln_2" },
    );
    stop(
      "forward",
      "feed",
      i,
      ["feed"],
      [
        pair(h + "ln_2", "in"),
        pair(h + "mlp.c_fc"),
        pair(h + "mlp.gelu.u"),
        pair(h + "mlp.gelu.gate"),
        pair(h + "mlp.gelu", "out"),
      ],
      { main: h + "mlp.c_fc" },
    );
    stop(
      "forward",
      "feed_out",
      i,
      ["feed_out"],
      [
        pair(h + "mlp.gelu", "in"),
        pair(h + "mlp.c_proj"),
        pair(h + "x_attn", "in"),
        pair(h + "x_mlp", "out"),
      ],
      { main: h + "x_mlp" },
    );
  }
  const last = `h.${L - 1}.x_mlp`;
  stop("forward", "ln", null, ["layernorm"], [pair(last, "in"), ...norm("ln_f"), pair("ln_f", "out")], {
    main: "ln_f",
  });
  stop("forward", "logits", null, ["logits"], [pair("ln_f", "in"), pair("logits"), pair("probs", "out")], {
    main: "logits",
  });
  stop("forward", "lens", null, [], [], { special: "lens" });
  stop("forward", "loss", null, ["loss"], [pair("losses"), pair("loss", "out")], {
    special: "losses",
    main: "losses",
  });

  stop(
    "backward",
    "loss_backward",
    null,
    ["loss_backward", "probs_backward"],
    [pair("loss", "in"), pair("losses"), pair("probs", "out")],
    { main: "losses" },
  );
  stop(
    "backward",
    "head_backward",
    null,
    ["probs_backward", "head_backward"],
    [pair("losses", "in"), pair("logits"), pair("ln_f", "out")],
    { main: "logits" },
  );
  stop(
    "backward",
    "ln_backward",
    null,
    ["ln_f_backward", "layernorm_backward"],
    [pair("ln_f", "in"), ...norm("ln_f").reverse(), pair(last, "out")],
    { main: "ln_f", stream: last },
  );
  for (const i of [...layers].reverse()) {
    const h = `h.${i}.`;
    stop(
      "backward",
      "feed_out_backward",
      i,
      ["feed_out_backward", "linear_backward"],
      [
        pair(h + "x_mlp", "in"),
        pair(h + "mlp.c_proj"),
        pair(h + "mlp.gelu", "out"),
        weight(h + "mlp.c_proj.bias"),
        weight(h + "mlp.c_proj.weight"),
      ],
      { main: h + "x_mlp" },
    );
    stop(
      "backward",
      "feed_backward",
      i,
      ["feed_backward"],
      [
        pair(h + "mlp.gelu", "in"),
        pair(h + "mlp.gelu.gate"),
        pair(h + "mlp.gelu.u"),
        pair(h + "mlp.c_fc", "out"),
      ],
      { main: h + "mlp.c_fc" },
    );
    stop(
      "backward",
      "ln_backward",
      i,
      ["ln_2_backward", "layernorm_backward"],
      [
        pair(h + "mlp.c_fc", "in"),
        pair(h + "ln_2"),
        ...norm(h + "ln_2").reverse(),
        pair(h + "x_attn", "out"),
        weight(h + "mlp.c_fc.weight"),
      ],
      { suffix: "-2", main: h + "ln_2", stream: h + "x_attn" },
    );
    stop(
      "backward",
      "attention_out_backward",
      i,
      ["attention_out_backward", "linear_backward"],
      [
        pair(h + "x_attn", "in"),
        pair(h + "attn.c_proj"),
        pair(h + "attn.y_joined"),
        pair(h + "attn.y", "out"),
        weight(h + "attn.c_proj.weight"),
      ],
      { main: h + "x_attn" },
    );
    stop(
      "backward",
      "values_backward",
      i,
      ["values_backward"],
      [pair(h + "attn.y", "in"), pair(h + "attn.v", "out"), pair(h + "attn.P", "out")],
      { main: h + "attn.y_joined" },
    );
    stop(
      "backward",
      "shares_backward",
      i,
      ["shares_backward"],
      [pair(h + "attn.P", "in"), pair(h + "attn.S_masked"), pair(h + "attn.S", "out")],
      { main: h + "attn.P" },
    );
    stop(
      "backward",
      "scores_backward",
      i,
      ["scores_backward"],
      [
        pair(h + "attn.S", "in"),
        pair(h + "attn.q"),
        pair(h + "attn.k"),
        pair(h + "attn.v", "in"),
        pair(h + "attn.qkv", "out"),
      ],
      { main: h + "attn.S" },
    );
    stop(
      "backward",
      "ln_backward",
      i,
      ["ln_1_backward", "layernorm_backward"],
      [
        pair(h + "attn.qkv", "in"),
        pair(h + "ln_1"),
        ...norm(h + "ln_1").reverse(),
        pair(below(i), "out"),
        weight(h + "attn.c_attn.weight"),
      ],
      { suffix: "-1", main: h + "attn.qkv", stream: below(i) },
    );
  }
  const terms = record.config.tied
    ? ["wte.weight.as_table", "wte.weight.as_head", "wte.weight"]
    : ["wte.weight", "lm_head.weight"];
  stop(
    "backward",
    "embed_backward",
    null,
    ["embed_backward"],
    [pair("x", "in"), pair("wte"), pair("wpe"), ...terms.map(weight), weight("wpe.weight")],
    { main: "x", special: "rows" },
  );
  stop("backward", "flow", null, [], [], { special: "flow" });

  stop("update", "parameters", null, ["linear_backward"], [], { special: "parameters" });
  stop("update", "clip", null, ["clip"], [], { special: "clip" });
  stop("update", "adamw", null, ["adamw"], [], { special: "adamw" });
  stop("update", "after", null, [], [], { special: "after" });
  for (const s of stops) s.arrays = s.arrays.filter((array) => names.has(array.name));
  return stops.map((s, number) => ({ ...s, number }));
}

// "h.0.attn.S" -> "S"; a gradient is dS.
function shortName(name) {
  return name
    .replace(/^h\.\d+\./, "")
    .replace(/^(attn|mlp)\./, "")
    .replace(/^gelu\./, "")
    .replace(/^ln_\w\.(mean|var|sigma|n)$/, "$1");
}

// The name by which a formula of STOPS calls an array.
function formulaName(name) {
  const short = shortName(name);
  return /^ln_\w$/.test(short) ? "ln" : short;
}
