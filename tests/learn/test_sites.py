"""The exercise that is named for an array of a model computes that array, from what the model has there."""

import numpy as np
import pytest

from minigpt.gradcheck import relative_error
from minigpt.learn.diagnose import Outcomes
from minigpt.learn.exercise import Exercise
from minigpt.learn.reference import ADAMW, reference_arrays, small_gpt
from minigpt.learn.sites import find_site, named_at

KNOWN = """
clipped.wte.weight norm step1.wte.weight step1.h.0.ln_1.weight probs loss d.logits d.wte.weight.as_table
d.wpe.weight d.ln_f.weight d.ln_f.bias d.h.1.ln_2.weight d.h.0.ln_1.bias d.h.0.ln_1.sigma
h.0.attn.S_masked h.1.attn.P h.1.attn.y h.0.mlp.gelu d.h.0.attn.q d.h.0.attn.k d.h.1.attn.v d.h.1.mlp.c_fc
d.h.0.attn.c_attn.weight d.h.1.attn.c_attn.bias d.h.1.attn.c_proj.weight d.h.0.mlp.c_fc.weight
d.h.0.mlp.c_fc.bias d.h.1.mlp.c_proj.weight d.h.1.mlp.gelu d.h.1.ln_2
""".split()
UNKNOWN = "step3.wte.weight ln_f h.0.ln_1.mean h.0.attn.qkv h.1.mlp.c_fc d.h.0.x_attn wte idx".split()


@pytest.fixture(scope="module")
def reference():
    return reference_arrays(small_gpt(0))


def test_every_array_with_a_site_is_what_the_solution_gives_there(reference):
    seen = set()
    for name in reference:
        site = find_site(name, reference, ADAMW)
        if site is None:
            continue
        exercise, output, values = site
        result = Outcomes(Exercise(exercise), [(values, {})]).of((), 0)[output]
        expected = np.reshape(reference[name], np.shape(result))
        finite = np.isfinite(expected)  # what is masked is −∞
        assert np.array_equal(finite, np.isfinite(result)), name
        assert relative_error(np.where(finite, result, 0), np.where(finite, expected, 0)) <= 1e-9, name
        seen.add(name)
    assert set(KNOWN) <= seen


def test_what_no_exercise_computes_has_no_site(reference):
    for name in UNKNOWN:
        assert find_site(name, reference, ADAMW) is None, name


def test_an_array_of_another_size_is_none_of_the_catalogues_mistakes(reference):
    wrong = reference["d.h.0.mlp.c_fc.weight"][:-1]
    exercise, mistakes = named_at("d.h.0.mlp.c_fc.weight", wrong, reference, ADAMW, 1e-9)
    assert exercise.name == "linear" and mistakes == []
