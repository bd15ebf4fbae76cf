"""Bugs of the layers and of the backend they stand on."""

PLANTED = {
    "minigpt/layers/recurrence.py": [
        (
            "the state before does not count",
            "a += h[:, t]",
            "a[:] = h[:, t]",
        ),
        (
            "every step starts from the given state",
            "before = h[:, t] = xp.tanh(a, out=a)",
            "h[:, t] = xp.tanh(a, out=a)",
        ),
        (
            "the derivative of the logistic function",
            "da = 1 - h * h",
            "da = h - h * h",
        ),
        (
            "no gradient through time",
            "da_t = dh[:, t] + from_after",
            "da_t = dh[:, t].copy()",
        ),
        (
            "back in time through the weights, not transposed",
            "from_after = da_t @ Wh.T",
            "from_after = da_t @ Wh",
        ),
        (
            "back in time past tanh",
            "        da_t *= da[:, t]\n        da[:, t] = da_t\n        from_after = da_t @ Wh.T\n",
            "        from_after = da_t @ Wh.T\n        da_t *= da[:, t]\n        da[:, t] = da_t\n",
        ),
        (
            "dWh with the state after the step",
            "before[:, 0], before[:, 1:] = h0, h[:, :-1]",
            "before[:] = h",
        ),
        (
            "dWh without the given state",
            "before[:, 0], before[:, 1:] = h0, h[:, :-1]",
            "before[:, 1:] = h[:, :-1]",
        ),
        (
            "dWh transposed",
            "before.reshape(-1, H).T @ da.reshape(-1, H)",
            "da.reshape(-1, H).T @ before.reshape(-1, H)",
        ),
    ],
    "minigpt/layers/linear.py": [
        (
            "dW is a mean over tokens",
            "rows.T @ drows",
            "rows.T @ drows / len(rows)",
        ),
        (
            "db is a mean over tokens",
            "column_sum(drows)",
            "drows.mean(0)",
        ),
        (
            "without bias",
            "    out += bias\n",
            "",
        ),
        (
            "dx of the absolute weights",
            "dx = drows @ weight.T",
            "dx = drows @ abs(weight.T)",
        ),
    ],
    "minigpt/backend.py": [
        (
            "equal ids: only the last counts",
            "out[sorted_idx[starts]] = np.add.reduceat(rows[order], starts, axis=0)",
            "out[idx] += rows",
        ),
        (
            "rows not sorted with their ids",
            "np.add.reduceat(rows[order]",
            "np.add.reduceat(rows",
        ),
        (
            "equal ids lost on the GPU",
            "xp.add.at(out, idx, rows)",
            "out[idx] += rows",
        ),
        (
            "a batch left on the host",
            "return xp.asarray(array)",
            "return np.asarray(array)",
        ),
        (
            "without CuPy silently back to NumPy",
            "except ImportError as error:",
            "except ImportError as error:\n        return np",
        ),
        (
            "the environment is not asked",
            'os.environ.get("MINIGPT_BACKEND", "numpy")',
            '"numpy"',
        ),
        (
            "another backend, the functions of the first",
            "xp.__dict__.clear()",
            "pass",
        ),
        (
            "no GPU is not noticed",
            "if n_devices == 0:",
            "if False:",
        ),
        (
            "an unknown name means CuPy",
            'if name != "cupy":',
            "if False:",
        ),
        (
            "the name given counts less than the environment",
            "name or os.environ",
            "os.environ",
        ),
    ],
    "minigpt/layers/embedding.py": [
        (
            "positions off by one",
            "return x + weight[:T]",
            "return x + weight[1 : T + 1]",
        ),
        (
            "positions counted from the end",
            "return x + weight[:T]",
            "return x + weight[-T:]",
        ),
        (
            "dwpe is a mean over the batch",
            "dweight[:T] = dout.sum(0)",
            "dweight[:T] = dout.mean(0)",
        ),
        (
            "dwpe at the last positions",
            "dweight[:T] = dout.sum(0)",
            "dweight[-T:] = dout.sum(0)",
        ),
        (
            "dwpe of float32 is float64",
            "xp.zeros(weight_shape, dtype=dout.dtype)",
            "xp.zeros(weight_shape)",
        ),
        (
            "as many rows as ids were seen",
            "(idx, len(weight))",
            "(idx, int(idx.max()) + 1)",
        ),
    ],
    "minigpt/layers/layernorm.py": [
        (
            "eps outside of the root",
            "1 / xp.sqrt(row_mean(normed * normed) + eps)",
            "1 / (xp.sqrt(row_mean(normed * normed)) + eps)",
        ),
        (
            "gradient without mean(dn)",
            "dx = dnormed - row_mean(dnormed)",
            "dx = dnormed.copy()",
        ),
        (
            "gradient without mean(dn ⊙ n)",
            "dx -= normed * row_mean(dnormed * normed)",
            "pass",
        ),
        (
            "gradient without 1/σ",
            "dx *= rstd",
            "pass",
        ),
        (
            "dn without γ",
            "dnormed = dout * weight",
            "dnormed = dout",
        ),
        (
            "dγ without n",
            "dweight = column_sum(dout * normed)",
            "dweight = column_sum(dout)",
        ),
        (
            "σ² of n − 1",
            "row_mean(normed * normed) +",
            "row_mean(normed * normed) * x.shape[-1] / (x.shape[-1] - 1) +",
        ),
        (
            "dβ is a mean over tokens",
            "dbias = column_sum(dout)",
            "dbias = row_mean(dout.reshape(-1, dout.shape[-1]).T)[:, 0]",
        ),
        (
            "β before γ",
            "out = normed * weight\n    out += bias",
            "out = (normed + bias) * weight",
        ),
        (
            "eps always 1e-5",
            "row_mean(normed * normed) + eps)",
            "row_mean(normed * normed) + 1e-5)",
        ),
    ],
    "minigpt/layers/gelu.py": [
        (
            "another constant",
            "CUBIC = 0.044715",
            "CUBIC = 0.0447",
        ),
        (
            "slope without the gate itself",
            "slope += gate  #",
            "pass  #",
        ),
        (
            "tanh′ = 1 − tanh",
            "slope *= gate\n    slope *= 1 - gate",
            "slope *= 1 - gate",
        ),
        (
            "u′ without the 3",
            "slope *= 2 * 3 * CUBIC",
            "slope *= 2 * CUBIC",
        ),
        (
            "u without the cubic term",
            "gate *= CUBIC * SQRT_2_OVER_PI",
            "gate *= 0",
        ),
        (
            "a gate without the ½",
            "gate *= 0.5",
            "pass",
        ),
        (
            "dout not used",
            "slope *= dout",
            "pass",
        ),
    ],
    "minigpt/layers/attention.py": [
        (
            "the shares shown are those of the first rows",
            "P[:, :, start:stop, :stop] = shares",
            "P[:, :, : stop - start, :stop] = shares",
        ),
        (
            "masked without being asked",
            "        if causal:\n",
            "        if True:\n",
        ),
        (
            "without the mask a block of rows meets the keys of its own alone",
            "min(start + QUERY_BLOCK, T) if causal else T",
            "min(start + QUERY_BLOCK, T)",
        ),
        (
            "scores without 1/√D",
            "q = q * (1 / math.sqrt(q.shape[-1]))",
            "q = q * 1",
        ),
        (
            "dq without 1/√D",
            "dq *= 1 / math.sqrt(D)",
            "pass",
        ),
        (
            "mask lets the next token be seen",
            "k=1)",
            "k=2)",
        ),
        (
            "mask hides the token itself",
            "k=1)",
            "k=0)",
        ),
        (
            "mask too weak",
            "-math.inf, dtype",
            "-9.0, dtype",
        ),
        (
            "mask of one block covers its past",
            "scores[..., start:] +=",
            "scores[..., : stop - start] +=",
        ),
        (
            "dk transposed",
            "dscores.swapaxes(-1, -2) @ q[:, :, start:stop]",
            "dscores @ q[:, :, start:stop]",
        ),
        (
            "dk and dv swapped",
            "dk[:], dv[:] = dk_block",
            "dv[:], dk[:] = dk_block",
        ),
        (
            "dq and dk swapped",
            "dq, dk, dv = split_heads",
            "dk, dq, dv = split_heads",
        ),
        (
            "q and k swapped in forward",
            "q, k, v = split_heads",
            "k, q, v = split_heads",
        ),
        (
            "dk overwritten by the next block",
            "dk[:, :, :stop] += dk_block",
            "dk[:, :, :stop] = dk_block",
        ),
        (
            "dv overwritten by the next block",
            "dv[:, :, :stop] += dv_block",
            "dv[:, :, :stop] = dv_block",
        ),
        (
            "softmax gradient without δ",
            "dshares -= delta[:, :, start:stop]",
            "pass",
        ),
        (
            "softmax gradient without P",
            "dshares *= shares",
            "pass",
        ),
        (
            "softmax without the maximum",
            "scores -= row_max(scores)",
            "pass",
        ),
        (
            "shares do not sum to 1",
            "shares *= 1 / row_sum(shares)",
            "pass",
        ),
        (
            "q, k, v within each head, not around",
            "reshape(B, T, n_parts, n_head, D).transpose(2, 0, 3, 1, 4)",
            "reshape(B, T, n_head, n_parts, D).transpose(3, 0, 2, 1, 4)",
        ),
        (
            "dropout: shares not scaled up",
            "kept *= 1 / (1 - p)",
            "pass",
        ),
        (
            "dropout: no mask in dP",
            "dshares *= mask",
            "pass",
        ),
        (
            "dropout: no mask in dv",
            "kept.swapaxes(-1, -2) @",
            "shares.swapaxes(-1, -2) @",
        ),
        (
            "dropout: gradient not scaled up",
            "dshares *= 1 / (1 - p)",
            "pass",
        ),
        (
            "float32 lost to a NumPy scalar",
            "(1 / math.sqrt(q.shape[-1]))",
            "(1 / xp.sqrt(q.shape[-1]))",
        ),
    ],
    "minigpt/layers/dropout.py": [
        (
            "not scaled up",
            "out *= 1 / (1 - p)",
            "pass",
        ),
        (
            "gradient not scaled up",
            "dx *= 1 / (1 - p)",
            "pass",
        ),
        (
            "no mask in backward",
            "dx = dout * mask",
            "dx = dout.copy()",
        ),
        (
            "drops what it should keep",
            "for rng in rngs]) >= p",
            "for rng in rngs]) < p",
        ),
        (
            "the same mask at every step",
            "[seed, step, sequence]",
            "[seed, sequence]",
        ),
        (
            "the same mask for all sequences",
            "[seed, step, sequence]",
            "[seed, step]",
        ),
        (
            "the same mask for all seeds",
            "[seed, step, sequence]",
            "[step, sequence]",
        ),
        (
            "every part begins with the first stream",
            "range(first, first + count)",
            "range(count)",
        ),
    ],
    "minigpt/layers/cross_entropy.py": [
        (
            "mean over all targets",
            "n_counted = int(counted.sum())",
            "n_counted = int(counted.size)",
        ),
        (
            "ignored targets in the loss",
            "loss = (losses * counted).sum()",
            "loss = losses.sum()",
        ),
        (
            "ignored targets have a gradient",
            "dlosses = (counted * (dloss",
            "dlosses = ((counted >= 0) * (dloss",
        ),
        (
            "overflow without the maximum",
            "peak = row_max(logits)",
            "peak = 0 * row_max(logits)",
        ),
        (
            "softmax not normalized",
            "exps * (dlosses[:, None] / sums)",
            "exps * dlosses[:, None]",
        ),
        (
            "onehot not divided by N",
            "dlogits[rows, targets] -= dlosses",
            "dlogits[rows, targets] -= 1",
        ),
        (
            "dloss not used",
            "(dloss / (n_counted or 1))",
            "(1.0 / (n_counted or 1))",
        ),
        (
            "the normaliser in bits",
            "xp.log(sums)",
            "xp.log2(sums)",
        ),
        (
            "the maximum is not added again",
            "(xp.log(sums) + peak)",
            "(xp.log(sums))",
        ),
        (
            "nothing to count divides by zero",
            "(losses * counted).sum() / (n_counted or 1)",
            "(losses * counted).sum() / n_counted",
        ),
        (
            "the divisor given is not used",
            "if n_counted is None:",
            "if True:",
        ),
    ],
    "minigpt/layers/unembedding.py": [
        (
            "dW is a mean over rows",
            "dweight = drows.T @ x.reshape(-1, x.shape[-1])",
            "dweight = drows.T @ x.reshape(-1, x.shape[-1]) / len(drows)",
        ),
        (
            "dx without the signs of W",
            "dx = drows @ weight",
            "dx = drows @ abs(weight)",
        ),
        (
            "logits divided by √C",
            "@ weight.T\n    return",
            "@ weight.T / x.shape[-1] ** 0.5\n    return",
        ),
    ],
    "minigpt/layers/reductions.py": [
        (
            "the minimum",
            "x.argmax(-1",
            "x.argmin(-1",
        ),
        (
            "a mean of n − 1",
            "1 / x.shape[-1]",
            "1 / (x.shape[-1] - 1)",
        ),
        (
            "the last row is left out",
            "xp.ones(len(rows), dtype=x.dtype) @ rows",
            "rows[:-1].sum(0)",
        ),
        (
            "row sums of float32 are float64",
            "xp.ones(n, dtype=x.dtype)",
            "xp.ones(n)",
        ),
        (
            "column sums of float32 are float64",
            "xp.ones(len(rows), dtype=x.dtype)",
            "xp.ones(len(rows))",
        ),
    ],
}
