"""The solutions of the exercises say what the code of the course says."""

import math

import numpy as np
import pytest

from minigpt import GPT, GPTConfig, clip_grad_norm, cosine_schedule, plain
from minigpt.finetuning.dpo import dpo_loss_backward, dpo_loss_forward
from minigpt.finetuning.lora_layers import FrozenMatrix, lora_linear_backward, lora_linear_forward
from minigpt.generation.sampling import Sampling, keep_top_k, token_probabilities
from minigpt.generation.sampling import keep_top_p as scores_top_p
from minigpt.layers import (
    cross_entropy_backward,
    cross_entropy_forward,
    embedding_backward,
    gelu_backward,
    gelu_forward,
    layernorm_backward,
    layernorm_forward,
    linear_backward,
    position_embedding_backward,
)
from minigpt.learn.exercise import Exercise, chosen, named_results
from minigpt.learn.numbers import all_equal
from minigpt.training.corpus import sliding_windows
from minigpt.training.evaluation import bits_per_byte, perplexity
from tokenizer import CharTokenizer
from tokenizer.bpe_merge import merge_steps


def characters(text):
    tokenizer = CharTokenizer.train(text)
    ids = tokenizer.encode_ordinary(text)
    return [sorted(set(ids)).index(i) for i in ids], sorted(set(text))


def bpe_encode(ids, merges):
    *_, last = merge_steps(ids, {pair: 256 + i for i, pair in enumerate(merges)})
    return last


def windows(ids, starts, T):
    x, y = sliding_windows(ids, T, 1)
    return x[starts], y[starts]


def cross_entropy_gradient(dloss, logits, targets):
    return cross_entropy_backward(dloss, cross_entropy_forward(logits, targets)[1])


def layernorm_all(dy, x, weight, bias, eps):
    return layernorm_backward(dy, layernorm_forward(x, weight, bias, eps)[1])


def adamw(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    new = plain.adamw({"w": w}, {"w": g}, {"w": m}, {"w": v}, t, lr, (beta1, beta2), eps, weight_decay)
    return tuple(arrays["w"] for arrays in new[:3])


def clipped(grads, max_norm):
    grads = {name: g.copy() for name, g in grads.items()}
    return grads, clip_grad_norm(grads, max_norm)


def top_p(probs, p):
    exps = np.exp(scores_top_p(np.log(probs), p))
    return exps / exps.sum(-1, keepdims=True)


def lora(dy, x, weight, a, b, scale):
    dx, (da, db), _ = lora_linear_backward(
        dy, lora_linear_forward(x, FrozenMatrix(weight, a, b, scale), None)[1]
    )
    return dx, da, db


def dpo(log_probs, reference, beta):
    loss, cache = dpo_loss_forward(log_probs, reference, beta)
    return loss, dpo_loss_backward(1.0, cache)


def measures(losses, n_bytes):
    return perplexity(losses.mean()), bits_per_byte(losses.mean(), len(losses), n_bytes)


ORACLES = {
    "characters": characters,
    "bpe_encode": bpe_encode,
    "windows": windows,
    "softmax": plain.softmax,
    "cross_entropy": lambda logits, targets: cross_entropy_forward(logits, targets)[0],
    "cross_entropy_backward": cross_entropy_gradient,
    "linear": lambda dy, x, weight, bias: linear_backward(dy, (x, weight)),
    "embedding": lambda dx, idx, V: embedding_backward(dx, (idx, V)),
    "position_embedding": lambda dout, block_size: position_embedding_backward(
        dout, (dout.shape[1], (block_size, dout.shape[2]))
    ),
    "layernorm_forward": lambda x, weight, bias, eps: layernorm_forward(x, weight, bias, eps)[0],
    "layernorm": layernorm_all,
    "gelu_forward": lambda x: gelu_forward(x)[0],
    "gelu": lambda dy, x: gelu_backward(dy, gelu_forward(x)[1]),
    "split_heads": lambda qkv, n_head: [plain.split_heads(part, n_head) for part in np.split(qkv, 3, -1)],
    "clip": clipped,
    "adamw": adamw,
    "schedule": cosine_schedule,
    "temperature": lambda logits, temperature: (
        token_probabilities(logits, Sampling(temperature))
        if temperature
        else np.eye(logits.shape[1])[logits.argmax(1)]
    ),
    "top_k": keep_top_k,
    "top_p": top_p,
    "lora": lora,
    "dpo": dpo,
    "perplexity": measures,
}


@pytest.mark.parametrize("name", ORACLES)
def test_the_solution_agrees_with_the_code_of_the_course(name):
    exercise, oracle = Exercise(name), ORACLES[name]
    solution = exercise.variant()
    for values, _ in exercise.draws():
        returned = named_results(exercise.outputs, solution(**chosen(solution, values)))
        if "step" in values:  # the schedule, whose peak is called learning_rate there
            expected = oracle(*chosen(solution, values).values())
        else:
            expected = oracle(**chosen(oracle, values))
        assert all_equal(returned, named_results(exercise.outputs, expected))


def test_attention_is_that_of_plain():
    forward, backward = Exercise("attention_forward").variant(), Exercise("attention").variant()
    rng = np.random.default_rng(0)
    model = GPT(GPTConfig(7, 5, n_layer=1, n_head=1, n_embd=4), dtype="float64")
    params = {name: rng.normal(size=p.shape) for name, p in model.params.items()}
    idx, targets = rng.integers(7, size=(2, 5)), rng.integers(7, size=(2, 5))
    a = plain.forward(params, idx, targets, 1)
    d = plain.backward(params, a, idx, targets)
    q, k, v, P, y = (a[f"h.0.attn.{name}"][:, 0] for name in ("q", "k", "v", "P", "y"))
    for actual, expected in zip(forward(q, k, v), (y, P)):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)
    gradients = backward(d["h.0.attn.y"][:, 0], q, k, v, P)
    for actual, name in zip(gradients, "qkv"):
        np.testing.assert_allclose(actual, d[f"h.0.attn.{name}"][:, 0], rtol=0, atol=1e-12)


def test_a_step_with_a_cache_is_the_last_row_of_attention():
    attention, step = Exercise("attention_forward").variant(), Exercise("kv_cache").variant()
    for values, _ in Exercise("kv_cache").draws():
        q, k, v, keys, values_before = values.values()
        y, all_keys, all_values = step(**values)
        queries = np.concatenate([np.zeros_like(keys), q], axis=1)
        np.testing.assert_allclose(y, attention(queries, all_keys, all_values)[0][:, -1:], rtol=0, atol=1e-12)
        assert math.isclose(abs(all_keys).sum(), abs(keys).sum() + abs(k).sum())
        assert math.isclose(abs(all_values).sum(), abs(values_before).sum() + abs(v).sum())
