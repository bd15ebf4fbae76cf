"""Bugs of the model that fills gaps."""

PLANTED = {
    "minigpt/filling/masking.py": [
        (
            "special tokens are hidden",
            "chosen &= ~np.isin(ids, list(special))",
            "pass",
        ),
        (
            "every token that is chosen shows the mask",
            "np.where(chosen & (fate < MASKED), mask, ids)",
            "np.where(chosen, mask, ids)",
        ),
        (
            "tokens that are not chosen are replaced",
            "np.where(chosen & (MASKED <= fate) &",
            "np.where((MASKED <= fate) &",
        ),
        (
            "a fifth is replaced and none kept",
            "(fate < MASKED + REPLACED)",
            "(fate < 1)",
        ),
        (
            "all tokens count",
            "np.where(chosen, ids, IGNORED)",
            "ids.copy()",
        ),
        (
            "the target is what is seen",
            "np.where(chosen, ids, IGNORED)",
            "np.where(chosen, seen, IGNORED)",
        ),
        (
            "half as many are chosen",
            "CHOSEN, MASKED, REPLACED = 0.15,",
            "CHOSEN, MASKED, REPLACED = 0.075,",
        ),
    ],
    "minigpt/filling/model.py": [
        (
            "it looks back only",
            "causal=False",
            "causal=True",
        ),
        (
            "no dropout in the blocks",
            "self.config, rngs, attention",
            "self.config, None, attention",
        ),
        (
            "the head's term of the table's gradient lost",
            'accumulate(grads, "wte.weight", dwte)',
            "pass",
        ),
        (
            "gradients of the first places instead of those chosen",
            "dx[chosen] = dscored",
            "dx.reshape(-1, shape[-1])[: len(dscored)] = dscored",
        ),
        (
            "blocks backward in the order of forward",
            "for i in reversed(range(self.config.n_layer)):",
            "for i in range(self.config.n_layer):",
        ),
        (
            "parts overwrite each other's gradient",
            "grads = {} if grads is None else grads",
            "grads = {}",
        ),
        (
            "eps of the config not used",
            'w["ln_f.bias"], self.config.layer_norm_epsilon)',
            'w["ln_f.bias"], 1e-5)',
        ),
        (
            "a part's loss divided by its own count",
            "cross_entropy_forward(logits, targets, n_counted)",
            "cross_entropy_forward(logits, targets)",
        ),
        (
            "targets are not checked",
            "check_targets(logits, targets)",
            "pass",
        ),
        (
            "nothing asked of a part is an error",
            "if len(targets):",
            "if True:",
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
            "saved as a GPT",
            ' | {"model_type": MODEL_TYPE, "architectures": None}',
            "",
        ),
        (
            "it continues texts",
            "continues = False",
            "continues = True",
        ),
    ],
    "minigpt/filling/gaps.py": [
        (
            "a line end fills a gap unseen",
            'if "\\n" in tokenizer.decode([filled[place]])',
            "if False",
        ),
        (
            "a text without a gap is let in",
            "if MASK not in text:",
            "if False:",
        ),
        (
            "the blank before a gap stays",
            'text.replace(f" {MASK}", MASK)',
            "text",
        ),
        (
            "blanks are tokens of characters too, and vanish",
            "if isinstance(tokenizer, BPETokenizer):",
            "if True:",
        ),
        (
            "a text may end the document",
            "allowed_special={MASK}, disallowed_special=()",
            'allowed_special="all"',
        ),
        (
            "a gap is filled with a gap",
            "logits[:, tokenizer.special_tokens[MASK]] = -np.inf",
            "pass",
        ),
        (
            "the gap that is filled is the first",
            "surest = int(probabilities.max(-1).argmax())",
            "surest = 0",
        ),
        (
            "the gap that is filled is the least sure",
            "probabilities.max(-1).argmax()",
            "probabilities.max(-1).argmin()",
        ),
        (
            "the caller's ids are filled",
            "ids = list(ids)",
            "pass",
        ),
    ],
}
