"""Chapter 15: which tokens of an instruction are learned, and what BLEU and ROUGE say of four answers."""

import numpy as np
from matplotlib import pyplot
from palette import BLUE, GREEN, INK, MUTED, ORANGE

from minigpt.finetuning.metrics import bleu, rouge_1, rouge_l
from minigpt.finetuning.prompt_format import InstructFormat, masked_example
from minigpt.layers import IGNORED
from tokenizer import WordTokenizer

RECORDS = {
    "en": ("Which colour is it?", "The coat is brown.", "brown"),
    "zh": ("有什么颜色？", "篮球是黄色的。", "黄色"),
}
TITLES = {
    "en": ("input", "target", "grey: read, target −100 (·)", "orange: learned, ■ is <|endoftext|>"),
    "zh": ("输入", "目标", "灰色：只读，目标是 −100（·）", "橙色：要学，■ 是 <|endoftext|>"),
}
SCORE = {"en": "score (BLEU / 100)", "zh": "分数（BLEU 除以 100）"}
WANTED = {"en": "The cat slept on the red sofa.", "zh": "小猫在红沙发上睡着了。"}
ANSWERS = {
    "en": {
        "one word missing": "The cat slept on the sofa.",
        "wrong: one word": "The cat slept on the red roof.",
        "right: in other words": "A kitten dozed off on the couch, a red one.",
        "nonsense": "The red sofa slept on the cat.",
    },
    "zh": {
        "少一个字": "小猫在沙发上睡着了。",
        "错：换了一个词": "小猫在红屋顶上睡着了。",
        "对：换了说法": "小猫咪趴在那张红色的沙发上，进入了梦乡。",
        "荒唐": "红沙发在小猫上睡着了。",
    },
}


def answer_mask(language):
    """Each token of one record above its target: grey where it is not counted, orange where it is learned."""
    instruction, text, output = RECORDS[language]
    form = InstructFormat()
    tokenizer = WordTokenizer.train(form.prompt(instruction, text) + output)
    x, y = masked_example(form.segments(tokenizer, instruction, text, output))
    top, bottom, read, learned = TITLES[language]
    figure, ax = pyplot.subplots(figsize=(8.4, 1.9), layout="constrained")
    ax.set(xlim=(-1.8, len(x)), ylim=(-0.5, 2.2))
    ax.axis("off")

    def shown(token):
        return tokenizer.decode([token]).replace("\n", "↵").replace("<|endoftext|>", "■").strip() or "␣"

    for row, name in ((1.5, top), (0.4, bottom)):
        ax.text(-0.7, row, name, ha="right", va="center", color=INK)
    for i, (token, target) in enumerate(zip(x, y)):
        color = MUTED if target == IGNORED else ORANGE
        for row, text in ((1.5, shown(token)), (0.4, "·" if target == IGNORED else shown(target))):
            box = pyplot.Rectangle((i - 0.46, row - 0.4), 0.92, 0.8, facecolor=color, alpha=0.22)
            ax.add_patch(box)
            ax.text(i, row, text, ha="center", va="center", fontsize=10, color=INK)
    ax.text(-0.4, -0.3, f"{read}    {learned}", fontsize=10, color=MUTED, va="center")
    return figure


def what_scores_miss(language):
    """BLEU, ROUGE-1 and ROUGE-L of four answers to one reference."""
    wanted, answers = WANTED[language], ANSWERS[language]
    scores = {
        "BLEU": [bleu([answer], [wanted]) / 100 for answer in answers.values()],
        "ROUGE-1": [rouge_1(answer, wanted) for answer in answers.values()],
        "ROUGE-L": [rouge_l(answer, wanted) for answer in answers.values()],
    }
    figure, ax = pyplot.subplots(figsize=(7, 3), layout="constrained")
    places = np.arange(len(answers))
    for i, ((name, values), color) in enumerate(zip(scores.items(), (BLUE, ORANGE, GREEN))):
        ax.bar(places + 0.26 * (i - 1), values, 0.24, color=color, label=name)
    ax.set_xticks(places, list(answers))
    ax.set_ylim(0, 1.2)
    ax.set_ylabel(SCORE[language])
    ax.legend(frameon=False, ncols=3, loc="upper right")
    return figure


PICTURES = [answer_mask, what_scores_miss]
