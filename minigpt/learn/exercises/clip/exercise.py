"""Clipping gradients."""

FUNCTION = "clip"
OUTPUTS = "grads norm"
TITLE = ("clipping gradients", "梯度裁剪")
TEXT = (
    """Clipping gradients: a step that would be too long is made shorter, and keeps its direction.

    norm = √ Σ g²          over all numbers of all arrays, as if they were one long vector

Where the norm is above max_norm, all gradients are multiplied by max_norm / norm; where it is not, they
stay. A max_norm of 0 means: do not clip. The norm before clipping is returned too, for the log.

In the course: minigpt/optim.py, clip_grad_norm; minigpt/plain.py, clip.
""",
    """梯度裁剪：太长的一步缩短一些，方向不变。

    norm = √ Σ g²          对所有数组的所有数求和，好像它们是一个长向量

norm 大于 max_norm 时，所有梯度都乘以 max_norm / norm；否则不变。max_norm 为 0 表示不裁剪。
裁剪前的 norm 也要返回，用来记日志。

课程中的位置：minigpt/optim.py 的 clip_grad_norm；minigpt/plain.py 的 clip。
""",
)
DOCSTRINGS = {
    "grads, a dict of arrays; max_norm, a number -> a new dict of arrays, and the norm before, a number.": "grads，数组的字典；max_norm，一个数 -> 新的数组字典，以及裁剪前的 norm，一个数。",
}
HINTS = [
    (
        "one norm for all arrays together: sum the squares of every array, then one root",
        "所有数组共用一个 norm：各数组的平方和加起来，再开一次根号",
    ),
    ("one factor for all arrays, or the direction changes", "所有数组乘同一个因子，否则方向就变了"),
    (
        "shorter only, never longer: where norm ≤ max_norm the factor is 1; max_norm = 0 switches clipping off",
        "只缩短，不拉长：norm ≤ max_norm 时因子为 1；max_norm = 0 表示关闭裁剪",
    ),
]
MISTAKES = [
    ("the norm is taken without the root", "norm 没有开根号", "norm = math.sqrt(sum(", "norm = (sum(", 1),
    (
        "gradients that are short enough are made longer",
        "本来够短的梯度被拉长了",
        "if 0 < max_norm < norm < math.inf",
        "if 0 < max_norm",
        3,
    ),
    (
        "a max_norm of 0 makes all gradients 0",
        "max_norm 为 0 时梯度全成了 0",
        "if 0 < max_norm < norm < math.inf",
        "if max_norm < norm",
        3,
    ),
    (
        "each array is clipped by itself",
        "每个数组各自裁剪",
        "return {name: scale * g for name, g in grads.items()}, norm",
        "return {n: (min(1, max_norm / math.sqrt((g**2).sum())) if max_norm else 1.0) * g for n, g in grads.items()}, norm",
        2,
    ),
    (
        "each number is cut off at ±max_norm",
        "每个数都截断在 ±max_norm",
        "return {name: scale * g for name, g in grads.items()}, norm",
        "return {name: g.clip(-max_norm, max_norm) if max_norm else 1 * g for name, g in grads.items()}, norm",
        2,
    ),
    ("nothing is clipped", "什么也没有裁剪", "scale * g for", "1.0 * g for", 3),
    (
        "the factor is 1 / norm, without max_norm",
        "因子是 1 / norm，漏了 max_norm",
        "max_norm / norm if",
        "1 / norm if",
        3,
    ),
    (
        "the norm of the gradients after clipping is returned",
        "返回的是裁剪之后的 norm",
        "grads.items()}, norm",
        "grads.items()}, scale * norm",
        3,
    ),
    (
        "the norm is the root of the mean of the squares",
        "norm 取成了平方的均值的根号",
        "math.sqrt(sum((g**2).sum() for g in grads.values()))",
        "math.sqrt(sum((g**2).sum() for g in grads.values()) / sum(g.size for g in grads.values()))",
        1,
    ),
    (
        "the norm is the sum of the arrays' norms",
        "norm 取成了各数组的 norm 之和",
        "math.sqrt(sum((g**2).sum() for g in grads.values()))",
        "sum(math.sqrt((g**2).sum()) for g in grads.values())",
        1,
    ),
]


def draw(rng, sizes):
    I, O = sizes("I O")
    grads = {"weight": rng.normal(size=(I, O)), "bias": 0.5 * rng.normal(size=O)}
    return {"grads": grads, "max_norm": float(rng.choice([0.7, 50.0, 0.0]))}
