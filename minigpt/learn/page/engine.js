// The GPT of plain.py once more, for one sentence: the same lines, the same names, in float64.
// Arrays are {shape, data}; those of plain.py lose their first axis B, which is 1 here.

const CUBIC = 0.044715;
const GELU_SCALE = Math.sqrt(2 / Math.PI);

function zeros(...shape) {
  return { shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) };
}

function generate(shape, f) {
  const array = zeros(...shape);
  for (let i = 0; i < array.data.length; i++) array.data[i] = f(i);
  return array;
}

function unpacked(stored) {
  const text = atob(stored.data),
    bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const numbers = stored.type === "f4" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
  return { shape: stored.shape, data: new Float64Array(numbers) };
}

function flatIndex(array, index) {
  return index.reduce((flat, i, axis) => flat * array.shape[axis] + i, 0);
}

function at(array, index) {
  return array.data[flatIndex(array, index)];
}

function add(x, y) {
  return generate(x.shape, (i) => x.data[i] + y.data[i]);
}

// x (T, I) @ w (I, O) + b (O)
function linear(x, w, b) {
  const [T, I] = x.shape,
    O = w.shape[1];
  const y = zeros(T, O);
  for (let t = 0; t < T; t++) {
    const row = y.data.subarray(t * O, (t + 1) * O);
    for (let i = 0; i < I; i++) {
      const value = x.data[t * I + i],
        start = i * O;
      for (let o = 0; o < O; o++) row[o] += value * w.data[start + o];
    }
    for (let o = 0; o < O; o++) row[o] += b.data[o];
  }
  return y;
}

// dy (T, O) @ w.T for w (I, O); with rows = true, dy (T, V) @ w for w (V, C)
function linearBackward(dy, w, d, name, x) {
  const [T, O] = dy.shape,
    I = w.shape[0];
  const dw = zeros(I, O),
    db = zeros(O),
    dx = zeros(T, I);
  for (let t = 0; t < T; t++) {
    const row = dy.data.subarray(t * O, (t + 1) * O);
    for (let o = 0; o < O; o++) db.data[o] += row[o];
    for (let i = 0; i < I; i++) {
      const value = x.data[t * I + i],
        start = i * O;
      let sum = 0;
      for (let o = 0; o < O; o++) {
        sum += row[o] * w.data[start + o];
        dw.data[start + o] += value * row[o];
      }
      dx.data[t * I + i] = sum;
    }
  }
  d[name + ".bias"] = db;
  d[name + ".weight"] = dw;
  return dx;
}

function splitHeads(x, H) {
  const [T, C] = x.shape,
    D = C / H;
  return generate(
    [H, T, D],
    (i) => x.data[(Math.floor(i / D) % T) * C + Math.floor(i / (T * D)) * D + (i % D)],
  );
}

function joinHeads(x) {
  const [H, T, D] = x.shape,
    C = H * D;
  return generate([T, C], (i) => {
    const t = Math.floor(i / C),
      c = i % C;
    return x.data[(Math.floor(c / D) * T + t) * D + (c % D)];
  });
}

class Engine {
  // record: what Python stored. whole: all layers are here; otherwise `given` says what enters each of them.
  constructor(record) {
    this.record = record;
    this.config = record.config;
    this.eps = record.config.eps;
    this.layers = record.layers;
    this.w = {};
    for (const [name, stored] of Object.entries(record.params)) this.w[name] = unpacked(stored);
    this.given = {};
    for (const [name, stored] of Object.entries(record.given)) this.given[name] = unpacked(stored);
    this.rows = record.vocabulary.rows || [...Array(record.config.V).keys()];
    this.rowOf = new Map(this.rows.map((token, row) => [token, row]));
    this.ids = record.sentence.ids;
    this.targets = record.sentence.targets;
    this.counted = this.targets.map((target) => (target === -100 ? 0 : 1));
    this.N = Math.max(
      1,
      this.counted.reduce((a, b) => a + b, 0),
    );
    this.head = this.w["lm_head.weight"] || this.w["wte.weight"];
    this.headName = this.w["lm_head.weight"] ? "lm_head.weight" : "wte.weight";
  }

  targetRow(t) {
    return this.rowOf.get(this.targets[t]);
  }

  layernorm(x, w, keep, name) {
    const [T, C] = x.shape;
    const mean = keep(
      name + ".mean",
      generate([T, 1], (t) => {
        let sum = 0;
        for (let c = 0; c < C; c++) sum += x.data[t * C + c];
        return sum / C;
      }),
    );
    const variance = keep(
      name + ".var",
      generate([T, 1], (t) => {
        let sum = 0;
        for (let c = 0; c < C; c++) sum += (x.data[t * C + c] - mean.data[t]) ** 2;
        return sum / C;
      }),
    );
    const sigma = keep(
      name + ".sigma",
      generate([T, 1], (t) => Math.sqrt(variance.data[t] + this.eps)),
    );
    const n = keep(
      name + ".n",
      generate([T, C], (i) => {
        const t = Math.floor(i / C);
        return (x.data[i] - mean.data[t]) / sigma.data[t];
      }),
    );
    const weight = w[name + ".weight"].data,
      bias = w[name + ".bias"].data;
    return keep(
      name,
      generate([T, C], (i) => n.data[i] * weight[i % C] + bias[i % C]),
    );
  }

  // The arrays by name. nudge {name, index, by} adds to one number of one array on the way, and `from` gives
  // arrays of a run before: what lies below the nudged block is taken from there.
  forward(nudge = null, from = null) {
    const a = {},
      w = this.w,
      { H, C, T, L } = this.config,
      D = C / H,
      root = Math.sqrt(D);
    const keep = (name, array) => {
      if (nudge && nudge.name === name) {
        array = { shape: array.shape, data: array.data.slice() };
        array.data[flatIndex(array, nudge.index)] += nudge.by;
      }
      return (a[name] = array);
    };
    const block = nudge && /^h\.(\d+)\./.exec(nudge.name);
    const first = !nudge || !from ? 0 : block ? Number(block[1]) : /^w[tp]e$|^x$/.test(nudge.name) ? 0 : L;
    let x;
    if (first === 0) {
      const table = w["wte.weight"].data,
        places = w["wpe.weight"].data;
      const wte = keep(
        "wte",
        generate([T, C], (i) => table[this.rowOf.get(this.ids[Math.floor(i / C)]) * C + (i % C)]),
      );
      const wpe = keep(
        "wpe",
        generate([T, C], (i) => places[i]),
      );
      x = keep("x", add(wte, wpe));
    } else x = from[`h.${first - 1}.x_mlp`];
    for (const i of this.layers) {
      if (i < first) continue;
      const h = `h.${i}.`;
      const input = this.given[`x of h.${i}`];
      if (input) x = i ? keep(`h.${i - 1}.x_mlp`, input) : input;
      const ln1 = this.layernorm(x, w, keep, h + "ln_1");
      const qkv = keep(h + "attn.qkv", linear(ln1, w[h + "attn.c_attn.weight"], w[h + "attn.c_attn.bias"]));
      const part = (p) =>
        splitHeads(
          generate([T, C], (n) => qkv.data[Math.floor(n / C) * 3 * C + p * C + (n % C)]),
          H,
        );
      const q = keep(h + "attn.q", part(0)),
        k = keep(h + "attn.k", part(1)),
        v = keep(h + "attn.v", part(2));
      const S = keep(
        h + "attn.S",
        generate([H, T, T], (n) => {
          const j = n % T,
            row = Math.floor(n / T),
            head = Math.floor(row / T);
          let sum = 0;
          for (let c = 0; c < D; c++) sum += q.data[row * D + c] * k.data[(head * T + j) * D + c];
          return sum / root;
        }),
      );
      const masked = keep(
        h + "attn.S_masked",
        generate([H, T, T], (n) => (n % T > Math.floor(n / T) % T ? -Infinity : S.data[n])),
      );
      const P = keep(h + "attn.P", softmax(masked));
      const y = keep(
        h + "attn.y",
        generate([H, T, D], (n) => {
          const c = n % D,
            row = Math.floor(n / D),
            head = Math.floor(row / T);
          let sum = 0;
          for (let j = 0; j < T; j++) sum += P.data[row * T + j] * v.data[(head * T + j) * D + c];
          return sum;
        }),
      );
      const joined = keep(h + "attn.y_joined", joinHeads(y));
      const out = keep(
        h + "attn.c_proj",
        linear(joined, w[h + "attn.c_proj.weight"], w[h + "attn.c_proj.bias"]),
      );
      x = keep(h + "x_attn", add(x, out));
      const ln2 = this.layernorm(x, w, keep, h + "ln_2");
      const fc = keep(h + "mlp.c_fc", linear(ln2, w[h + "mlp.c_fc.weight"], w[h + "mlp.c_fc.bias"]));
      const u = keep(
        h + "mlp.gelu.u",
        generate(fc.shape, (n) => GELU_SCALE * (fc.data[n] + CUBIC * fc.data[n] ** 3)),
      );
      const gate = keep(
        h + "mlp.gelu.gate",
        generate(fc.shape, (n) => (1 + Math.tanh(u.data[n])) / 2),
      );
      const gelu = keep(
        h + "mlp.gelu",
        generate(fc.shape, (n) => fc.data[n] * gate.data[n]),
      );
      const feed = keep(h + "mlp.c_proj", linear(gelu, w[h + "mlp.c_proj.weight"], w[h + "mlp.c_proj.bias"]));
      x = keep(h + "x_mlp", add(x, feed));
    }
    if (this.given["x of ln_f"]) x = keep(`h.${L - 1}.x_mlp`, this.given["x of ln_f"]);
    const lnf = nudge && from && nudge.name === "logits" ? from.ln_f : this.layernorm(x, w, keep, "ln_f");
    const V = this.rows.length,
      head = this.head.data;
    const logits = keep(
      "logits",
      generate([T, V], (n) => {
        const t = Math.floor(n / V),
          v = n % V;
        let sum = 0;
        for (let c = 0; c < C; c++) sum += lnf.data[t * C + c] * head[v * C + c];
        return sum;
      }),
    );
    const lse = this.given.logsumexp;
    const probs = keep(
      "probs",
      lse ? generate([T, V], (n) => Math.exp(logits.data[n] - lse.data[Math.floor(n / V)])) : softmax(logits),
    );
    const losses = keep(
      "losses",
      generate([T], (t) => (this.counted[t] ? -Math.log(probs.data[t * V + this.targetRow(t)]) : 0)),
    );
    keep(
      "loss",
      generate([], () => losses.data.reduce((s, l) => s + l, 0) / this.N),
    );
    return a;
  }

  // (dn − mean(dn) − n · mean(dn ⊙ n)) / σ, and the parameters' gradients on the way
  layernormBackward(dy, a, d, name) {
    const [T, C] = dy.shape,
      n = a[name + ".n"].data,
      sigma = a[name + ".sigma"].data;
    const weight = this.w[name + ".weight"].data;
    const bias = (d[name + ".bias"] = zeros(C)),
      gain = (d[name + ".weight"] = zeros(C));
    const dn = (d[name + ".n"] = generate([T, C], (i) => dy.data[i] * weight[i % C]));
    for (let i = 0; i < T * C; i++) {
      bias.data[i % C] += dy.data[i];
      gain.data[i % C] += dy.data[i] * n[i];
    }
    const sum = zeros(T),
      dot = zeros(T);
    for (let i = 0; i < T * C; i++) {
      sum.data[Math.floor(i / C)] += dn.data[i];
      dot.data[Math.floor(i / C)] += dn.data[i] * n[i];
    }
    const dsigma = (d[name + ".sigma"] = generate([T, 1], (t) => -dot.data[t] / sigma[t]));
    d[name + ".var"] = generate([T, 1], (t) => dsigma.data[t] / (2 * sigma[t]));
    d[name + ".mean"] = generate([T, 1], (t) => -sum.data[t] / sigma[t]);
    return generate([T, C], (i) => {
      const t = Math.floor(i / C);
      return (dn.data[i] - sum.data[t] / C - n[i] * (dot.data[t] / C)) / sigma[t];
    });
  }

  // The gradient of the loss to every array of forward and every parameter, bottom-up.
  backward(a) {
    const d = {},
      w = this.w,
      { H, C, T, L } = this.config,
      D = C / H,
      root = Math.sqrt(D),
      V = this.rows.length;
    d.loss = generate([], () => 1);
    d.losses = generate([T], (t) => (d.loss.data[0] * this.counted[t]) / this.N);
    const onehot = (t, v) => (this.counted[t] && this.targetRow(t) === v ? 1 : 0);
    d.probs = generate([T, V], (n) => {
      const t = Math.floor(n / V),
        v = n % V;
      return onehot(t, v) ? -d.losses.data[t] / a.probs.data[n] : 0;
    });
    d.logits = generate([T, V], (n) => {
      const t = Math.floor(n / V);
      return d.losses.data[t] * (a.probs.data[n] - onehot(t, n % V));
    });
    const dhead = zeros(V, C),
      dlnf = zeros(T, C);
    for (let t = 0; t < T; t++)
      for (let v = 0; v < V; v++) {
        const g = d.logits.data[t * V + v];
        if (g === 0) continue;
        for (let c = 0; c < C; c++) {
          dhead.data[v * C + c] += g * a.ln_f.data[t * C + c];
          dlnf.data[t * C + c] += g * this.head.data[v * C + c];
        }
      }
    d.ln_f = this.given["d ln_f"] || dlnf;
    let dx = (d[`h.${L - 1}.x_mlp`] = this.layernormBackward(d.ln_f, a, d, "ln_f"));
    for (const i of [...this.layers].reverse()) {
      const h = `h.${i}.`;
      dx = this.given[`d h.${i}.x_mlp`] || dx;
      d[h + "x_mlp"] = d[h + "mlp.c_proj"] = dx;
      const fc = a[h + "mlp.c_fc"].data,
        gate = a[h + "mlp.gelu.gate"].data;
      const dgelu = (d[h + "mlp.gelu"] = linearBackward(
        dx,
        w[h + "mlp.c_proj.weight"],
        d,
        h + "mlp.c_proj",
        a[h + "mlp.gelu"],
      ));
      const dgate = (d[h + "mlp.gelu.gate"] = generate(dgelu.shape, (n) => dgelu.data[n] * fc[n]));
      const du = (d[h + "mlp.gelu.u"] = generate(
        dgelu.shape,
        (n) => dgate.data[n] * 2 * gate[n] * (1 - gate[n]),
      ));
      const dfc = (d[h + "mlp.c_fc"] = generate(
        dgelu.shape,
        (n) => dgelu.data[n] * gate[n] + du.data[n] * GELU_SCALE * (1 + 3 * CUBIC * fc[n] ** 2),
      ));
      d[h + "ln_2"] = linearBackward(dfc, w[h + "mlp.c_fc.weight"], d, h + "mlp.c_fc", a[h + "ln_2"]);
      dx = add(dx, this.layernormBackward(d[h + "ln_2"], a, d, h + "ln_2"));
      d[h + "x_attn"] = d[h + "attn.c_proj"] = dx;
      const q = a[h + "attn.q"].data,
        k = a[h + "attn.k"].data,
        v = a[h + "attn.v"].data,
        P = a[h + "attn.P"].data;
      d[h + "attn.y_joined"] = linearBackward(
        dx,
        w[h + "attn.c_proj.weight"],
        d,
        h + "attn.c_proj",
        a[h + "attn.y_joined"],
      );
      const dy = (d[h + "attn.y"] = splitHeads(d[h + "attn.y_joined"], H));
      const dv = (d[h + "attn.v"] = zeros(H, T, D)),
        dP = (d[h + "attn.P"] = zeros(H, T, T));
      const dmasked = (d[h + "attn.S_masked"] = zeros(H, T, T)),
        dS = (d[h + "attn.S"] = zeros(H, T, T));
      const dq = (d[h + "attn.q"] = zeros(H, T, D)),
        dk = (d[h + "attn.k"] = zeros(H, T, D));
      for (let head = 0; head < H; head++)
        for (let i = 0; i < T; i++) {
          const row = head * T + i;
          let delta = 0;
          for (let j = 0; j < T; j++) {
            const key = head * T + j,
              n = row * T + j;
            let sum = 0;
            for (let c = 0; c < D; c++) {
              sum += dy.data[row * D + c] * v[key * D + c];
              dv.data[key * D + c] += P[n] * dy.data[row * D + c];
            }
            dP.data[n] = sum;
            delta += P[n] * sum;
          }
          for (let j = 0; j < T; j++) {
            const key = head * T + j,
              n = row * T + j;
            dmasked.data[n] = P[n] * (dP.data[n] - delta);
            dS.data[n] = j > i ? 0 : dmasked.data[n];
            for (let c = 0; c < D; c++) {
              dq.data[row * D + c] += (dS.data[n] * k[key * D + c]) / root;
              dk.data[key * D + c] += (dS.data[n] * q[row * D + c]) / root;
            }
          }
        }
      const parts = [joinHeads(dq), joinHeads(dk), joinHeads(dv)];
      const dqkv = (d[h + "attn.qkv"] = generate([T, 3 * C], (n) => {
        const t = Math.floor(n / (3 * C)),
          o = n % (3 * C);
        return parts[Math.floor(o / C)].data[t * C + (o % C)];
      }));
      d[h + "ln_1"] = linearBackward(dqkv, w[h + "attn.c_attn.weight"], d, h + "attn.c_attn", a[h + "ln_1"]);
      dx = add(dx, this.layernormBackward(d[h + "ln_1"], a, d, h + "ln_1"));
      if (i) d[`h.${i - 1}.x_mlp`] = dx;
    }
    dx = this.given["d x"] || dx;
    d.x = d.wte = d.wpe = dx;
    const places = (d["wpe.weight"] = zeros(...w["wpe.weight"].shape));
    places.data.set(dx.data);
    const table = zeros(V, C);
    this.ids.forEach((token, t) => {
      const row = this.rowOf.get(token);
      for (let c = 0; c < C; c++) table.data[row * C + c] += dx.data[t * C + c];
    });
    if (w["lm_head.weight"]) {
      d["wte.weight"] = table;
      d["lm_head.weight"] = dhead;
    } else {
      d["wte.weight.as_table"] = table;
      d["wte.weight.as_head"] = dhead;
      d["wte.weight"] = add(table, dhead);
    }
    return d;
  }

  // Clipping and AdamW for one parameter: g clipped, m, v, m̂, v̂ and the move, as plain.adamw has them.
  update(name, d, before) {
    const { t, lr, beta1, beta2, eps, decay, maxNorm, norm } = this.record.optimizer;
    const scale = maxNorm > 0 && norm > maxNorm && norm < Infinity ? maxNorm / norm : 1;
    const w = this.w[name],
      like = (f) => generate(w.shape, f);
    const clipped = like((i) => scale * d[name].data[i]);
    const m = like((i) => beta1 * before.m(name, i) + (1 - beta1) * clipped.data[i]);
    const v = like((i) => beta2 * before.v(name, i) + (1 - beta2) * clipped.data[i] ** 2);
    const mHat = like((i) => m.data[i] / (1 - beta1 ** t));
    const vHat = like((i) => v.data[i] / (1 - beta2 ** t));
    const shrink = w.shape.length >= 2 ? decay : 0;
    const move = like((i) => -lr * (mHat.data[i] / (Math.sqrt(vHat.data[i]) + eps) + shrink * w.data[i]));
    return { clipped, m, v, m_hat: mHat, v_hat: vHat, move };
  }

  // The slope of the loss at one number of an array, by central differences of two widths (Richardson), or null
  // where there is none: beside the mask, and on a page that does not hold the whole model.
  difference(name, index, a) {
    const here = at(a[name], index);
    if (!this.record.whole || !Number.isFinite(here)) return null;
    const loss = (by) => this.forward({ name, index, by }, a).loss.data[0];
    let h = 1e-3 * Math.max(1, Math.abs(here));
    if (name === "probs") h = Math.min(h, here / 10);
    if (/\.(var|sigma)$/.test(name)) h = Math.min(h, Math.abs(here) / 100);
    const slope = (h) => (loss(h) - loss(-h)) / (2 * h);
    return (4 * slope(h / 2) - slope(h)) / 3;
  }
}

function softmax(z) {
  const n = z.shape[z.shape.length - 1],
    out = zeros(...z.shape);
  for (let start = 0; start < z.data.length; start += n) {
    let peak = -Infinity,
      sum = 0;
    for (let i = 0; i < n; i++) peak = Math.max(peak, z.data[start + i]);
    for (let i = 0; i < n; i++) sum += out.data[start + i] = Math.exp(z.data[start + i] - peak);
    for (let i = 0; i < n; i++) out.data[start + i] /= sum;
  }
  return out;
}

// What record.projection computes.
function projection(array) {
  let sum = 0;
  array.data.forEach((value, i) => {
    if (Number.isFinite(value)) sum += value * (((i * 7919) % 1000) / 1000 - 0.5);
  });
  return sum;
}
