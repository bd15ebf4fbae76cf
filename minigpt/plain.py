"""The whole GPT in the plainest NumPy: forward, backward, a step of AdamW. Read it first.

It computes what model.py and layers/ compute, as the formulas stand there: nothing in place, nothing in
pieces, every array kept. It is slow, and made for float64 and small sizes; there is no dropout.

    a = forward(params, idx, targets, n_head)       every array of the computation, by name
    d = backward(params, a, idx, targets)           the loss's gradient by the same name, in the same shape

B batch, T time, C channels, H heads, D = C/H, V vocabulary. Parameters have GPT-2's names, and what a layer
puts out has the layer's: h.0.ln_1 is made with h.0.ln_1.weight and h.0.ln_1.bias. From the ids up:

    wte (B, T, C)   wpe (T, C)          a row of wte.weight for each token, of wpe.weight for each position
    x (B, T, C)                         their sum: the residual stream as it enters the first block, h.0
    h.0.ln_1 (B, T, C)                  LayerNorm, and its parts .mean .var .sigma (B, T, 1), .n (B, T, C)
    h.0.attn.qkv (B, T, 3C)             what attn.c_attn puts out; by heads .q .k .v (B, H, T, D)
    h.0.attn.S .S_masked (B, H, T, T)   scores of query i (row) and key j (column); −∞ where j > i
    h.0.attn.P (B, H, T, T)             their softmax: each query's shares of attention
    h.0.attn.y (B, H, T, D)             the values it takes; the heads side by side .y_joined (B, T, C)
    h.0.attn.c_proj (B, T, C)           what attention adds to the stream, which is then h.0.x_attn
    h.0.ln_2 (B, T, C)                  with parts as ln_1
    h.0.mlp.c_fc .gelu (B, T, 4C)       before GELU and after it; its parts .gelu.u .gelu.gate
    h.0.mlp.c_proj (B, T, C)            what the feed-forward layer adds to the stream, then h.0.x_mlp
    ln_f (B, T, C)                      after the last block, with parts as ln_1
    logits probs (B, T, V)              scores of the next token, and their softmax
    losses (B, T)   loss ()             −log p of each target, 0 where the target is −100; their mean

d holds the parameters' gradients too. A tied wte.weight is used twice, and its gradient is the sum of two
terms, kept as wte.weight.as_table and wte.weight.as_head. Names may share an array: write into none.
"""

import math

import numpy as np

A = 0.044715  # in GELU
# Below: w the parameters, a the arrays, d the gradients of both, each a dict by name.


def linear_backward(dy, x, w, d, name):
    # y = x @ weight + bias: all tokens share weight and bias, hence the sums
    d[name + ".bias"] = dy.sum((0, 1))
    d[name + ".weight"] = (x.swapaxes(1, 2) @ dy).sum(0)
    return dy @ w[name + ".weight"].T


def layernorm(x, w, a, name, eps):
    mean = a[name + ".mean"] = x.mean(-1, keepdims=True)
    var = a[name + ".var"] = ((x - mean) ** 2).mean(-1, keepdims=True)
    sigma = a[name + ".sigma"] = np.sqrt(var + eps)
    n = a[name + ".n"] = (x - mean) / sigma
    a[name] = n * w[name + ".weight"] + w[name + ".bias"]
    return a[name]


def layernorm_backward(dy, w, a, d, name):
    n, sigma = a[name + ".n"], a[name + ".sigma"]
    # y = n * weight + bias
    d[name + ".bias"] = dy.sum((0, 1))
    d[name + ".weight"] = (dy * n).sum((0, 1))
    dn = d[name + ".n"] = dy * w[name + ".weight"]
    # n = (x - mean) / sigma, sigma = sqrt(var + eps)
    d[name + ".sigma"] = -(dn * n).sum(-1, keepdims=True) / sigma
    d[name + ".var"] = d[name + ".sigma"] / (2 * sigma)
    d[name + ".mean"] = -dn.sum(-1, keepdims=True) / sigma
    # x reaches n directly, through the mean, and through the variance: three terms
    return (dn - dn.mean(-1, keepdims=True) - n * (dn * n).mean(-1, keepdims=True)) / sigma


def softmax(z):
    exps = np.exp(z - z.max(-1, keepdims=True))  # the maximum cancels, and nothing overflows
    return exps / exps.sum(-1, keepdims=True)


def split_heads(x, n_head):  # (B, T, C) -> (B, H, T, D)
    return x.reshape(*x.shape[:2], n_head, -1).swapaxes(1, 2)


def join_heads(x):  # (B, H, T, D) -> (B, T, C)
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def blocks(params):
    """The prefixes of the blocks' names: "h.0.", "h.1.", …"""
    return [name.removesuffix("ln_1.weight") for name in params if name.endswith(".ln_1.weight")]


def of_targets(probs, targets):
    """One-hot rows (B, T, V), zeros for -100; which targets count (B, T), and how many; p of each (B, T)."""
    onehot = (targets[:, :, None] == np.arange(probs.shape[-1])).astype(probs.dtype)
    counted = onehot.sum(-1)
    p = np.where(counted, (probs * onehot).sum(-1), 1)
    return onehot, counted, max(1, counted.sum()), p


def forward(params, idx, targets, n_head, eps=1e-5):
    """All arrays from the ids to the loss: idx, targets (B, T) int, eps of the LayerNorms -> a dict by name.

    The head is tied unless params has lm_head.weight. ValueError for ids that the tables do not hold.
    """
    w, a, T, (V, C) = params, {}, idx.shape[1], params["wte.weight"].shape
    for ids in (idx, targets[targets != -100]):
        if ids.size and not 0 <= ids.min() <= ids.max() < V:
            raise ValueError(f"ids run from {ids.min()} to {ids.max()} but wte.weight has rows 0 to {V - 1}")
    if T > len(w["wpe.weight"]) or C % n_head:
        raise ValueError(f"{T} tokens, {n_head} heads: wpe.weight has {len(w['wpe.weight'])} rows, C is {C}")
    a["wte"] = w["wte.weight"][idx]
    a["wpe"] = w["wpe.weight"][:T]
    x = a["x"] = a["wte"] + a["wpe"]
    for h in blocks(w):
        ln_1 = layernorm(x, w, a, h + "ln_1", eps)
        qkv = a[h + "attn.qkv"] = ln_1 @ w[h + "attn.c_attn.weight"] + w[h + "attn.c_attn.bias"]
        q, k, v = (split_heads(part, n_head) for part in np.split(qkv, 3, axis=-1))
        a[h + "attn.q"], a[h + "attn.k"], a[h + "attn.v"] = q, k, v
        S = a[h + "attn.S"] = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
        seen = np.tril(np.ones((T, T), dtype=bool))  # query i sees the keys 0 … i
        S_masked = a[h + "attn.S_masked"] = np.where(seen, S, -math.inf)
        P = a[h + "attn.P"] = softmax(S_masked)
        y = a[h + "attn.y"] = P @ v
        y_joined = a[h + "attn.y_joined"] = join_heads(y)
        c_proj = a[h + "attn.c_proj"] = y_joined @ w[h + "attn.c_proj.weight"] + w[h + "attn.c_proj.bias"]
        x = a[h + "x_attn"] = x + c_proj
        ln_2 = layernorm(x, w, a, h + "ln_2", eps)
        c_fc = a[h + "mlp.c_fc"] = ln_2 @ w[h + "mlp.c_fc.weight"] + w[h + "mlp.c_fc.bias"]
        u = a[h + "mlp.gelu.u"] = math.sqrt(2 / math.pi) * (c_fc + A * c_fc**3)
        gate = a[h + "mlp.gelu.gate"] = (1 + np.tanh(u)) / 2
        gelu = a[h + "mlp.gelu"] = c_fc * gate
        c_proj = a[h + "mlp.c_proj"] = gelu @ w[h + "mlp.c_proj.weight"] + w[h + "mlp.c_proj.bias"]
        x = a[h + "x_mlp"] = x + c_proj
    ln_f = layernorm(x, w, a, "ln_f", eps)
    a["logits"] = ln_f @ w.get("lm_head.weight", w["wte.weight"]).T
    a["probs"] = softmax(a["logits"])
    _, counted, N, p = of_targets(a["probs"], targets)
    a["losses"] = np.where(counted, -np.log(p), 0)
    a["loss"] = a["losses"].sum() / N
    return a


def backward(params, a, idx, targets):
    """The gradient of a["loss"] to every array of forward and every parameter: the same lines, bottom-up."""
    w, d = params, {}
    onehot, counted, N, p = of_targets(a["probs"], targets)
    # loss = losses.sum() / N
    d["loss"] = np.ones_like(a["loss"])
    d["losses"] = d["loss"] * counted / N
    # losses = where(counted, -log(p), 0), p the target's among the probs
    d["probs"] = (-d["losses"] / p)[:, :, None] * onehot
    # probs = softmax(logits), and the logarithm with it: what was predicted minus what came
    d["logits"] = d["losses"][:, :, None] * (a["probs"] - onehot)
    # logits = ln_f @ head.T
    dhead = (d["logits"].swapaxes(1, 2) @ a["ln_f"]).sum(0)
    d["ln_f"] = d["logits"] @ w.get("lm_head.weight", w["wte.weight"])
    dx = layernorm_backward(d["ln_f"], w, a, d, "ln_f")
    for h in reversed(blocks(w)):
        # x = x + c_proj: the gradient goes both ways
        d[h + "x_mlp"] = d[h + "mlp.c_proj"] = dx
        # c_proj = gelu @ weight + bias
        gelu, c_fc, gate = a[h + "mlp.gelu"], a[h + "mlp.c_fc"], a[h + "mlp.gelu.gate"]
        dgelu = d[h + "mlp.gelu"] = linear_backward(dx, gelu, w, d, h + "mlp.c_proj")
        # gelu = c_fc * gate, gate = (1 + tanh(u)) / 2, u = √(2/π) (c_fc + A c_fc³)
        dgate = d[h + "mlp.gelu.gate"] = dgelu * c_fc
        du = d[h + "mlp.gelu.u"] = dgate * 2 * gate * (1 - gate)
        du_dc_fc = math.sqrt(2 / math.pi) * (1 + 3 * A * c_fc**2)
        dc_fc = d[h + "mlp.c_fc"] = dgelu * gate + du * du_dc_fc
        # c_fc = ln_2 @ weight + bias, ln_2 = layernorm(x)
        d[h + "ln_2"] = linear_backward(dc_fc, a[h + "ln_2"], w, d, h + "mlp.c_fc")
        dx = dx + layernorm_backward(d[h + "ln_2"], w, a, d, h + "ln_2")
        # x = x + c_proj
        d[h + "x_attn"] = d[h + "attn.c_proj"] = dx
        # c_proj = y_joined @ weight + bias, y_joined = join_heads(y)
        q, k, v, y_joined = (a[h + "attn." + name] for name in ("q", "k", "v", "y_joined"))
        dy_joined = d[h + "attn.y_joined"] = linear_backward(dx, y_joined, w, d, h + "attn.c_proj")
        dy = d[h + "attn.y"] = split_heads(dy_joined, q.shape[1])
        # y = P @ v
        P = a[h + "attn.P"]
        dv = d[h + "attn.v"] = P.swapaxes(-1, -2) @ dy
        dP = d[h + "attn.P"] = dy @ v.swapaxes(-1, -2)
        # P = softmax(S_masked)
        dS_masked = d[h + "attn.S_masked"] = P * (dP - (P * dP).sum(-1, keepdims=True))
        # S_masked = where(seen, S, −∞)
        dS = d[h + "attn.S"] = np.where(a[h + "attn.S_masked"] > -math.inf, dS_masked, 0)
        # S = q @ k.T / √D
        dq = d[h + "attn.q"] = dS @ k / math.sqrt(q.shape[-1])
        dk = d[h + "attn.k"] = dS.swapaxes(-1, -2) @ q / math.sqrt(q.shape[-1])
        # q, k, v = split(qkv), each by heads, qkv = ln_1 @ weight + bias, ln_1 = layernorm(x)
        d[h + "attn.qkv"] = np.concatenate([join_heads(dq), join_heads(dk), join_heads(dv)], axis=-1)
        d[h + "ln_1"] = linear_backward(d[h + "attn.qkv"], a[h + "ln_1"], w, d, h + "attn.c_attn")
        dx = dx + layernorm_backward(d[h + "ln_1"], w, a, d, h + "ln_1")
    # x = wte + wpe: all sequences of the batch got the same positions
    d["x"] = d["wte"] = dx
    d["wpe"] = dx.sum(0)
    # wpe = wpe.weight[:T]
    d["wpe.weight"] = np.zeros_like(w["wpe.weight"])
    d["wpe.weight"][: idx.shape[1]] = d["wpe"]
    # wte = wte.weight[idx]: a row of the table sums up all places where its id stands
    dtable = np.zeros_like(w["wte.weight"])
    for b, t in np.ndindex(idx.shape):
        dtable[idx[b, t]] += d["wte"][b, t]
    if "lm_head.weight" in w:
        d["wte.weight"], d["lm_head.weight"] = dtable, dhead
    else:
        d["wte.weight.as_table"] = dtable
        d["wte.weight.as_head"] = dhead
        d["wte.weight"] = dtable + dhead
    return d


def clip(params, d, max_norm):
    """The parameters' gradients out of d, together shortened to a norm of max_norm, and the norm they had."""
    norm = math.sqrt(sum((d[name] ** 2).sum() for name in params))
    scale = max_norm / norm if 0 < max_norm < norm < math.inf else 1.0
    return {name: scale * d[name] for name in params}, norm


def adamw(params, grads, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """Step t = 1, 2, …: returns dicts by name, new params, m, v, m̂, v̂ and the moves (new params − params).

    m and v are those of the step before: empty dicts at the first step. Only matrices are decayed.
    """
    m_hat, v_hat, moves = {}, {}, {}
    m, v, (beta1, beta2) = dict(m), dict(v), betas
    for name, g in grads.items():
        m[name] = beta1 * m.get(name, 0) + (1 - beta1) * g
        v[name] = beta2 * v.get(name, 0) + (1 - beta2) * g**2
        m_hat[name] = m[name] / (1 - beta1**t)
        v_hat[name] = v[name] / (1 - beta2**t)
        decay = weight_decay * params[name] if g.ndim >= 2 else 0
        moves[name] = -lr * (m_hat[name] / (np.sqrt(v_hat[name]) + eps) + decay)
    return {name: params[name] + moves[name] for name in moves}, m, v, m_hat, v_hat, moves
