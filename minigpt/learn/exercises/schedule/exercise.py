"""The schedule of the learning rate."""

FUNCTION = "learning_rate"
OUTPUTS = "lr"
TITLE = ("the schedule of the learning rate", "学习率的安排")
TEXT = (
    """The schedule: the learning rate rises in a straight line, then falls along half a cosine.

    step < warmup_iters:     peak · (step + 1) / (warmup_iters + 1)
    from there on:           min_lr + ½ (1 + cos(π · progress)) (peak − min_lr)

progress runs from 0, at step warmup_iters, to 1, at step max_iters; after that it stays at 1. Steps are
counted from 0, and the first one already has a rate above 0.

In the course: minigpt/optim.py, cosine_schedule.
""",
    """学习率的安排：先沿直线上升，再沿半个余弦下降。

    step < warmup_iters：    peak · (step + 1) / (warmup_iters + 1)
    之后：                   min_lr + ½ (1 + cos(π · progress)) (peak − min_lr)

progress 在第 warmup_iters 步是 0，到第 max_iters 步是 1；再往后一直是 1。步数从 0 数起，
第一步的学习率就已经大于 0。

课程中的位置：minigpt/optim.py 的 cosine_schedule。
""",
)
DOCSTRINGS = {
    "step, an int from 0 on; max_iters, warmup_iters, ints; peak, min_lr, floats -> a float.": "step，从 0 起的 int；max_iters、warmup_iters，int；peak、min_lr，float -> float。",
}
HINTS = [
    (
        "the rise: the step warmup_iters would be the first with the full peak, hence + 1 above and below",
        "上升段：到第 warmup_iters 步才达到 peak，所以分子分母都加 1",
    ),
    (
        "progress = (step − warmup_iters) / (max_iters − warmup_iters): what is left after the rise",
        "progress = (step − warmup_iters) / (max_iters − warmup_iters)：除以上升之后剩下的步数",
    ),
    (
        "min(1.0, …) keeps the cosine from rising again after max_iters",
        "用 min(1.0, …)，余弦就不会在 max_iters 之后又升上去",
    ),
    (
        "cos runs from 1 to −1; ½ (1 + cos) from 1 to 0; it falls from peak to min_lr",
        "cos 从 1 到 −1；½ (1 + cos) 从 1 到 0；学习率从 peak 降到 min_lr",
    ),
]
MISTAKES = [
    (
        "the rise begins at zero",
        "上升从零开始",
        "(step + 1) / (warmup_iters + 1)",
        "step / (warmup_iters + 1)",
        1,
    ),
    (
        "the rise divides by warmup_iters and reaches the peak one step early",
        "上升段除以 warmup_iters，早一步到顶",
        "(step + 1) / (warmup_iters + 1)",
        "(step + 1) / warmup_iters",
        1,
    ),
    ("there is no rise", "没有上升段", "if step < warmup_iters:", "if step < 0:", 1),
    (
        "the cosine runs one step ahead",
        "余弦快了一步",
        "(step - warmup_iters) /",
        "(step - warmup_iters + 1) /",
        2,
    ),
    (
        "the cosine is spread over all steps, not over those left after the rise",
        "余弦铺在了全部步数上，而不是上升之后剩下的步数",
        "max(1, max_iters - warmup_iters)",
        "max(1, max_iters)",
        2,
    ),
    (
        "progress counts from step 0, not from the end of the rise",
        "progress 从第 0 步数起，而不是从上升结束数起",
        "(step - warmup_iters) /",
        "step /",
        2,
    ),
    (
        "after max_iters the rate rises again",
        "max_iters 之后学习率又升上去了",
        "min(1.0, (step - warmup_iters) / max(1, max_iters - warmup_iters))",
        "(step - warmup_iters) / max(1, max_iters - warmup_iters)",
        3,
    ),
    ("the rate ends at zero, not at min_lr", "学习率降到了零，而不是 min_lr", "min_lr + 0.5", "0.5", 4),
    (
        "the cosine falls from peak + min_lr: min_lr is not taken away from peak",
        "余弦从 peak + min_lr 落下：没有从 peak 里减去 min_lr",
        "(peak - min_lr)",
        "peak",
        4,
    ),
    (
        "a whole cosine is run, down and up again",
        "走了整个余弦，先降又升",
        "math.pi * progress",
        "2 * math.pi * progress",
        4,
    ),
    (
        "the fall is a straight line",
        "下降成了直线",
        "0.5 * (1 + math.cos(math.pi * progress))",
        "(1 - progress)",
        4,
    ),
    ("the ½ is left out", "漏了 ½", "min_lr + 0.5 *", "min_lr +", 4),
]


def draw(rng, sizes):
    """A step of the rise, of the fall or after the end, by turns."""
    warmup, rest = sizes("W N", low=4, high=20)
    kind = sizes.rng.integers(3)
    first, last = [(0, warmup), (warmup + 1, warmup + rest), (warmup + rest + 1, warmup + 2 * rest)][kind]
    other = [(warmup + 1, warmup + rest), (warmup + rest + 1, warmup + 2 * rest), (0, warmup)][kind]
    step = int(rng.integers(first, last) if rng.random() < 0.5 else rng.integers(*other))
    return {"step": step, "max_iters": warmup + rest, "peak": float(rng.uniform(1, 2)), "min_lr": 0.3} | {
        "warmup_iters": warmup
    }
