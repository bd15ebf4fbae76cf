// Where a number goes: for every cell the cells that are made from it, on the way forward and on the way back.

const range = (n) => [...Array(n).keys()];

class Uses {
  // Where a cell goes: regions [kind, name, index], an index of null meaning all along that axis.
  uses(kind, name, index) {
    return (
      kind === "a" ? this.usesForward(name, index) : kind === "d" ? this.usesBackward(name, index) : []
    ).filter(([k, n]) => this.array(k, n));
  }

  nextOfStream(i) {
    return i + 1 < this.c.L ? `h.${i + 1}.` : null;
  }

  usesForward(name, index) {
    const { C, H, T } = this.c,
      D = C / H,
      [t, c] = index;
    const norms = (ln) => [
      ["a", ln + ".mean", [t, 0]],
      ["a", ln + ".var", [t, 0]],
      ["a", ln + ".n", [t, c]],
    ];
    const intoBlock = (h) => (h ? [...norms(h + "ln_1"), ["a", h + "x_attn", [t, c]]] : norms("ln_f"));
    const ln = /^(.*ln_\w)(\.\w+)?$/.exec(name);
    if (ln) {
      const base = ln[1];
      switch (ln[2]) {
        case ".mean":
          return [
            ["a", base + ".var", [t, 0]],
            ["a", base + ".n", [t, null]],
          ];
        case ".var":
          return [["a", base + ".sigma", [t, 0]]];
        case ".sigma":
          return [["a", base + ".n", [t, null]]];
        case ".n":
          return [["a", base, [t, c]]];
      }
      const next = { ln_1: "attn.qkv", ln_2: "mlp.c_fc", ln_f: "logits" }[base.slice(-4)];
      return [["a", base.slice(0, -4) + next, [t, null]]];
    }
    const block = /^(h\.(\d+)\.)(.*)$/.exec(name);
    if (!block) {
      return {
        wte: [["a", "x", [t, c]]],
        wpe: [["a", "x", [t, c]]],
        x: intoBlock("h.0."),
        loss: [],
        logits: [["a", "probs", [t, null]]],
        losses: [["a", "loss", []]],
        probs: this.engine.counted[t] && this.engine.targetRow(t) === c ? [["a", "losses", [t]]] : [],
      }[name];
    }
    const [, h, i, part] = block,
      [head, row, column] = index;
    switch (part) {
      case "attn.qkv":
        return [["a", h + "attn." + "qkv"[Math.floor(c / C)], [Math.floor((c % C) / D), t, c % D]]];
      case "attn.q":
        return [["a", h + "attn.S", [head, row, null]]];
      case "attn.k":
        return [["a", h + "attn.S", [head, null, row]]];
      case "attn.v":
        return range(T)
          .filter((q) => q >= row)
          .map((q) => ["a", h + "attn.y", [head, q, column]]);
      case "attn.S":
        return column > row ? [] : [["a", h + "attn.S_masked", index]];
      case "attn.S_masked":
        return column > row ? [] : range(row + 1).map((j) => ["a", h + "attn.P", [head, row, j]]);
      case "attn.P":
        return column > row ? [] : [["a", h + "attn.y", [head, row, null]]];
      case "attn.y":
        return [["a", h + "attn.y_joined", [row, head * D + column]]];
      case "attn.y_joined":
        return [["a", h + "attn.c_proj", [t, null]]];
      case "attn.c_proj":
        return [["a", h + "x_attn", [t, c]]];
      case "x_attn":
        return [...norms(h + "ln_2"), ["a", h + "x_mlp", [t, c]]];
      case "mlp.c_fc":
        return [
          ["a", h + "mlp.gelu.u", [t, c]],
          ["a", h + "mlp.gelu", [t, c]],
        ];
      case "mlp.gelu.u":
        return [["a", h + "mlp.gelu.gate", [t, c]]];
      case "mlp.gelu.gate":
        return [["a", h + "mlp.gelu", [t, c]]];
      case "mlp.gelu":
        return [["a", h + "mlp.c_proj", [t, null]]];
      case "mlp.c_proj":
        return [["a", h + "x_mlp", [t, c]]];
      case "x_mlp":
        return intoBlock(this.nextOfStream(Number(i)));
    }
    return [];
  }

  usesBackward(name, index) {
    const { C, H, T } = this.c,
      D = C / H,
      [t, c] = index;
    const lnPart = /^(.*ln_\w)\.(n|sigma|var|mean)$/.exec(name);
    if (lnPart) {
      const base = lnPart[1];
      if (lnPart[2] === "sigma") return [["d", base + ".var", [t, 0]]];
      if (lnPart[2] !== "n") return [];
      return [
        ["d", base + ".sigma", [t, 0]],
        ["d", base + ".mean", [t, 0]],
        ["d", this.inputOf(base), [t, null]],
      ];
    }
    const ln = /(^|\.)ln_\w$/.test(name);
    if (ln)
      return [
        ["d", name + ".n", [t, c]],
        ["d", name + ".weight", [c]],
        ["d", name + ".bias", [c]],
      ];
    const affine = (base, x) => [
      ["d", x, [t, null]],
      ["d", base + ".weight", [null, c]],
      ["d", base + ".bias", [c]],
    ];
    const block = /^(h\.(\d+)\.)(.*)$/.exec(name);
    if (!block) {
      const row = this.engine.rowOf.get(this.engine.ids[t]),
        tied = !this.w["lm_head.weight"];
      return (
        {
          loss: [["d", "losses", [null]]],
          losses: [
            ["d", "probs", [t, this.engine.counted[t] ? this.engine.targetRow(t) : 0]],
            ["d", "logits", [t, null]],
          ],
          logits: [
            ["d", "ln_f", [t, null]],
            ["d", tied ? "wte.weight.as_head" : "lm_head.weight", [c, null]],
          ],
          probs: [],
          x: [
            ["d", "wte", [t, c]],
            ["d", "wpe", [t, c]],
          ],
          wte: [["d", tied ? "wte.weight.as_table" : "wte.weight", [row, c]]],
          wpe: [["d", "wpe.weight", [t, c]]],
        }[name] || (/\.as_/.test(name) ? [["d", "wte.weight", index]] : [])
      );
    }
    const [, h, i, part] = block,
      [head, row, column] = index;
    const below = Number(i) ? `h.${i - 1}.x_mlp` : "x";
    switch (part) {
      case "x_mlp":
        return [
          ["d", h + "mlp.c_proj", [t, c]],
          ["d", h + "x_attn", [t, c]],
        ];
      case "mlp.c_proj":
        return affine(h + "mlp.c_proj", h + "mlp.gelu");
      case "mlp.gelu":
        return [
          ["d", h + "mlp.gelu.gate", [t, c]],
          ["d", h + "mlp.c_fc", [t, c]],
        ];
      case "mlp.gelu.gate":
        return [["d", h + "mlp.gelu.u", [t, c]]];
      case "mlp.gelu.u":
        return [["d", h + "mlp.c_fc", [t, c]]];
      case "mlp.c_fc":
        return affine(h + "mlp.c_fc", h + "ln_2");
      case "x_attn":
        return [
          ["d", h + "attn.c_proj", [t, c]],
          ["d", below, [t, c]],
        ];
      case "attn.c_proj":
        return affine(h + "attn.c_proj", h + "attn.y_joined");
      case "attn.y_joined":
        return [["d", h + "attn.y", [Math.floor(c / D), t, c % D]]];
      case "attn.y":
        return [
          ["d", h + "attn.P", [head, row, null]],
          ...range(row + 1).map((j) => ["d", h + "attn.v", [head, j, column]]),
        ];
      case "attn.P":
        return [["d", h + "attn.S_masked", column > row ? index : [head, row, null]]];
      case "attn.S_masked":
        return column > row ? [] : [["d", h + "attn.S", index]];
      case "attn.S":
        return column > row
          ? []
          : [
              ["d", h + "attn.q", [head, row, null]],
              ["d", h + "attn.k", [head, column, null]],
            ];
      case "attn.q":
      case "attn.k":
      case "attn.v":
        return [["d", h + "attn.qkv", [row, "qkv".indexOf(part[5]) * C + head * D + column]]];
      case "attn.qkv":
        return affine(h + "attn.c_attn", h + "ln_1");
    }
    return [];
  }
}
