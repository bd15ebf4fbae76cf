"""Greedy answers to many prompts, some at a time, for the test split of a task."""

from minigpt.finetuning.padding import batches_in_order
from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import continuations

PROMPTS_AT_ONCE = 32


def answer(model, tokenizer, prompts):
    """The likeliest continuation of each prompt (a list of ids) up to <|endoftext|>: a list of texts.

    An answer is at most as long as what the context has left after the longest prompt beside it.
    """
    answers = [""] * len(prompts)
    for rows in batches_in_order([len(prompt) for prompt in prompts], PROMPTS_AT_ONCE):
        batch = [prompts[row] for row in rows]
        limit = max(1, model.config.block_size - max(map(len, batch)))
        for i, piece, _ in continuations(model, tokenizer, batch, Sampling(temperature=0), limit):
            answers[rows[i]] += piece
    return [text.strip() for text in answers]
