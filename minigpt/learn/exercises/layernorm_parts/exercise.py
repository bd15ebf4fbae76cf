"""LayerNorm's statistics, backward."""

import numpy as np

FUNCTION = "layernorm_parts_backward"
OUTPUTS = "dsigma dvar dmean"
GRADIENTS = "sigma var mean"
TITLE = ("LayerNorm's mean and variance, backward", "LayerNorm 的均值与方差的反向传播")
TEXT = (
    """LayerNorm's mean and variance, backward: how does the loss change with the statistics of a token?

    n = (x − mean) / sigma                 sigma = √(var + eps)

Take mean, var and sigma each for a number that could be moved by itself while x stays as it is. Given
dn, the gradient of n, find theirs. One number of a token touches all C features of its n, so its
gradient is a sum over them:

    dsigma = Σ_c dn_c · ∂n_c/∂sigma        dvar = dsigma · ∂sigma/∂var        dmean = Σ_c dn_c · ∂n_c/∂mean

In dmean sigma is held fixed. The next exercise puts the paths together.
In the course: docs/derivations.md, "LayerNorm"; minigpt/plain.py, layernorm_backward.
""",
    """LayerNorm 的均值与方差的反向传播：一个词元的统计量变化时，损失怎样变化？

    n = (x − mean) / sigma                 sigma = √(var + eps)

把 mean、var、sigma 各看成一个可以单独改动的数，x 保持不变。已知 n 的梯度 dn，求它们的梯度。
一个词元的一个统计量影响 n 的全部 C 个特征，所以它的梯度是对特征求和：

    dsigma = Σ_c dn_c · ∂n_c/∂sigma        dvar = dsigma · ∂sigma/∂var        dmean = Σ_c dn_c · ∂n_c/∂mean

求 dmean 时 sigma 固定不动。下一题把各条路径合在一起。
课程中的位置：docs/zh/derivations.md 的“LayerNorm”一节；minigpt/plain.py 的 layernorm_backward。
""",
)
DOCSTRINGS = {
    "Given: x (B, T, C) -> n (B, T, C), and sigma = sqrt(var + eps) (B, T, 1).": "已给出：x (B, T, C) -> n (B, T, C)，以及 sigma = sqrt(var + eps) (B, T, 1)。",
    "dn, n (B, T, C), sigma (B, T, 1) -> dsigma, dvar, dmean, each (B, T, 1).": "dn、n (B, T, C)，sigma (B, T, 1) -> dsigma、dvar、dmean，都是 (B, T, 1)。",
}
HINTS = [
    (
        "∂n/∂sigma = −(x − mean) / sigma² = −n / sigma: mind the minus",
        "∂n/∂sigma = −(x − mean) / sigma² = −n / sigma：注意负号",
    ),
    (
        "the derivative of √v is 1 / (2√v), so ∂sigma/∂var = 1 / (2 sigma)",
        "√v 的导数是 1 / (2√v)，所以 ∂sigma/∂var = 1 / (2 sigma)",
    ),
    ("∂n/∂mean = −1 / sigma for each of the C features", "对 C 个特征中的每一个，∂n/∂mean = −1 / sigma"),
    ("sums over the features: axis -1, keepdims=True", "对特征求和：axis=-1，keepdims=True"),
]
MISTAKES = [
    (
        "dsigma has the wrong sign, and dvar with it",
        "dsigma 的符号反了，dvar 也跟着反",
        "-(dn * n).sum(-1, keepdims=True) / sigma",
        "(dn * n).sum(-1, keepdims=True) / sigma",
        1,
    ),
    (
        "dsigma is not divided by sigma",
        "dsigma 没有除以 sigma",
        "(dn * n).sum(-1, keepdims=True) / sigma",
        "(dn * n).sum(-1, keepdims=True)",
        1,
    ),
    (
        "dsigma is divided by sigma twice, though n holds one already",
        "dsigma 除了两次 sigma，可 n 里已经有一次",
        "(dn * n).sum(-1, keepdims=True) / sigma",
        "(dn * n).sum(-1, keepdims=True) / sigma**2",
        1,
    ),
    ("dsigma is a mean over the features", "dsigma 对特征取了平均", "-(dn * n).sum(", "-(dn * n).mean(", 4),
    ("dvar lacks the 2", "dvar 漏了 2", "/ (2 * sigma)", "/ sigma", 2),
    (
        "dvar is dsigma times 2 sigma, the derivative of the square",
        "dvar 乘了 2 sigma，那是平方的导数",
        "dsigma / (2 * sigma)",
        "dsigma * (2 * sigma)",
        2,
    ),
    (
        "dmean lacks 1/sigma",
        "dmean 漏了 1/sigma",
        "-dn.sum(-1, keepdims=True) / sigma",
        "-dn.sum(-1, keepdims=True)",
        3,
    ),
    ("dmean has the wrong sign", "dmean 的符号反了", "-dn.sum(", "dn.sum(", 3),
    ("dmean is a mean over the features", "dmean 对特征取了平均", "-dn.sum(", "-dn.mean(", 4),
    ("n stands in the place of dn in dmean", "dmean 里把 dn 写成了 n", "-dn.sum(", "-n.sum(", 3),
]


def draw(rng, sizes):
    B, T, C = sizes("B T C", low=3)
    x, eps = 1.5 * rng.normal(size=(B, T, C)) + 1, float(rng.uniform(0.1, 0.5))
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    sigma = np.sqrt(var + eps)
    return {"dn": rng.normal(size=(B, T, C)), "n": (x - mean) / sigma, "sigma": sigma, "x": x, "eps": eps} | {
        "mean": mean,
        "var": var,
    }


def loss(dn, x, eps, mean, var, sigma):
    """sigma moves n by itself; var moves it through √(var + eps); the two never move together."""
    moved = (
        sigma
        + np.sqrt(var + eps)
        - np.sqrt(((x - x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True) + eps)
    )
    return (dn * (x - mean) / moved).sum()
