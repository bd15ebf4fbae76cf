"""How good given labels are, and how good answers: accuracy, precision, recall, F1; exact match, BLEU, ROUGE.

For one label, with TP texts given it rightly, FP given it wrongly and FN that should have been given it:

    precision P = TP / (TP + FP)        recall R = TP / (TP + FN)        F1 = 2 P R / (P + R)

Accuracy alone hides a label that is never found: where 87 of 100 messages are harmless, calling all of
them so is right 87 times, with a recall of 0 for the rest.
"""

import math
import re
from collections import Counter

import numpy as np

from minigpt.finetuning.prompt_format import trimmed
from minigpt.terminal import display_width, pad

# Each of these characters is a word of its own: Chinese, and its punctuation.
CHINESE = re.compile("([\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef])")
MARKS = re.compile(r"([!-&(-+:-@/\[-`{-~])")  # of ASCII, all but ' , - and .
LONGEST_NGRAM = 4


def confusion_matrix(truths, predictions, n_labels):
    """counts[i, j]: how many texts of label i were given label j; truths, predictions (N,) int."""
    counts = np.zeros((n_labels, n_labels), dtype=int)
    np.add.at(counts, (np.asarray(truths), np.asarray(predictions)), 1)
    return counts


def label_scores(confusion):
    """Accuracy, and of each label precision, recall, F1 and count: a dict that JSON can hold.

    A quotient of nothing by nothing, as the precision of a label that was never given, is 0.
    """
    right = confusion.diagonal()

    def quotient(part, whole):
        return (part / np.maximum(whole, 1)).tolist()

    given, there = confusion.sum(0), confusion.sum(1)
    return {
        "accuracy": float(right.sum() / max(confusion.sum(), 1)),
        "precision": quotient(right, given),
        "recall": quotient(right, there),
        "f1": quotient(2 * right, given + there),
        "count": there.tolist(),
    }


def describe_labels(labels, confusion):
    """The scores and the confusion matrix as a table to print."""
    scores = label_scores(confusion)
    width = max(6, *(display_width(label) for label in labels)) + 2
    head = "".join(pad(text, 11) for text in ("precision", "recall", "F1", "count"))
    lines = [f"accuracy {100 * scores['accuracy']:.2f} %", pad("", width) + head]
    for i, label in enumerate(labels):
        row = "".join(pad(f"{100 * scores[name][i]:.2f} %", 11) for name in ("precision", "recall", "f1"))
        lines.append(pad(label, width) + row + str(scores["count"][i]))
    lines.append("confusion matrix, a row for each true label, a column for each label given:")
    lines.append(pad("", width) + "".join(pad(label, width) for label in labels))
    for label, row in zip(labels, confusion):
        lines.append(pad(label, width) + "".join(pad(str(count), width) for count in row))
    return "\n".join(line.rstrip() for line in lines)


def exact_match(answers, references):
    """The share of answers that equal their reference, both trimmed: a first line's indentation counts."""
    matches = [trimmed(answer) == trimmed(reference) for answer, reference in zip(answers, references)]
    return sum(matches) / len(matches)


def bleu_and_rouge(answers, references):
    """BLEU (0 to 100) and ROUGE-1 and ROUGE-L (mean F1, 0 to 1), a dict by name."""
    scores = [(rouge_1(*pair), rouge_l(*pair)) for pair in zip(answers, references)]
    rouge1, rouge_longest = np.mean(scores, axis=0).tolist()
    return {"bleu": bleu(answers, references), "rouge1": rouge1, "rougeL": rouge_longest}


def bleu(answers, references):
    """BLEU of a list of answers, one reference each, 0 to 100 (Papineni et al., 2002, section 2).

        BP · exp(mean over n = 1 … 4 of log p_n),    BP = min(1, exp(1 − r / c))

    p_n: the share of the answers' n-grams that stand in their references, each counted there once at most;
    c and r: how many words the answers and the references have. Where no n-gram of some length is right,
    p_n is half of what one would be, at the next such length a quarter, … (Chen and Cherry, 2014, method 3).
    Without a right word at all, or where all answers are shorter than four words, it is 0.
    """
    right, there = [0] * LONGEST_NGRAM, [0] * LONGEST_NGRAM
    n_answered = n_wanted = 0
    for answer, reference in zip(answers, references):
        answered, wanted = words_of(answer), words_of(reference)
        n_answered += len(answered)
        n_wanted += len(wanted)
        for n in range(LONGEST_NGRAM):
            found = ngrams(answered, n + 1)
            right[n] += (found & ngrams(wanted, n + 1)).total()
            there[n] += found.total()
    if right[0] == 0 or there[-1] == 0:
        return 0.0
    part, logs = 1.0, 0.0
    for n_right, n_there in zip(right, there):
        if n_right == 0:
            part /= 2
        logs += math.log((n_right or part) / n_there)
    return 100 * min(1.0, math.exp(1 - n_wanted / n_answered)) * math.exp(logs / LONGEST_NGRAM)


def ngrams(words, n):
    """How often each n-gram occurs in a list of words."""
    return Counter(zip(*(words[i:] for i in range(n))))


def words_of(text):
    """A text as BLEU counts it: punctuation apart (NIST's rules mteval-v13a), Chinese by characters."""
    text = " " + MARKS.sub(r" \1 ", CHINESE.sub(r" \1 ", text)) + " "
    text = re.sub(r"([^0-9])([.,])", r"\1 \2 ", text)  # but not in 3.14
    text = re.sub(r"([.,])([^0-9])", r" \1 \2", text)
    return re.sub(r"([0-9])(-)", r"\1 \2 ", text).split()


def rouge_1(answer, reference):
    """F1 over the words of an answer and its reference, whatever their order (Lin, 2004, section 2)."""
    answered, wanted = bare_words(answer), bare_words(reference)
    return f1((ngrams(answered, 1) & ngrams(wanted, 1)).total(), len(answered), len(wanted))


def rouge_l(answer, reference):
    """F1 over the longest words that both have in the same order, with gaps (Lin, 2004, section 3)."""
    answered, wanted = bare_words(answer), bare_words(reference)
    lengths = [0] * (len(wanted) + 1)  # of the longest common part with the first words of `wanted`
    for word in answered:
        diagonal = 0
        for j, other in enumerate(wanted, 1):
            longest = diagonal + 1 if word == other else max(lengths[j], lengths[j - 1])
            diagonal, lengths[j] = lengths[j], longest
    return f1(lengths[-1], len(answered), len(wanted))


def f1(n_right, n_answered, n_wanted):
    return 2 * n_right / (n_answered + n_wanted) if n_right else 0.0


def bare_words(text):
    """A text as ROUGE counts it: words of a-z and 0-9 in small letters, and Chinese characters."""
    return re.findall("[a-z0-9]+|[\u3400-\u9fff\uf900-\ufaff]", text.lower())
