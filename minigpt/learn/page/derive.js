// How a number came about: every cell of every array as an expression of the cells that it was made from.
// An expression can be evaluated, written in symbols, and written in numbers.
//
// A cell is {kind, name, index}: kind "a" for a value, "d" for its gradient, "w" for a parameter, "u" for a
// quantity of the update (name "m:wte.weight"). Parameters' gradients have the kind "d" as well.

const number = (value, symbol = null) => ({ op: "number", value, symbol });
const times = (...parts) => ({ op: "·", parts });
const plus = (...parts) => ({ op: "+", parts });
const minus = (x, y) => ({ op: "−", parts: [x, y] });
const over = (x, y) => ({ op: "/", parts: [x, y] });
const negative = (x) => ({ op: "neg", parts: [x] });
const call = (name, f, x) => ({ op: "call", name, f, parts: [x] });
const sum = (symbols, parts) => ({ op: "Σ", symbols, parts });
const named = (symbol, x) => ({ op: "named", symbol, parts: [x] });
const squared = (x) => ({ op: "²", parts: [x] });

function value(e) {
  const parts = () => e.parts.map(value);
  switch (e.op) {
    case "number":
      return e.value;
    case "cell":
      return e.value;
    case "·":
      return parts().reduce((x, y) => x * y);
    case "+":
    case "Σ":
      return parts().reduce((x, y) => x + y, 0);
    case "−":
      return value(e.parts[0]) - value(e.parts[1]);
    case "/":
      return value(e.parts[0]) / value(e.parts[1]);
    case "neg":
      return -value(e.parts[0]);
    case "²":
      return value(e.parts[0]) ** 2;
    case "call":
      return e.f(value(e.parts[0]));
    case "named":
      return value(e.parts[0]);
  }
}

function cellsOf(e) {
  return e.op === "cell" ? [e] : (e.parts || []).flatMap(cellsOf);
}

class Derivation extends Uses {
  constructor(engine, a, d) {
    super();
    Object.assign(this, { engine, a, d, w: engine.w, c: engine.config });
    this.updates = new Map();
  }

  array(kind, name) {
    if (kind === "u") {
      const [what, parameter] = name.split(":");
      return this.updateOf(parameter)[what];
    }
    return { a: this.a, d: this.d, w: this.w }[kind][name];
  }

  updateOf(name) {
    if (!this.updates.has(name)) {
      const moments = this.engine.record.moments;
      const old = (which) => (moments ? unpacked(moments[which][name]).data : null);
      const m = old("m"),
        v = old("v");
      const before = { m: (_, i) => (m ? m[i] : 0), v: (_, i) => (v ? v[i] : 0) };
      this.updates.set(name, { ...this.engine.update(name, this.d, before), before });
    }
    return this.updates.get(name);
  }

  cell(kind, name, ...index) {
    return { op: "cell", kind, name, index, value: at(this.array(kind, name), index) };
  }

  // The expression of a cell; null for what is given: a parameter, and what other layers send.
  of(kind, name, index) {
    if (kind === "a") return this.forward(name, index);
    if (kind === "u") return this.update(name, index);
    if (kind === "w") return null;
    return name in this.w || /\.as_(table|head)$/.test(name)
      ? this.parameter(name, index)
      : this.backward(name, index);
  }

  linear(x, base, [t, o]) {
    const W = base + ".weight";
    const terms = range(this.w[W].shape[0]).map((i) =>
      times(this.cell("a", x, t, i), this.cell("w", W, i, o)),
    );
    return plus(sum("i", terms), this.cell("w", base + ".bias", o));
  }

  linearBack(dy, base, [t, i]) {
    const W = base + ".weight";
    return sum(
      "o",
      range(this.w[W].shape[1]).map((o) => times(this.cell("d", dy, t, o), this.cell("w", W, i, o))),
    );
  }

  // Where LayerNorm `ln` takes its input from.
  inputOf(ln) {
    if (ln === "ln_f") return `h.${this.c.L - 1}.x_mlp`;
    const [, i, which] = /^h\.(\d+)\.ln_(\d)$/.exec(ln);
    if (which === "2") return `h.${i}.x_attn`;
    return i === "0" ? "x" : `h.${i - 1}.x_mlp`;
  }

  inputCell(ln, t, c) {
    return this.cell("a", this.inputOf(ln), t, c);
  }

  forward(name, index) {
    const a = (n, ...i) => this.cell("a", n, ...i),
      w = (n, ...i) => this.cell("w", n, ...i);
    const { C, H } = this.c,
      D = C / H,
      [t, c] = index;
    const ln = /^(.*ln_\w)(\.\w+)?$/.exec(name);
    if (ln) {
      const base = ln[1],
        x = (k) => this.inputCell(base, t, k);
      switch (ln[2]) {
        case ".mean":
          return over(sum("c", range(C).map(x)), number(C, "C"));
        case ".var":
          return over(
            sum(
              "c",
              range(C).map((k) => squared(minus(x(k), a(base + ".mean", t, 0)))),
            ),
            number(C, "C"),
          );
        case ".sigma":
          return call("√", Math.sqrt, plus(a(base + ".var", t, 0), number(this.engine.eps, "ε")));
        case ".n":
          return over(minus(x(c), a(base + ".mean", t, 0)), a(base + ".sigma", t, 0));
        default:
          return plus(times(a(base + ".n", t, c), w(base + ".weight", c)), w(base + ".bias", c));
      }
    }
    const block = /^(h\.(\d+)\.)(.*)$/.exec(name);
    if (block && !this.engine.layers.includes(Number(block[2]))) return null;
    if (block) {
      const [, h, i, part] = block;
      const [head, row, column] = index;
      switch (part) {
        case "attn.qkv":
          return this.linear(h + "ln_1", h + "attn.c_attn", index);
        case "attn.q":
        case "attn.k":
        case "attn.v":
          return a(h + "attn.qkv", row, "qkv".indexOf(part[5]) * C + head * D + column);
        case "attn.S": {
          const terms = range(D).map((k) =>
            times(a(h + "attn.q", head, row, k), a(h + "attn.k", head, column, k)),
          );
          return over(sum("d", terms), number(Math.sqrt(D), "√D"));
        }
        case "attn.S_masked":
          return column > row ? number(-Infinity, "−∞") : a(h + "attn.S", ...index);
        case "attn.P": {
          const scores = range(row + 1).map((j) => a(h + "attn.S_masked", head, row, j));
          const peak = number(Math.max(...scores.map(value)), "max");
          if (column > row) return number(0);
          const total = named(
            "Z",
            sum(
              "j",
              scores.map((s) => call("exp", Math.exp, minus(s, peak))),
            ),
          );
          return over(call("exp", Math.exp, minus(a(h + "attn.S_masked", ...index), peak)), total);
        }
        case "attn.y":
          return sum(
            "j",
            range(row + 1).map((j) => times(a(h + "attn.P", head, row, j), a(h + "attn.v", head, j, column))),
          );
        case "attn.y_joined":
          return a(h + "attn.y", Math.floor(c / D), t, c % D);
        case "attn.c_proj":
          return this.linear(h + "attn.y_joined", h + "attn.c_proj", index);
        case "x_attn":
          return plus(this.inputCell(h + "ln_1", t, c), a(h + "attn.c_proj", t, c));
        case "mlp.c_fc":
          return this.linear(h + "ln_2", h + "mlp.c_fc", index);
        case "mlp.gelu.u": {
          const z = a(h + "mlp.c_fc", t, c);
          return times(
            number(GELU_SCALE, "√(2/π)"),
            plus(
              z,
              times(
                number(CUBIC, "A"),
                call("cube", (x) => x ** 3, z),
              ),
            ),
          );
        }
        case "mlp.gelu.gate":
          return over(plus(number(1), call("tanh", Math.tanh, a(h + "mlp.gelu.u", t, c))), number(2));
        case "mlp.gelu":
          return times(a(h + "mlp.c_fc", t, c), a(h + "mlp.gelu.gate", t, c));
        case "mlp.c_proj":
          return this.linear(h + "mlp.gelu", h + "mlp.c_proj", index);
        case "x_mlp":
          return plus(a(h + "x_attn", t, c), a(h + "mlp.c_proj", t, c));
      }
    }
    switch (name) {
      case "wte":
        return w("wte.weight", this.engine.rowOf.get(this.engine.ids[t]), c);
      case "wpe":
        return w("wpe.weight", t, c);
      case "x":
        return plus(a("wte", t, c), a("wpe", t, c));
      case "logits":
        return sum(
          "c",
          range(C).map((k) => times(a("ln_f", t, k), w(this.engine.headName, c, k))),
        );
      case "probs": {
        const lse = this.engine.given.logsumexp;
        if (lse) return call("exp", Math.exp, minus(a("logits", t, c), number(lse.data[t], "ln Z")));
        const scores = range(this.a.logits.shape[1]).map((v) => a("logits", t, v));
        const peak = number(Math.max(...scores.map(value)), "max");
        const total = named(
          "Z",
          sum(
            "v",
            scores.map((s) => call("exp", Math.exp, minus(s, peak))),
          ),
        );
        return over(call("exp", Math.exp, minus(a("logits", t, c), peak)), total);
      }
      case "losses":
        return this.engine.counted[t]
          ? negative(call("ln", Math.log, a("probs", t, this.engine.targetRow(t))))
          : number(0);
      case "loss":
        return over(
          sum(
            "t",
            range(this.c.T).map((k) => a("losses", k)),
          ),
          number(this.engine.N, "N"),
        );
    }
    return null;
  }

  // What the stream's gradient gets through LayerNorm `ln`: the three terms, over σ.
  throughNorm(ln, t, c) {
    const { C } = this.c;
    const dn = (k) => this.cell("d", ln + ".n", t, k),
      n = (k) => this.cell("a", ln + ".n", t, k);
    const mean = named("mean(dn)", over(sum("c", range(C).map(dn)), number(C, "C")));
    const dot = named(
      "mean(dn⊙n)",
      over(
        sum(
          "c",
          range(C).map((k) => times(dn(k), n(k))),
        ),
        number(C, "C"),
      ),
    );
    return over(minus(minus(dn(c), mean), times(n(c), dot)), this.cell("a", ln + ".sigma", t, 0));
  }

  backward(name, index) {
    const a = (n, ...i) => this.cell("a", n, ...i),
      d = (n, ...i) => this.cell("d", n, ...i);
    const w = (n, ...i) => this.cell("w", n, ...i);
    const { C, H, T, L } = this.c,
      D = C / H,
      [t, c] = index;
    const ln = /^(.*ln_\w)(\.\w+)$/.exec(name);
    if (ln) {
      const base = ln[1],
        dn = (k) => d(base + ".n", t, k),
        sigma = a(base + ".sigma", t, 0);
      switch (ln[2]) {
        case ".n":
          return times(d(base, t, c), w(base + ".weight", c));
        case ".sigma":
          return over(
            negative(
              sum(
                "c",
                range(C).map((k) => times(dn(k), a(base + ".n", t, k))),
              ),
            ),
            sigma,
          );
        case ".var":
          return over(d(base + ".sigma", t, 0), times(number(2), sigma));
        case ".mean":
          return over(negative(sum("c", range(C).map(dn))), sigma);
      }
    }
    const block = /^(h\.(\d+)\.)(.*)$/.exec(name);
    if (block) {
      const [, h, layer, part] = block,
        i = Number(layer),
        [head, row, column] = index;
      switch (part) {
        case "x_mlp": {
          if (i === L - 1) return this.throughNorm("ln_f", t, c);
          if (!this.d[`h.${i + 1}.x_attn`]) return null; // of a layer that the page does not hold
          return plus(d(`h.${i + 1}.x_attn`, t, c), this.throughNorm(`h.${i + 1}.ln_1`, t, c));
        }
        case "mlp.c_proj":
          return d(h + "x_mlp", t, c);
        case "mlp.gelu":
          return this.linearBack(h + "mlp.c_proj", h + "mlp.c_proj", index);
        case "mlp.gelu.gate":
          return times(d(h + "mlp.gelu", t, c), a(h + "mlp.c_fc", t, c));
        case "mlp.gelu.u": {
          const gate = a(h + "mlp.gelu.gate", t, c);
          return times(d(h + "mlp.gelu.gate", t, c), number(2), gate, minus(number(1), gate));
        }
        case "mlp.c_fc": {
          const slope = plus(
            number(1),
            times(number(3), number(CUBIC, "A"), squared(a(h + "mlp.c_fc", t, c))),
          );
          return plus(
            times(d(h + "mlp.gelu", t, c), a(h + "mlp.gelu.gate", t, c)),
            times(d(h + "mlp.gelu.u", t, c), number(GELU_SCALE, "√(2/π)"), slope),
          );
        }
        case "ln_2":
          return this.linearBack(h + "mlp.c_fc", h + "mlp.c_fc", index);
        case "x_attn":
          return plus(d(h + "x_mlp", t, c), this.throughNorm(h + "ln_2", t, c));
        case "attn.c_proj":
          return d(h + "x_attn", t, c);
        case "attn.y_joined":
          return this.linearBack(h + "attn.c_proj", h + "attn.c_proj", index);
        case "attn.y":
          return d(h + "attn.y_joined", row, head * D + column);
        case "attn.v": {
          const queries = range(T).filter((q) => q >= row);
          return sum(
            "i",
            queries.map((q) => times(a(h + "attn.P", head, q, row), d(h + "attn.y", head, q, column))),
          );
        }
        case "attn.P":
          return sum(
            "d",
            range(D).map((k) => times(d(h + "attn.y", head, row, k), a(h + "attn.v", head, column, k))),
          );
        case "attn.S_masked": {
          const P = (j) => a(h + "attn.P", head, row, j),
            dP = (j) => d(h + "attn.P", head, row, j);
          const delta = named(
            "δ",
            sum(
              "j",
              range(row + 1).map((j) => times(P(j), dP(j))),
            ),
          );
          return times(P(column), minus(dP(column), delta));
        }
        case "attn.S":
          return column > row ? number(0) : d(h + "attn.S_masked", ...index);
        case "attn.q": {
          const terms = range(row + 1).map((j) =>
            times(d(h + "attn.S", head, row, j), a(h + "attn.k", head, j, column)),
          );
          return over(sum("j", terms), number(Math.sqrt(D), "√D"));
        }
        case "attn.k": {
          const queries = range(T).filter((q) => q >= row);
          const terms = queries.map((q) =>
            times(d(h + "attn.S", head, q, row), a(h + "attn.q", head, q, column)),
          );
          return over(sum("i", terms), number(Math.sqrt(D), "√D"));
        }
        case "attn.qkv": {
          const within = c % C;
          return d(h + "attn." + "qkv"[Math.floor(c / C)], Math.floor(within / D), t, within % D);
        }
        case "ln_1":
          return this.linearBack(h + "attn.qkv", h + "attn.c_attn", index);
      }
    }
    const { counted, N } = this.engine,
      isTarget = counted[t] && this.engine.targetRow(t) === c;
    switch (name) {
      case "loss":
        return number(1);
      case "losses":
        return over(times(d("loss"), number(counted[t], "counted")), number(N, "N"));
      case "probs":
        return isTarget ? over(negative(d("losses", t)), a("probs", t, c)) : number(0);
      case "logits":
        return times(d("losses", t), minus(a("probs", t, c), number(isTarget ? 1 : 0, "onehot")));
      case "ln_f": {
        const terms = range(this.engine.rows.length).map((v) =>
          times(d("logits", t, v), w(this.engine.headName, v, c)),
        );
        if (this.engine.record.whole) return sum("v", terms);
        const here = terms.map(value).reduce((x, y) => x + y, 0);
        return plus(sum("v", terms), number(at(this.d.ln_f, index) - here, "…"));
      }
      case "x":
        return this.d["h.0.x_attn"] ? plus(d("h.0.x_attn", t, c), this.throughNorm("h.0.ln_1", t, c)) : null;
      case "wte":
      case "wpe":
        return d("x", t, c);
    }
    return null;
  }

  parameter(name, index) {
    const a = (n, ...i) => this.cell("a", n, ...i),
      d = (n, ...i) => this.cell("d", n, ...i);
    const T = range(this.c.T),
      [i, o] = index;
    const [, base, which] = /^(.*)\.(weight|bias)(?:\.as_\w+)?$/.exec(name);
    const table = () => {
      const places = T.filter((t) => this.engine.rowOf.get(this.engine.ids[t]) === i);
      return places.length
        ? sum(
            "t",
            places.map((t) => d("wte", t, o)),
          )
        : number(0);
    };
    const head = () =>
      sum(
        "t",
        T.map((t) => times(d("logits", t, i), a("ln_f", t, o))),
      );
    if (name === "wte.weight") {
      return this.w["lm_head.weight"]
        ? table()
        : plus(d("wte.weight.as_table", i, o), d("wte.weight.as_head", i, o));
    }
    if (name.endsWith(".as_table")) return table();
    if (name.endsWith(".as_head") || name === "lm_head.weight") return head();
    if (name === "wpe.weight") return i < this.c.T ? d("wpe", i, o) : number(0);
    if (/ln_\w$/.test(base)) {
      return sum(
        "t",
        T.map((t) => (which === "bias" ? d(base, t, i) : times(d(base, t, i), a(base + ".n", t, i)))),
      );
    }
    const [x, y] = this.aroundLinear(base);
    return which === "bias"
      ? sum(
          "t",
          T.map((t) => d(y, t, i)),
        )
      : sum(
          "t",
          T.map((t) => times(a(x, t, i), d(y, t, o))),
        );
  }

  // What goes into the linear layer of this name, and what comes out.
  aroundLinear(base) {
    const [, h, part] = /^(h\.\d+\.)(.*)$/.exec(base);
    return {
      "attn.c_attn": ["ln_1", "attn.qkv"],
      "attn.c_proj": ["attn.y_joined", "attn.c_proj"],
      "mlp.c_fc": ["ln_2", "mlp.c_fc"],
      "mlp.c_proj": ["mlp.gelu", "mlp.c_proj"],
    }[part].map((name) => h + name);
  }

  update(name, index) {
    const [what, p] = name.split(":"),
      u = (n) => this.cell("u", `${n}:${p}`, ...index);
    const { t, lr, beta1, beta2, eps, decay, maxNorm, norm } = this.engine.record.optimizer;
    const i = flatIndex(this.w[p], index),
      before = this.updateOf(p).before;
    const clips = maxNorm > 0 && norm > maxNorm;
    switch (what) {
      case "clipped": {
        const g = this.cell("d", p, ...index);
        return clips ? times(over(number(maxNorm, "max_norm"), number(norm, "‖g‖")), g) : g;
      }
      case "m":
        return plus(
          times(number(beta1, "β₁"), number(before.m(p, i), "m")),
          times(minus(number(1), number(beta1, "β₁")), u("clipped")),
        );
      case "v":
        return plus(
          times(number(beta2, "β₂"), number(before.v(p, i), "v")),
          times(minus(number(1), number(beta2, "β₂")), squared(u("clipped"))),
        );
      case "m_hat":
        return over(u("m"), number(1 - beta1 ** t, "(1 − β₁ᵗ)"));
      case "v_hat":
        return over(u("v"), number(1 - beta2 ** t, "(1 − β₂ᵗ)"));
      case "move": {
        const adam = over(u("m_hat"), plus(call("√", Math.sqrt, u("v_hat")), number(eps, "ε")));
        const shrink =
          this.w[p].shape.length >= 2 ? [times(number(decay, "λ"), this.cell("w", p, ...index))] : [];
        return times(number(-lr, "−lr"), shrink.length ? plus(adam, ...shrink) : adam);
      }
    }
    return null;
  }
}
