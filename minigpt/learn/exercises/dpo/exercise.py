"""Direct preference optimisation."""

FUNCTION = "dpo"
OUTPUTS = "loss dlog_probs"
TITLE = ("DPO: loss and gradient", "DPO：损失与梯度")
TEXT = (
    """DPO: of two answers to a prompt one was preferred, and the model should come to prefer it too.

Each row of log_probs holds the model's log-probabilities of the chosen and of the rejected answer;
reference holds those of a frozen copy from before. With r = log_prob − reference,

    h = β (r_chosen − r_rejected)          loss = mean over the N pairs of −log σ(h)

σ(h) = 1 / (1 + exp(−h)). Its gradient: d(−log σ(h))/dh = −σ(−h); the reference is a constant. An h of
±1000 must not overflow: −log σ(h) = np.logaddexp(0, −h).

In the course: docs/derivations.md, "DPO"; minigpt/finetuning/dpo.py.
""",
    """DPO：同一个提示的两个回答，人更喜欢其中一个，要让模型也变得更喜欢它。

log_probs 每行是模型给“选中”和“落选”两个回答的对数概率；reference 是之前冻结的副本给的。
设 r = log_prob − reference：

    h = β (r_选中 − r_落选)          loss = 对 N 对求 −log σ(h) 的平均

σ(h) = 1 / (1 + exp(−h))。梯度：d(−log σ(h))/dh = −σ(−h)；reference 是常数。h 为 ±1000 时不能溢出：
−log σ(h) = np.logaddexp(0, −h)。

课程中的位置：docs/zh/derivations.md 的“DPO”一节；minigpt/finetuning/dpo.py。
""",
)
DOCSTRINGS = {
    "log_probs, reference (N, 2), of the chosen and the rejected answer -> loss, dlog_probs (N, 2).": "log_probs、reference (N, 2)，选中与落选的回答 -> loss，dlog_probs (N, 2)。",
}
HINTS = [
    (
        "what counts is how far the model moved from its copy: take the reference away from both",
        "看的是模型离副本走了多远：两个都要减去 reference",
    ),
    (
        "σ(−h) = exp(−np.logaddexp(0, h)): large where the pair is still told apart wrongly",
        "σ(−h) = exp(−np.logaddexp(0, h))：这一对还分错时它很大",
    ),
    (
        "the chosen answer gets −β σ(−h) / N, the rejected one the same with a plus",
        "选中的得到 −β σ(−h) / N，落选的是同样的数，正号",
    ),
    (
        "h = β (…), so β stands in front of the gradient; a mean over N pairs brings 1/N",
        "h = β (…)，所以梯度前面有 β；对 N 对取平均带来 1/N",
    ),
    (
        "np.logaddexp(0, −h) is log(1 + exp(−h)) without an overflow",
        "np.logaddexp(0, −h) 就是不会溢出的 log(1 + exp(−h))",
    ),
]
MISTAKES = [
    (
        "h is that of the rejected answer less that of the chosen one",
        "h 里用落选的减去了选中的",
        "ratios[:, 0] - ratios[:, 1]",
        "ratios[:, 1] - ratios[:, 0]",
        1,
    ),
    (
        "chosen and rejected have changed places, in h and in the gradient",
        "h 和梯度里，选中与落选都弄反了",
        "    return loss, np.stack([dchosen, -dchosen], axis=1)",
        "    h = -h\n    losses = np.logaddexp(0, -h)\n    dchosen = beta * np.exp(-np.logaddexp(0, h)) / len(h)\n    return losses.mean(), np.stack([dchosen, -dchosen], axis=1)",
        3,
    ),
    ("there is no reference", "没有用 reference", "log_probs - reference", "log_probs", 1),
    ("the gradient lacks β", "梯度漏了 β", "-beta * falling / len(h)", "-falling / len(h)", 4),
    (
        "the gradient is not divided by the number of pairs",
        "梯度没有除以对数 N",
        "-beta * falling / len(h)",
        "-beta * falling",
        4,
    ),
    (
        "the gradient of the rejected answer is missing",
        "漏了落选回答的梯度",
        "[dchosen, -dchosen]",
        "[dchosen, 0 * dchosen]",
        3,
    ),
    (
        "both answers get a gradient of the same sign",
        "两个回答的梯度同号",
        "[dchosen, -dchosen]",
        "[dchosen, dchosen]",
        3,
    ),
    (
        "σ(h) stands in the place of σ(−h)",
        "σ(−h) 写成了 σ(h)",
        "np.exp(-np.logaddexp(0, h))",
        "np.exp(-np.logaddexp(0, -h))",
        2,
    ),
    ("the gradient has the wrong sign", "梯度的符号反了", "dchosen = -beta", "dchosen = beta", 3),
    (
        "the loss overflows where h is very negative",
        "h 很负时损失溢出",
        "np.logaddexp(0, -h)",
        "np.log(1 + np.exp(-h))",
        5,
    ),
    (
        "the loss is summed over the pairs, not averaged",
        "损失对各对求了和，而不是平均",
        "losses.mean()",
        "losses.sum()",
        4,
    ),
    ("β is left out of h", "h 里漏了 β", "h = beta * (", "h = (", 4),
    (
        "the loss is log σ(h), without the minus",
        "损失是 log σ(h)，漏了负号",
        "losses.mean()",
        "-losses.mean()",
        2,
    ),
    (
        "the reference is added, not taken away",
        "reference 写成了加",
        "log_probs - reference",
        "log_probs + reference",
        1,
    ),
]


def draw(rng, sizes):
    N = sizes("N", low=3)
    log_probs, reference = (-3 + rng.normal(size=(N, 2)) for _ in range(2))
    log_probs[0, 0] -= 3000.0
    return {"log_probs": log_probs, "reference": reference, "beta": float(rng.uniform(0.4, 0.8))}
