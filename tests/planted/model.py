"""Bugs of the models, and of the optimiser."""

PLANTED = {
    "minigpt/cores.py": [
        (
            "BLAS stays on one thread",
            "set_blas_threads(self.found)",
            "pass",
        ),
        (
            "BLAS keeps its threads",
            "set_blas_threads([1] * len(self.found))",
            "pass",
        ),
        (
            "only the first thread that asked decides",
            "release(force=True)\n        library",
            "library",
        ),
        (
            "the first one to leave lets all threads in",
            "self.n_inside -= 1\n            if self.n_inside == 0:",
            "self.n_inside -= 1\n            if True:",
        ),
        (
            "one who enters again takes the limit for the caller's",
            "if self.n_inside == 0:\n                self.found",
            "if True:\n                self.found",
        ),
        (
            "the caller's number is not asked",
            "return min([cores(), *found])",
            "return cores()",
        ),
        (
            "within the limit one thread is allowed",
            "found = self.found if self.n_inside else",
            "found =",
        ),
        (
            "nobody waits",
            "self.barrier.wait()",
            "pass",
        ),
        (
            "those who wait for one that failed wait for ever",
            "self.barrier.abort()",
            "pass",
        ),
        (
            "a team that failed once is lost",
            "self.barrier.reset()",
            "pass",
        ),
        (
            "another member's error is kept quiet",
            "    if errors:\n",
            "    if False:\n",
        ),
        (
            "the meeting that an error broke up in place of the error",
            "raise min(errors,",
            "raise max(errors,",
        ),
        (
            "a piece twice",
            "list(reversed(range(n)))",
            "list(reversed(range(n))) + [0]",
        ),
        (
            "pieces wait for a member that has no processor",
            "raise_one_of([done.get() for _ in range(n)])",
            "self.run(lambda member: None)\n        raise_one_of([done.get() for _ in range(n)])",
        ),
        (
            "pieces that others have begun are not waited for",
            "raise_one_of([done.get() for _ in range(n)])",
            "raise_one_of([done.get() for _ in range(done.qsize())])",
        ),
        (
            "all pieces are done by the caller",
            "            calls.put(take)\n",
            "            pass\n",
        ),
        (
            "the threads of a team stay for ever",
            "weakref.finalize(self, dismiss, self.calls)",
            "pass",
        ),
        (
            "a thread that waits holds on to what it did",
            "        del call  #",
            "        #",
        ),
        (
            "a share twice",
            "n * (part + 1) // n_parts",
            "n * (part + 1) // n_parts + 1",
        ),
        (
            "no thread more, and a sentence that does not help",
            "        except RuntimeError:\n            raise MemoryError(",
            "        except ZeroDivisionError:\n            raise MemoryError(",
        ),
    ],
    "minigpt/language_model.py": [
        (
            "parts overwrite each other's gradient",
            "grads[name] += grad",
            "grads[name] = grad",
        ),
        (
            "one id too many is let in",
            "highest >= self.config.vocab_size",
            "highest > self.config.vocab_size",
        ),
        (
            "one token too many is let in",
            "T > self.config.block_size",
            "T > self.config.block_size + 1",
        ),
        (
            "the divisor counts ignored targets",
            "int((targets != IGNORED).sum())",
            "int(targets.size)",
        ),
        (
            "training without dropout",
            "self.forward(idx, rngs)",
            "self.forward(idx)",
        ),
        (
            "a part's loss divided by its own count",
            "targets, n_counted)[0]",
            "targets)[0]",
        ),
        (
            "gradients of earlier parts forgotten",
            "self.backward(dlogits, cache, grads)",
            "self.backward(dlogits, cache)",
        ),
        (
            "an empty input is let in",
            "if B * T == 0:",
            "if False:",
        ),
        (
            "as many parameters as arrays",
            "param.size for param",
            "1 for param",
        ),
        (
            "random weights in the place of those given",
            "if params is None else params",
            "if True else params",
        ),
        (
            "negative ids count from the end",
            "lowest < 0 or highest >= self.config.vocab_size",
            "highest >= self.config.vocab_size",
        ),
        (
            "a target of -1 is the last class",
            "    if lowest < 0 or highest >= V:",
            "    if highest >= V:",
        ),
        (
            "a target of V passes",
            "    if lowest < 0 or highest >= V:",
            "    if lowest < 0 or highest > V:",
        ),
        (
            "what is not counted is out of range",
            "counted = targets[targets != IGNORED]",
            "counted = targets",
        ),
        (
            "True is a size",
            "if isinstance(value, bool) or not",
            "if not",
        ),
    ],
    "minigpt/model.py": [
        (
            "tied wte: gradient of the head dropped",
            "accumulate(grads, self.head_name(), dhead)",
            "self.config.tie_weights or accumulate(grads, self.head_name(), dhead)",
        ),
        (
            "tied wte: gradient of the table dropped",
            "for name, grad in embed_backward(dx, cache).items():\n            accumulate",
            (
                "for name, grad in embed_backward(dx, cache).items():\n"
                "            (name[1] == 't' and self.config.tie_weights) or accumulate"
            ),
        ),
        (
            "gelu left out of backward",
            'dh = gelu_backward(dh, cache["mlp.gelu"])',
            "pass",
        ),
        (
            "residual around attention lost",
            "x = x + h\n\n",
            "x = h\n\n",
        ),
        (
            "residual around feed-forward lost",
            "x = x + h\n    return",
            "x = h\n    return",
        ),
        (
            "residual gradient around feed-forward lost",
            'layernorm_backward(dh, cache["ln_2"])\n    dx = dx + dh',
            'layernorm_backward(dh, cache["ln_2"])\n    dx = dh',
        ),
        (
            "residual gradient around attention lost",
            'layernorm_backward(dh, cache["ln_1"])\n    dx = dx + dh',
            'layernorm_backward(dh, cache["ln_1"])\n    dx = dh',
        ),
        (
            "dropout of feed-forward not in backward",
            'dh = dropout_backward(dx, cache["mlp.drop"])',
            "dh = dx",
        ),
        (
            "dropout of attention not in backward",
            'dh = dropout_backward(dx, cache["attn.drop"])',
            "dh = dx",
        ),
        (
            "dropout of embeddings not in backward",
            "dx = dropout_backward(dx, drop)\n",
            "pass\n",
        ),
        (
            "ln_1 used twice",
            'x, w["ln_2.weight"], w["ln_2.bias"]',
            'x, w["ln_1.weight"], w["ln_1.bias"]',
        ),
        (
            "eps of the config not used",
            "p, eps = config.dropout, config.layer_norm_epsilon",
            "p, eps = config.dropout, 1e-5",
        ),
        (
            "residual projections start as large as all",
            'if name.endswith("c_proj.weight") else',
            "if False else",
        ),
        (
            "weights start ten times as large",
            "INIT_STD = 0.02",
            "INIT_STD = 0.2",
        ),
        (
            "weights always float64",
            "to_device(value.astype(dtype))",
            "to_device(value)",
        ),
        (
            "heads that do not divide n_embd are let in",
            "if self.n_embd % self.n_head:",
            "if False:",
        ),
        (
            "a dropout of 1 is let in",
            "0 <= self.dropout < 1",
            "0 <= self.dropout <= 1",
        ),
        (
            "LayerNorm's gains start at zero",
            "value = np.ones(shape)",
            "value = np.zeros(shape)",
        ),
        (
            "biases start at random",
            "value = np.zeros(shape)",
            "value = rng.standard_normal(shape)",
        ),
        (
            "the seed is not used",
            "rng = np.random.default_rng(seed)",
            "rng = np.random.default_rng(0)",
        ),
        (
            "residual projections smaller by 1/√n_layer",
            "math.sqrt(2 * config.n_layer)",
            "math.sqrt(config.n_layer)",
        ),
        (
            "a stored head of its own is passed over",
            " and not has_own_head(directory)",
            "",
        ),
        (
            "eps of the config not used by ln_f",
            'w["ln_f.bias"], self.config.layer_norm_epsilon)',
            'w["ln_f.bias"])',
        ),
        (
            "gradients of the blocks from the first to the last",
            "reversed(range(self.config.n_layer))",
            "range(self.config.n_layer)",
        ),
        (
            "ln_f: the bias' gradient for the weight's",
            'accumulate(grads, "ln_f.weight", dweight)',
            'accumulate(grads, "ln_f.weight", dbias.copy())',
        ),
        (
            "the head always tied",
            '"wte.weight" if self.config.tie_weights else',
            '"wte.weight" if True else',
        ),
        (
            "no dropout on embeddings",
            "x, drop = dropout_forward(x, config.dropout, rngs)",
            "drop = None",
        ),
        (
            "no dropout on attention shares",
            "attention(qkv, config.n_head, p, rngs)",
            "attention(qkv, config.n_head)",
        ),
        (
            "no dropout on attention's branch",
            'h, cache["attn.drop"] = dropout_forward(h, p, rngs)',
            'cache["attn.drop"] = None',
        ),
        (
            "no dropout on feed-forward's branch",
            'h, cache["mlp.drop"] = dropout_forward(h, p, rngs)',
            'cache["mlp.drop"] = None',
        ),
    ],
    "minigpt/bigram.py": [
        (
            "parts overwrite each other's gradient",
            "grads = {} if grads is None else grads",
            "grads = {}",
        ),
        (
            "the table read by columns",
            'self.params["table.weight"], idx)',
            'self.params["table.weight"].T, idx)',
        ),
        (
            "the seed is not used",
            "np.random.default_rng(seed)",
            "np.random.default_rng(0)",
        ),
        (
            "tokens not about equally likely",
            "0.02 * np",
            "2.0 * np",
        ),
        (
            "ids are not checked",
            "self.check_ids(idx)",
            "pass",
        ),
        (
            "another model is opened",
            'if json_config.get("model_type") != MODEL_TYPE:',
            "if False:",
        ),
        (
            "weights always float64",
            "table.astype(dtype)",
            "table",
        ),
    ],
    "minigpt/muon.py": [
        (
            "momentum keeps the sum, not the mean",
            "m += update",
            "m += grad",
        ),
        (
            "no Nesterov: the momentum itself",
            "update += mu * m",
            "update = 1.0 * m",
        ),
        (
            "Nesterov's step ahead forgets nothing",
            "update += mu * m",
            "update += m",
        ),
        (
            "q, k and v as one matrix",
            '{"attn.c_attn.weight": 3}',
            '{"attn.c_attn.weight": 1}',
        ),
        (
            "rows cut, not columns",
            "matrix.reshape(len(matrix), n_parts, -1).swapaxes(0, 1)",
            "matrix.reshape(n_parts, len(matrix), -1)",
        ),
        (
            "the scale of the whole of c_attn",
            "math.sqrt(max(n_in, n_out))",
            "math.sqrt(max(grad.shape))",
        ),
        (
            "scaled by the shorter side",
            "math.sqrt(max(n_in, n_out))",
            "math.sqrt(min(n_in, n_out))",
        ),
        (
            "decay without the learning rate",
            "param *= 1 - self.lr * self.weight_decay",
            "param *= 1 - self.weight_decay",
        ),
        (
            "four steps",
            "STEPS = 5",
            "STEPS = 4",
        ),
        (
            "a coefficient of another sign",
            "3.4445, -4.7750, 2.0315",
            "3.4445, -4.7750, -2.0315",
        ),
        (
            "divided by the largest number, not the norm",
            "xp.sqrt((x * x).sum((1, 2), keepdims=True))",
            "abs(x).max((1, 2), keepdims=True)",
        ),
        (
            "one norm for q, k and v",
            "(x * x).sum((1, 2), keepdims=True)",
            "(x * x).sum(keepdims=True)",
        ),
        (
            "a matrix of zeros divides by zero",
            "x / xp.maximum(norm, SMALLEST_NORM)",
            "x / norm",
        ),
        (
            "tall matrices are not turned back",
            "return orthogonalise(x.swapaxes(1, 2)).swapaxes(1, 2)",
            "return orthogonalise(x.swapaxes(1, 2)).reshape(x.shape)",
        ),
        (
            "wide: the next Gram matrix has one factor only",
            "gram = factor @ gram @ factor",
            "gram = factor @ gram",
        ),
        (
            "wide: a step too few",
            "range(STEPS - 1)",
            "range(STEPS - 2)",
        ),
        (
            "wide: the last factor counts alone",
            "product = factor @ product",
            "product = factor",
        ),
        (
            "a is added everywhere",
            "diagonals += a",
            "out += a",
        ),
        (
            "b and c swapped",
            "a, b, c = COEFFICIENTS",
            "a, c, b = COEFFICIENTS",
        ),
        (
            "the head is made orthogonal too",
            'name.startswith("h.") and',
            'name.startswith("lm_head") or name.startswith("h.") and',
        ),
        (
            "the feed-forward's first matrix is AdamW's",
            '".c_proj.weight", ".c_fc.weight"',
            '".c_proj.weight"',
        ),
        (
            "v is kept for every matrix",
            "if name not in self.orthogonal}",
            "if True}",
        ),
        (
            "a model without blocks passes",
            "if not self.orthogonal:",
            "if False:",
        ),
    ],
    "minigpt/rnn.py": [
        (
            "parts overwrite each other's gradient",
            "grads = {} if grads is None else grads",
            "grads = {}",
        ),
        (
            "the head is the table of tokens",
            'unembedding_forward(h, self.params["head.weight"])',
            'unembedding_forward(h, self.params["embedding.weight"])',
        ),
        (
            "the two matrices swapped",
            'w["rnn.Wx"], w["rnn.Wh"], w["rnn.b"], state',
            'w["rnn.Wh"], w["rnn.Wx"], w["rnn.b"], state',
        ),
        (
            "the gradients of the two matrices swapped",
            'dx, dw["rnn.Wx"], dw["rnn.Wh"],',
            'dx, dw["rnn.Wh"], dw["rnn.Wx"],',
        ),
        (
            "the state given is not used",
            'w["rnn.b"], state)',
            'w["rnn.b"], 0 * state)',
        ),
        (
            "the seed is not used",
            "np.random.default_rng(seed)",
            "np.random.default_rng(0)",
        ),
        (
            "a state that saturates",
            "1 / math.sqrt(config.n_embd)",
            "1",
        ),
        (
            "tokens not about equally likely",
            '"head.weight": 0.02}',
            '"head.weight": 1}',
        ),
        (
            "tokens too small to be told apart",
            '{"embedding.weight": 1,',
            '{"embedding.weight": 0.02,',
        ),
        (
            "a bias from the start",
            '"rnn.b": 0,',
            '"rnn.b": 1,',
        ),
        (
            "weights always float64",
            ".astype(dtype)",
            "",
        ),
        (
            "ids are not checked",
            "self.check_ids(idx)",
            "pass",
        ),
        (
            "another model is opened",
            'if json_config.get("model_type") != MODEL_TYPE:',
            "if False:",
        ),
    ],
    "minigpt/optim.py": [
        (
            "m not corrected",
            "m_hat_scale = 1 / (1 - beta1**self.n_steps)",
            "m_hat_scale = 1.0",
        ),
        (
            "v not corrected",
            "v_hat_scale = 1 / (1 - beta2**self.n_steps)",
            "v_hat_scale = 1.0",
        ),
        (
            "v corrected with β₁",
            "1 - beta2**self.n_steps",
            "1 - beta1**self.n_steps",
        ),
        (
            "correction one step late",
            "self.n_steps += 1",
            "self.n_steps += 1 if self.n_steps else 2",
        ),
        (
            "v of |g| instead of g²",
            "update = grad * grad",
            "update = abs(grad)",
        ),
        (
            "m keeps the sum, not the mean",
            "m += (1 - beta1) * grad",
            "m += grad",
        ),
        (
            "eps inside of the root",
            "xp.sqrt(v, out=update)\n",
            "xp.sqrt(v + self.eps**2, out=update)\n",
        ),
        (
            "eps before the correction of v",
            "update *= math.sqrt(v_hat_scale)\n        update += self.eps",
            "update += self.eps\n        update *= math.sqrt(v_hat_scale)",
        ),
        (
            "biases decayed too",
            "if grad.ndim >= 2 else 0.0",
            "if grad.ndim >= 1 else 0.0",
        ),
        (
            "decay without the learning rate",
            "self.lr * self.weight_decay",
            "self.weight_decay",
        ),
        (
            "decay coupled: through the moments",
            "param *= 1 - decay",
            "m += (1 - beta1) * decay * param",
        ),
        (
            "the last numbers are not updated",
            "range(0, grad.size, chunk)",
            "range(0, grad.size - chunk + 1, chunk)",
        ),
        (
            "clipping not applied",
            "grad *= max_norm / norm",
            "pass",
        ),
        (
            "norm without the root",
            "norm = math.sqrt(total(sum(",
            "norm = (total(sum(",
        ),
        (
            "the norm is that of one process's share",
            "total(sum(float(xp.vdot(grad, grad)) for grad in grads.values()))",
            "sum(float(xp.vdot(grad, grad)) for grad in grads.values())",
        ),
        (
            "each gradient clipped by itself",
            "for grad in grads.values():\n            grad *= max_norm / norm",
            ("for grad in grads.values():\n            grad *= max_norm / math.sqrt(xp.vdot(grad, grad))"),
        ),
        (
            "warm-up begins at zero",
            "(step + 1) / (warmup_iters + 1)",
            "step / (warmup_iters + 1)",
        ),
        (
            "cosine one step early",
            "(step - warmup_iters) /",
            "(step - warmup_iters + 1) /",
        ),
        (
            "cosine over all steps, not those left",
            "max(1, max_iters - warmup_iters)",
            "max(1, max_iters)",
        ),
        (
            "rate ends at zero",
            "min_lr + 0.5",
            "0.5",
        ),
        (
            "arrays that are not contiguous are let in",
            "if not param.flags.c_contiguous:",
            "if False:",
        ),
        (
            "the norm after clipping is returned",
            "    return norm\n",
            "    return min(norm, max_norm or norm)\n",
        ),
        (
            "max_norm 0 makes gradients zero",
            "if 0 < max_norm < norm",
            "if 0 <= max_norm < norm",
        ),
        (
            "clipped to an infinite norm",
            "max_norm < norm < math.inf:",
            "max_norm < norm:",
        ),
        (
            "the rate rises again after the end",
            "min(1.0, (step - warmup_iters)",
            "max(0.0, (step - warmup_iters)",
        ),
        (
            "β₁ and β₂ swapped",
            "beta1, beta2 = self.betas",
            "beta2, beta1 = self.betas",
        ),
    ],
    "minigpt/loading.py": [
        (
            "a bigram model is opened as a GPT",
            'if json_config.get("model_type") == MODEL_TYPE:',
            "if False:",
        ),
        (
            "an RNN is opened as a GPT",
            'if json_config.get("model_type") == RNN_TYPE:',
            "if False:",
        ),
        (
            "a model that fills gaps is opened as a GPT",
            'if json_config.get("model_type") == FILL_TYPE:',
            "if False:",
        ),
        (
            "an adapter of what is no GPT",
            "if not isinstance(base, (GPT, GPTClassifier)):",
            "if False:",
        ),
        (
            "a classifier is opened as a GPT",
            "if is_classifier(json_config):",
            "if False:",
        ),
    ],
}
