"""Mistakes of plain.py, each a fragment of its source and what stands wrongly in its place.

Most were seen in published code: of the transformers written in NumPy that people learn from, the greater
part has one of these, and trains nevertheless. The tests plant each of them and must turn red; `step --bug`
shows what those of the backward do to the gradients.
"""

import re
import types
import unicodedata
from pathlib import Path
from typing import NamedTuple

import minigpt.plain as plain

BACKWARD, FORWARD, UPDATE = "backward", "forward", "update"


class Mistake(NamedTuple):
    part: str  # BACKWARD, FORWARD or UPDATE: where in plain.py it stands
    name: str
    zh: str
    original: str  # found exactly once in the source
    planted: str


MISTAKES = [
    Mistake(*fields)
    for fields in [
        # --- backward, from the loss down
        (
            BACKWARD,
            "dprobs without 1/p",
            "dprobs 漏了 1/p",
            '-d["losses"] / p',
            '-d["losses"]',
        ),
        (
            BACKWARD,
            "dlogits of a target that is not counted",
            "不计入损失的目标也有 dlogits",
            '["loss"] * counted / N',
            '["loss"] / N * (counted < 2)',
        ),
        (
            BACKWARD,
            "dlogits not divided by N",
            "dlogits 没有除以 N",
            'd["losses"][:, :, None] * (a["probs"] - onehot)',
            '(a["probs"] - onehot)',
        ),
        (
            BACKWARD,
            "tied wte: gradient of the head dropped",
            "共享的 wte：丢了输出头那一项梯度",
            "dtable + dhead",
            "dtable",
        ),
        (
            BACKWARD,
            "tied wte: gradient of the table dropped",
            "共享的 wte：丢了词表那一项梯度",
            "dtable + dhead",
            "dhead",
        ),
        (
            BACKWARD,
            "LayerNorm's gradient without mean(dn)",
            "LayerNorm 的梯度漏了 mean(dn)",
            " - dn.mean(-1, keepdims=True)",
            "",
        ),
        (
            BACKWARD,
            "LayerNorm's gradient without mean(dn ⊙ n)",
            "LayerNorm 的梯度漏了 mean(dn ⊙ n)",
            " - n * (dn * n).mean(-1, keepdims=True)",
            "",
        ),
        (
            BACKWARD,
            "LayerNorm's gradient without 1/σ",
            "LayerNorm 的梯度漏了 1/σ",
            "(dn * n).mean(-1, keepdims=True)) / sigma",
            "(dn * n).mean(-1, keepdims=True))",
        ),
        (
            BACKWARD,
            "LayerNorm's dn without γ",
            "LayerNorm 的 dn 漏了 γ",
            'dy * w[name + ".weight"]\n',
            "dy\n",
        ),
        (
            BACKWARD,
            "LayerNorm's dγ without n",
            "LayerNorm 的 dγ 漏了 n",
            "(dy * n).sum((0, 1))",
            "dy.sum((0, 1))",
        ),
        (BACKWARD, "dσ of the wrong sign", "dσ 的符号反了", "-(dn * n).sum", "(dn * n).sum"),
        (BACKWARD, "dvar without the 2", "dvar 漏了 2", "/ (2 * sigma)", "/ sigma"),
        (
            BACKWARD,
            "dmean without 1/σ",
            "dmean 漏了 1/σ",
            "-dn.sum(-1, keepdims=True) / sigma",
            "-dn.sum(-1, keepdims=True)",
        ),
        (
            BACKWARD,
            "dW is a mean over the batch",
            "dW 取了批次的平均",
            "(x.swapaxes(1, 2) @ dy).sum(0)",
            "(x.swapaxes(1, 2) @ dy).mean(0)",
        ),
        (
            BACKWARD,
            "dW is a mean over tokens",
            "dW 取了词元的平均",
            "(x.swapaxes(1, 2) @ dy).sum(0)",
            "(x.swapaxes(1, 2) @ dy).sum(0) / x.shape[1]",
        ),
        (
            BACKWARD,
            "db is a mean over tokens",
            "db 取了词元的平均",
            'd[name + ".bias"] = dy.sum((0, 1))\n    d[name + ".weight"] = (x.swap',
            'd[name + ".bias"] = dy.mean((0, 1))\n    d[name + ".weight"] = (x.swap',
        ),
        (
            BACKWARD,
            "residual gradient around feed-forward lost",
            "绕过前馈层的残差梯度丢了",
            'dx = dx + layernorm_backward(d[h + "ln_2"]',
            'dx = layernorm_backward(d[h + "ln_2"]',
        ),
        (
            BACKWARD,
            "residual gradient around attention lost",
            "绕过注意力层的残差梯度丢了",
            'dx = dx + layernorm_backward(d[h + "ln_1"]',
            'dx = layernorm_backward(d[h + "ln_1"]',
        ),
        (
            BACKWARD,
            "gelu left out of backward",
            "反向时漏了 GELU",
            'dc_fc = d[h + "mlp.c_fc"] = dgelu * gate + du * du_dc_fc',
            'dc_fc = d[h + "mlp.c_fc"] = dgelu',
        ),
        (
            BACKWARD,
            "gelu's slope without the gate itself",
            "GELU 的导数漏了门本身",
            "dgelu * gate + du",
            "du",
        ),
        (BACKWARD, "u′ without the 3", "u′ 漏了 3", "1 + 3 * A", "1 + A"),
        (
            BACKWARD,
            "du with tanh′ = 1 − tanh",
            "du 中 tanh′ 写成了 1 − tanh",
            "dgate * 2 * gate * (1 - gate)",
            "dgate * 2 * (1 - gate)",
        ),
        (BACKWARD, "dv with P not transposed", "dv 中 P 没有转置", "P.swapaxes(-1, -2) @ dy", "P @ dy"),
        (
            BACKWARD,
            "softmax gradient without δ",
            "softmax 的梯度漏了 δ",
            " - (P * dP).sum(-1, keepdims=True)",
            "",
        ),
        (
            BACKWARD,
            "softmax gradient without P",
            "softmax 的梯度漏了 P",
            "= P * (dP - (P * dP).sum(-1, keepdims=True))",
            "= dP - (P * dP).sum(-1, keepdims=True)",
        ),
        (BACKWARD, "dq without 1/√D", "dq 漏了 1/√D", "dS @ k / math.sqrt(q.shape[-1])", "dS @ k"),
        (BACKWARD, "dk transposed", "dk 中 dS 没有转置", "dS.swapaxes(-1, -2) @ q", "dS @ q"),
        (
            BACKWARD,
            "dq and dk swapped",
            "dq 与 dk 对调了",
            "join_heads(dq), join_heads(dk)",
            "join_heads(dk), join_heads(dq)",
        ),
        (
            BACKWARD,
            "dk and dv swapped",
            "dk 与 dv 对调了",
            "join_heads(dk), join_heads(dv)",
            "join_heads(dv), join_heads(dk)",
        ),
        (
            BACKWARD,
            "dwpe is a mean over the batch",
            "dwpe 取了批次的平均",
            'd["wpe"] = dx.sum(0)',
            'd["wpe"] = dx.mean(0)',
        ),
        (
            BACKWARD,
            "equal ids: only the last counts",
            "相同的 id 只算了最后一个",
            "dtable[idx[b, t]] += d",
            "dtable[idx[b, t]] = d",
        ),
        # --- forward
        (
            FORWARD,
            "scores without 1/√D",
            "分数漏了 1/√D",
            "/ math.sqrt(q.shape[-1])\n        seen",
            "\n        seen",
        ),
        (
            FORWARD,
            "softmax without the maximum",
            "softmax 没有先减最大值",
            "z - z.max(-1, keepdims=True)",
            "z",
        ),
        (
            FORWARD,
            "mask lets the next token be seen",
            "掩码让下一个词元被看见",
            "dtype=bool))",
            "dtype=bool), k=1)",
        ),
        (
            FORWARD,
            "eps outside of the root",
            "eps 放到了根号外面",
            "np.sqrt(var + eps)",
            "np.sqrt(var) + eps",
        ),
        (FORWARD, "mean over all targets", "对所有目标取平均", "max(1, counted.sum())", "counted.size"),
        (
            FORWARD,
            "a target beyond the vocabulary not counted",
            "超出词表的目标没有被拒绝",
            "targets[targets != -100]):",
            "idx):",
        ),
        # --- update
        (
            UPDATE,
            "v of |g| instead of g²",
            "v 用了 |g| 而不是 g²",
            "(1 - beta2) * g**2",
            "(1 - beta2) * abs(g)",
        ),
        (UPDATE, "m not corrected", "m 没有校正偏差", "m[name] / (1 - beta1**t)", "m[name]"),
        (
            UPDATE,
            "v corrected with β₁",
            "v 用 β₁ 校正了",
            "v[name] / (1 - beta2**t)",
            "v[name] / (1 - beta1**t)",
        ),
        (
            UPDATE,
            "eps inside of the root",
            "eps 放到了根号里面",
            "np.sqrt(v_hat[name]) + eps",
            "np.sqrt(v_hat[name] + eps**2)",
        ),
        (
            UPDATE,
            "biases decayed too",
            "偏置也做了权重衰减",
            "if g.ndim >= 2 else 0",
            "if g.ndim >= 1 else 0",
        ),
        (
            UPDATE,
            "the step before is written over",
            "上一步的 m、v 被改写",
            "dict(m), dict(v), betas",
            "m, v, betas",
        ),
        (UPDATE, "norm without the root", "范数没有开方", "norm = math.sqrt(sum(", "norm = (sum("),
        (
            UPDATE,
            "gradients made longer too",
            "短的梯度也被拉长",
            "if 0 < max_norm < norm < math.inf",
            "if 0 < max_norm",
        ),
    ]
]
OF_BACKWARD = [mistake for mistake in MISTAKES if mistake.part == BACKWARD]


def plain_source():
    """The text of plain.py as it lies on the disk."""
    return Path(plain.__file__).read_text(encoding="utf-8")


def plain_with(mistake):
    """plain.py with a mistake in it, a module of its own; the real one stays as it is."""
    source = plain_source().replace(mistake.original, mistake.planted)
    module = types.ModuleType("plain_with_a_mistake")
    exec(compile(source, "plain_with_a_mistake.py", "exec"), vars(module))
    return module


def find_mistake(name):
    """The mistake of the backward that is called so, in English or Chinese; ValueError if there is not one.

    Capitals, blanks and accents do not count, Greek letters may be spelled out (delta), and a part of the
    name is enough where it leaves no doubt.
    """
    wanted = _spelled_out(name)
    exact = [mistake for mistake in OF_BACKWARD if wanted in map(_spelled_out, (mistake.name, mistake.zh))]
    found = exact or [
        mistake
        for mistake in OF_BACKWARD
        if wanted and any(wanted in _spelled_out(text) for text in (mistake.name, mistake.zh))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = "; ".join(mistake.name for mistake in found)
        raise ValueError(f"--bug {name!r} could be {len(found)} mistakes: {names}")
    raise ValueError(f"--bug {name!r} is no mistake that is known: --list-bugs names all {len(OF_BACKWARD)}")


def _spelled_out(text):
    """The text in small letters without blanks and signs, δ as delta: what two spellings have in common."""
    letters = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        name = unicodedata.name(character, "")
        greek = re.fullmatch(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)", name)
        letters.append(greek[1].lower() if greek else character)
    return re.sub(r"[\W_]", "", "".join(letters).replace("√", "sqrt").replace("⊙", ""))
