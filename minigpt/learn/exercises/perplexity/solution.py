import math


def measures(losses, n_bytes):
    """losses (N,), −log p of every token; n_bytes, the text in UTF-8 -> perplexity, bits_per_byte."""
    perplexity = math.exp(losses.mean())
    bits_per_byte = losses.sum() / math.log(2) / n_bytes
    return perplexity, bits_per_byte
