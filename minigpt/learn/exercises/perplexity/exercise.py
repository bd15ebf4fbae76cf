"""Perplexity and bits per byte."""

FUNCTION = "measures"
OUTPUTS = "perplexity bits_per_byte"
TITLE = ("perplexity and bits per byte", "困惑度与每字节比特数")
TEXT = (
    """Perplexity and bits per byte: two ways to say how well a text was predicted.

    perplexity = exp(mean loss of a token)       as unsure as among so many equally likely tokens
    bits per byte = Σ losses / ln 2 / bytes      how long the text would be, packed with this model

A loss is −log p with the natural logarithm, in nats; divided by ln 2 it is in bits. Tokenizers cut
differently, so losses of a token cannot be compared between them. The bytes of a text are the same for all.

In the course: minigpt/training/evaluation.py.
""",
    """困惑度与每字节比特数：说明一段文本预测得有多好的两种说法。

    困惑度 = exp(每个词元的平均损失)          相当于在多少个等可能的词元之间拿不准
    每字节比特数 = Σ 损失 / ln 2 / 字节数          用这个模型压缩，文本会有多长

损失是 −log p，用自然对数，单位是奈特；除以 ln 2 就是比特。不同的分词器切法不同，每个词元的损失不能
互相比较；而一段文本的字节数对谁都一样。

课程中的位置：minigpt/training/evaluation.py。
""",
)
DOCSTRINGS = {
    "losses (N,), −log p of every token; n_bytes, the text in UTF-8 -> perplexity, bits_per_byte.": "losses (N,)，每个词元的 −log p；n_bytes，文本的 UTF-8 字节数 -> perplexity，bits_per_byte。",
}
HINTS = [
    (
        "perplexity takes the mean over the tokens first, and exp after it",
        "困惑度先对词元求平均，再取 exp",
    ),
    (
        "bits per byte takes the sum over all tokens, divided by the bytes and not by the tokens",
        "每字节比特数用所有词元的和，除以字节数，而不是词元数",
    ),
    (
        "nats / ln 2 = bits, since e = 2 to the power 1 / ln 2",
        "奈特 / ln 2 = 比特，因为 e 等于 2 的 1 / ln 2 次方",
    ),
]
MISTAKES = [
    (
        "bits per token are called bits per byte",
        "把每个词元的比特数当成了每字节的",
        "losses.sum() / math.log(2) / n_bytes",
        "losses.mean() / math.log(2)",
        2,
    ),
    (
        "the mean loss is divided by the bytes",
        "用平均损失除以了字节数",
        "losses.sum() / math.log(2)",
        "losses.mean() / math.log(2)",
        2,
    ),
    ("nats are not turned into bits", "奈特没有换成比特", "losses.sum() / math.log(2)", "losses.sum()", 3),
    (
        "nats are multiplied by ln 2, not divided",
        "奈特乘了 ln 2，而不是除",
        "losses.sum() / math.log(2)",
        "losses.sum() * math.log(2)",
        3,
    ),
    (
        "exp is taken of each loss, and the mean after it",
        "先对每个损失取 exp，再求平均",
        "math.exp(losses.mean())",
        "(math.e**losses).mean()",
        1,
    ),
    (
        "perplexity is 2 to the power of the loss in nats",
        "困惑度取了 2 的奈特次方",
        "math.exp(losses.mean())",
        "2 ** losses.mean()",
        1,
    ),
    (
        "perplexity is exp of the sum of the losses",
        "困惑度取了损失之和的 exp",
        "math.exp(losses.mean())",
        "math.exp(losses.sum())",
        1,
    ),
    (
        "perplexity is the mean loss itself",
        "困惑度就是平均损失本身",
        "math.exp(losses.mean())",
        "losses.mean()",
        1,
    ),
    (
        "bytes per bit: the fraction is upside down",
        "成了每比特的字节数：分式颠倒了",
        "losses.sum() / math.log(2) / n_bytes",
        "n_bytes / (losses.sum() / math.log(2))",
        2,
    ),
]


def draw(rng, sizes):
    N = sizes("N", low=4, high=12)
    return {"losses": rng.uniform(0.1, 5, size=N), "n_bytes": int(3 * N + rng.integers(1, 9))}
