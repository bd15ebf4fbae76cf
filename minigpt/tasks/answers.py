"""Greedy answers to many prompts, some at a time, for the test split of a task."""

import numpy as np

from minigpt.generation import token_stream
from minigpt.padding import batches_in_order
from minigpt.sampling import Sampling

PROMPTS_AT_ONCE = 32


def answer(model, tokenizer, prompts, max_new_tokens=None):
    """The likeliest continuation of each prompt (a list of ids) up to <|endoftext|>: a list of texts.

    max_new_tokens: what the context has left after the longest prompt, where no other limit is given.
    """
    answers = [[] for _ in prompts]
    for rows in batches_in_order([len(prompt) for prompt in prompts], PROMPTS_AT_ONCE):
        batch = [prompts[row] for row in rows]
        limit = max_new_tokens or max(1, model.config.block_size - max(map(len, batch)))
        done = np.zeros(len(rows), dtype=bool)
        for n, (tokens, _) in enumerate(token_stream(model, batch, Sampling(temperature=0)), 1):
            done |= tokens == tokenizer.eot_token
            for row, token, is_done in zip(rows, tokens.tolist(), done):
                if not is_done:
                    answers[row].append(token)
            if done.all() or n == limit:
                break
    return [tokenizer.decode(ids).strip() for ids in answers]
