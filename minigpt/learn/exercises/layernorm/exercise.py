"""LayerNorm, backward."""

import numpy as np

FUNCTION = "layernorm_backward"
OUTPUTS = "dx dweight dbias"
GRADIENTS = "x weight bias"
TITLE = ("LayerNorm, backward", "LayerNorm 的反向传播")
TEXT = (
    """LayerNorm, backward: x reaches n in three ways.

    n = (x − mean) / sigma          sigma = √(var + eps)          y = n ⊙ weight + bias

weight and bias are shared by all tokens: their gradients are sums over B and T. x acts on n directly,
through the mean and through sigma. With dn = dy ⊙ weight the three paths add up to one line,

    dx = (dn − … − …) / sigma                 each … a mean over the features of a token

The exercise before this one has the pieces: dmean and dvar go on to x, with ∂mean/∂x_c = 1/C and
∂var/∂x_c = 2 (x_c − mean) / C. The hints give one term each.
In the course: docs/derivations.md, "LayerNorm"; minigpt/plain.py, layernorm_backward.
""",
    """LayerNorm 的反向传播：x 有三条路通到 n。

    n = (x − mean) / sigma          sigma = √(var + eps)          y = n ⊙ weight + bias

weight 和 bias 由所有词元共用：它们的梯度沿 B 和 T 求和。x 直接影响 n，也通过 mean、通过 sigma 影响 n。
设 dn = dy ⊙ weight，三条路径加起来就是一行：

    dx = (dn − … − …) / sigma                 每个 … 都是对一个词元的特征取的均值

上一题已经有了各个零件：dmean 和 dvar 再传到 x，∂mean/∂x_c = 1/C，∂var/∂x_c = 2 (x_c − mean) / C。
每条提示给出一项。
课程中的位置：docs/zh/derivations.md 的“LayerNorm”一节；minigpt/plain.py 的 layernorm_backward。
""",
)
DOCSTRINGS = {
    "Given: x (B, T, C), weight (C,), bias (C,) -> y (B, T, C), and what backward needs: n and sigma.": "已给出：x (B, T, C)，weight (C,)，bias (C,) -> y (B, T, C)，以及反向要用的 n 和 sigma。",
}
HINTS = [
    (
        "the first term left aside, n depends on x through the mean: that gives −mean(dn)",
        "除了第一项，n 还通过均值依赖 x：由此得到 −mean(dn)",
    ),
    (
        "n depends on x through sigma too: that gives −n · mean(dn ⊙ n)",
        "n 还通过 sigma 依赖 x：由此得到 −n · mean(dn ⊙ n)",
    ),
    (
        "all three terms are divided by sigma, because n is (x − mean) / sigma",
        "三项都要除以 sigma，因为 n = (x − mean) / sigma",
    ),
    (
        "y = n ⊙ weight + bias: so dn = dy ⊙ weight comes before everything else",
        "y = n ⊙ weight + bias：所以先要算 dn = dy ⊙ weight",
    ),
    (
        "all tokens share weight and bias: dweight sums dy ⊙ n, dbias sums dy, over B and T",
        "所有词元共用 weight 和 bias：dweight 对 dy ⊙ n 求和，dbias 对 dy 求和，沿 B 和 T",
    ),
    (
        "the two means run over the features of one token: axis -1, keepdims=True",
        "两个均值都是对一个词元的特征取的：axis=-1，keepdims=True",
    ),
]
MISTAKES = [
    ("the term mean(dn) is left out", "漏掉 mean(dn) 一项", " - dn.mean(-1, keepdims=True)", "", 1),
    (
        "the term n · mean(dn ⊙ n) is left out",
        "漏掉 n · mean(dn ⊙ n) 一项",
        " - n * (dn * n).mean(-1, keepdims=True)",
        "",
        2,
    ),
    (
        "n is left out before mean(dn ⊙ n)",
        "mean(dn ⊙ n) 前面漏了 n",
        " - n * (dn * n).mean",
        " - (dn * n).mean",
        2,
    ),
    (
        "mean(dn) stands in the place of mean(dn ⊙ n)",
        "mean(dn ⊙ n) 写成了 mean(dn)",
        "n * (dn * n).mean(",
        "n * dn.mean(",
        2,
    ),
    (
        "the term n · mean(dn ⊙ n) is added, not taken away",
        "n · mean(dn ⊙ n) 一项写成了加",
        " - n * (dn",
        " + n * (dn",
        2,
    ),
    (
        "the division by sigma is left out",
        "漏掉了除以 sigma",
        "keepdims=True)) / sigma",
        "keepdims=True))",
        3,
    ),
    ("dx is multiplied by sigma", "dx 乘了 sigma", "keepdims=True)) / sigma", "keepdims=True)) * sigma", 3),
    (
        "sums stand in the place of the two means",
        "两个均值都写成了求和",
        "dn.mean(-1, keepdims=True) - n * (dn * n).mean(",
        "dn.sum(-1, keepdims=True) - n * (dn * n).sum(",
        6,
    ),
    (
        "the means run over the whole array, not over a token's features",
        "均值是对整个数组取的，而不是对一个词元的特征",
        "dn.mean(-1, keepdims=True) - n * (dn * n).mean(-1, keepdims=True)",
        "dn.mean() - n * (dn * n).mean()",
        6,
    ),
    ("weight is left out of dn", "dn 漏了 weight", "dn = dy * weight", "dn = dy", 4),
    ("n is left out of dweight", "dweight 漏了 n", "(dy * n).sum((0, 1))", "dy.sum((0, 1))", 5),
    (
        "dweight uses dn, which has weight in it already",
        "dweight 用了 dn，而 dn 里已经乘过 weight",
        "dweight = (dy * n)",
        "dweight = (dy * weight * n)",
        5,
    ),
    (
        "dweight is a mean over the tokens",
        "dweight 对词元取了平均",
        "(dy * n).sum((0, 1))",
        "(dy * n).mean((0, 1))",
        5,
    ),
    (
        "dbias is a mean over the tokens",
        "dbias 对词元取了平均",
        "dbias = dy.sum((0, 1))",
        "dbias = dy.mean((0, 1))",
        5,
    ),
    (
        "dbias sums dn in the place of dy",
        "dbias 对 dn 求了和，而不是 dy",
        "dbias = dy.sum((0, 1))",
        "dbias = (dy * weight).sum((0, 1))",
        5,
    ),
]


def draw(rng, sizes):
    B, T, C = sizes("B T C", low=3)
    x, eps = 1.5 * rng.normal(size=(B, T, C)) + 1, 1e-3
    mean = x.mean(-1, keepdims=True)
    sigma = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
    return {
        "dy": rng.normal(size=(B, T, C)),
        "n": (x - mean) / sigma,
        "sigma": sigma,
        "weight": rng.normal(size=C),
    } | {
        "x": x,
        "bias": rng.normal(size=C),
        "eps": eps,
    }


def loss(dy, x, weight, bias, eps):
    mean = x.mean(-1, keepdims=True)
    sigma = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
    return (dy * ((x - mean) / sigma * weight + bias)).sum()
