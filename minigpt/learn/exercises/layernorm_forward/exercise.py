"""LayerNorm, forward."""

FUNCTION = "layernorm"
OUTPUTS = "y"
TITLE = ("LayerNorm, forward", "LayerNorm 的前向计算")
TEXT = (
    """LayerNorm: every token gets mean 0 and variance 1, then its features are scaled and shifted.

    mean = mean of the C features of a token          var = mean of (x − mean)²
    n = (x − mean) / √(var + eps)                      y = n ⊙ weight + bias

weight and bias have a number for each feature (γ and β in the paper), and all tokens share them. eps
keeps a token whose features are all equal from a division by zero.

In the course: minigpt/layers/layernorm.py; minigpt/plain.py, layernorm.
""",
    """LayerNorm：让每个词元的均值为 0、方差为 1，然后对各特征缩放、平移。

    mean = 一个词元的 C 个特征的均值          var = (x − mean)² 的均值
    n = (x − mean) / √(var + eps)               y = n ⊙ weight + bias

weight 和 bias 每个特征一个数（论文里的 γ 和 β），所有词元共用。若一个词元的特征全相等，
eps 使它不至于除以零。

课程中的位置：minigpt/layers/layernorm.py；minigpt/plain.py 的 layernorm。
""",
)
DOCSTRINGS = {
    "x (B, T, C), weight (C,), bias (C,), eps a small number -> y (B, T, C).": "x (B, T, C)，weight (C,)，bias (C,)，eps 是一个小的数 -> y (B, T, C)。",
}
HINTS = [
    (
        "every token by itself: the mean runs along the last axis, keepdims=True",
        "每个词元各算各的：沿最后一个轴取均值，并用 keepdims=True",
    ),
    (
        "the variance is the mean of squares, divided by C and not by C − 1",
        "方差是平方的均值，除以 C，而不是 C − 1",
    ),
    ("eps stands under the root, beside the variance", "eps 在根号里面，与方差相加"),
    ("weight multiplies, bias is added, in this order", "先乘 weight，再加 bias"),
]
MISTAKES = [
    ("eps stands outside of the root", "eps 写到了根号外面", "np.sqrt(var + eps)", "np.sqrt(var) + eps", 3),
    ("eps is left out", "漏掉了 eps", "np.sqrt(var + eps)", "np.sqrt(var)", 3),
    (
        "x is divided by the variance, without the root",
        "除以的是方差，没有开根号",
        "np.sqrt(var + eps)",
        "(var + eps)",
        3,
    ),
    (
        "the variance divides by C − 1",
        "方差除以了 C − 1",
        "((x - mean) ** 2).mean(-1, keepdims=True)",
        "x.var(-1, ddof=1, keepdims=True)",
        2,
    ),
    (
        "the variance is the mean of x², the mean not taken away",
        "方差取成了 x² 的均值，没有先减去均值",
        "((x - mean) ** 2).mean",
        "(x**2).mean",
        2,
    ),
    ("the mean is not taken away in n", "n 里没有减去均值", "n = (x - mean)", "n = x", 1),
    (
        "mean and variance run over the tokens of a sequence, as in BatchNorm",
        "像 BatchNorm 那样，沿序列的词元取均值和方差",
        "    mean = x.mean(-1, keepdims=True)\n    var = ((x - mean) ** 2).mean(-1, keepdims=True)",
        "    mean = x.mean(1, keepdims=True)\n    var = ((x - mean) ** 2).mean(1, keepdims=True)",
        1,
    ),
    (
        "one mean and one variance serve the whole array",
        "整个数组只用一个均值和一个方差",
        "    mean = x.mean(-1, keepdims=True)\n    var = ((x - mean) ** 2).mean(-1, keepdims=True)",
        "    mean = x.mean()\n    var = x.var()",
        1,
    ),
    ("weight is left out", "漏掉了 weight", "n * weight + bias", "n + bias", 4),
    ("bias is left out", "漏掉了 bias", "n * weight + bias", "n * weight", 4),
    (
        "bias is added before weight multiplies",
        "先加 bias，后乘 weight",
        "n * weight + bias",
        "(n + bias) * weight",
        4,
    ),
    (
        "the deviation is the mean of |x − mean|",
        "把偏差取成了 |x − mean| 的均值",
        "np.sqrt(var + eps)",
        "(abs(x - mean).mean(-1, keepdims=True) + eps)",
        2,
    ),
]


def draw(rng, sizes):
    B, T, C = sizes("B T C", low=3)
    return {
        "x": 1.5 * rng.normal(size=(B, T, C)) + 1,
        "weight": rng.normal(size=C),
        "bias": rng.normal(size=C),
        "eps": float(rng.uniform(0.01, 0.1)),
    }
