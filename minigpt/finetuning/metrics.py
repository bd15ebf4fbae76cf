"""How good given labels are, and how good answers: accuracy, precision, recall, F1; exact match, BLEU, ROUGE.

For one label, with TP texts given it rightly, FP given it wrongly and FN that should have been given it:

    precision P = TP / (TP + FP)        recall R = TP / (TP + FN)        F1 = 2 P R / (P + R)

Accuracy alone hides a label that is never found: where 87 of 100 messages are harmless, calling all of
them so is right 87 times, with a recall of 0 for the rest.
"""

import numpy as np

from minigpt.finetuning.prompt_format import trimmed
from minigpt.terminal import display_width, pad


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
    """BLEU (sacrebleu, 0 to 100) and ROUGE-1 and ROUGE-L (rouge-score, mean F1, 0 to 1), a dict by name.

    Characters are the tokens of ROUGE, and of BLEU, where Chinese is among the references: rouge-score's
    own tokenizer drops whatever is not a-z. Raises ImportError without the libraries of the extra "eval".
    """
    import sacrebleu
    from rouge_score.rouge_scorer import RougeScorer

    chinese = any("\u4e00" <= character <= "\u9fff" for text in references for character in text)

    class Characters:
        def tokenize(self, text):
            return [character for character in text if not character.isspace()]

    scorer = RougeScorer(["rouge1", "rougeL"], tokenizer=Characters() if chinese else None)
    scores = [scorer.score(reference, answer) for answer, reference in zip(answers, references)]
    bleu = sacrebleu.corpus_bleu(answers, [references], tokenize="zh" if chinese else "13a")
    return {
        "bleu": bleu.score,
        "rouge1": float(np.mean([score["rouge1"].fmeasure for score in scores])),
        "rougeL": float(np.mean([score["rougeL"].fmeasure for score in scores])),
    }
