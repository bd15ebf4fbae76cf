"""One head of attention, backward."""

import math

import numpy as np

FUNCTION = "attention_backward"
OUTPUTS = "dq dk dv"
GRADIENTS = "q k v"
TITLE = ("a head of attention, backward", "一个注意力头的反向传播")
TEXT = (
    """A head of attention, backward. The forward said, with −∞ in S where j > i,

    S = q kᵀ / √D          P = softmax(S)          y = P v

The backward goes from the last to the first. y = P v is linear in P and in v; the softmax gives, row by row,

    dS_ij = P_ij (dP_ij − Σ_m P_im dP_im)

and S is linear in q and in k. Where the mask hid a score, P is 0 and dS with it: no mask is needed here.

In the course: docs/derivations.md, "Softmax alone" and "Attention, put together"; minigpt/plain.py, backward.
""",
    """一个注意力头的反向传播。前向是（j > i 时 S 为 −∞）：

    S = q kᵀ / √D          P = softmax(S)          y = P v

反向从最后一步走到第一步。y = P v 对 P 和 v 都是线性的；softmax 逐行给出

    dS_ij = P_ij (dP_ij − Σ_m P_im dP_im)

S 对 q 和 k 也都是线性的。被掩码遮住的地方 P 是 0，dS 也是 0：这里不需要掩码。

课程中的位置：docs/zh/derivations.md 的“单独一个 softmax”和“注意力：合在一起”两节；minigpt/plain.py 的 backward。
""",
)
HINTS = [
    ("y = P v as a linear layer: dv = Pᵀ dy and dP = dy vᵀ", "把 y = P v 看成线性层：dv = Pᵀ dy，dP = dy vᵀ"),
    (
        "the shares of a row sum to 1: raising one lowers the others, hence the term −Σ P dP",
        "一行的份额之和为 1：抬高一个就压低别的，所以有 −Σ P dP 一项",
    ),
    (
        "the sum in dS runs along the keys, axis -1, keepdims=True",
        "dS 里的求和沿着键，axis=-1，keepdims=True",
    ),
    (
        "S_ij = Σ_d q_id k_jd / √D: dq = dS k / √D, and dk takes dS transposed, for its rows are the keys",
        "S_ij = Σ_d q_id k_jd / √D：dq = dS k / √D，而 dk 要用转置的 dS，因为它的行是键",
    ),
    ("1/√D stands in front of both, dq and dk", "dq 和 dk 前面都有 1/√D"),
]
MISTAKES = [
    ("dq lacks 1/√D", "dq 漏了 1/√D", "dS @ k / math.sqrt(q.shape[-1])", "dS @ k", 5),
    (
        "dk lacks 1/√D",
        "dk 漏了 1/√D",
        "dS.swapaxes(-1, -2) @ q / math.sqrt(q.shape[-1])",
        "dS.swapaxes(-1, -2) @ q",
        5,
    ),
    (
        "dk is made with dS that is not transposed",
        "dk 用的 dS 没有转置",
        "dS.swapaxes(-1, -2) @ q",
        "dS @ q",
        4,
    ),
    ("dq is made with dS transposed", "dq 用了转置的 dS", "dq = dS @ k", "dq = dS.swapaxes(-1, -2) @ k", 4),
    (
        "dv is made with P that is not transposed",
        "dv 用的 P 没有转置",
        "P.swapaxes(-1, -2) @ dy",
        "P @ dy",
        1,
    ),
    (
        "the term Σ P dP of the softmax is left out",
        "漏掉 softmax 的 Σ P dP 一项",
        " - (P * dP).sum(-1, keepdims=True)",
        "",
        2,
    ),
    (
        "the factor P of the softmax is left out",
        "漏掉 softmax 前面的因子 P",
        "dS = P * (dP - (P * dP).sum(-1, keepdims=True))",
        "dS = dP - (P * dP).sum(-1, keepdims=True)",
        2,
    ),
    (
        "the softmax is left out: dS = dP",
        "漏掉了 softmax：dS = dP",
        "dS = P * (dP - (P * dP).sum(-1, keepdims=True))",
        "dS = dP",
        2,
    ),
    (
        "the softmax's gradient is that of each share alone, P (1 − P) dP",
        "softmax 的梯度只算了每个份额自己：P (1 − P) dP",
        "(dP - (P * dP).sum(-1, keepdims=True))",
        "(dP - P * dP)",
        2,
    ),
    (
        "the sum in dS is of dP alone, without P",
        "dS 里只对 dP 求和，漏了 P",
        "(P * dP).sum(-1",
        "dP.sum(-1",
        2,
    ),
    (
        "the sum in dS runs along the queries",
        "dS 里的求和沿着查询的方向",
        "(P * dP).sum(-1, keepdims=True)",
        "(P * dP).sum(-2, keepdims=True)",
        3,
    ),
    ("dq and dk have changed places", "dq 和 dk 弄反了", "return dq, dk, dv", "return dk, dq, dv", 4),
    (
        "dq uses q, and dk uses k",
        "dq 用了 q，dk 用了 k",
        "    dq = dS @ k / math.sqrt(q.shape[-1])\n    dk = dS.swapaxes(-1, -2) @ q /",
        "    dq = dS @ q / math.sqrt(q.shape[-1])\n    dk = dS.swapaxes(-1, -2) @ k /",
        4,
    ),
    (
        "1/√D is used twice, in dq and in dk",
        "dq 和 dk 里 1/√D 都乘了两次",
        "dS = P * (",
        "dS = P / math.sqrt(q.shape[-1]) * (",
        5,
    ),
    (
        "P is left out of dv, which is dy itself",
        "dv 漏了 P，成了 dy 本身",
        "P.swapaxes(-1, -2) @ dy",
        "dy.copy()",
        1,
    ),
]


def draw(rng, sizes):
    B, T, D, E = sizes("B T D E", low=2, high=5)
    q, k, v = (rng.normal(size=(B, T, n)) for n in (D, D, E))
    S = np.where(np.tril(np.ones((T, T), dtype=bool)), q @ k.swapaxes(1, 2) / math.sqrt(D), -math.inf)
    exps = np.exp(S - S.max(-1, keepdims=True))
    P = exps / exps.sum(-1, keepdims=True)
    return {"dy": rng.normal(size=(B, T, E)), "q": q, "k": k, "v": v, "P": P}


def loss(dy, q, k, v):
    S = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
    S = np.where(np.tril(np.ones(S.shape[-2:], dtype=bool)), S, -math.inf)
    exps = np.exp(S - S.max(-1, keepdims=True))
    return (dy * (exps / exps.sum(-1, keepdims=True) @ v)).sum()
