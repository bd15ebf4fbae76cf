"""What an exercise is read as: sizes that differ, the learner's file, mistakes put into the solution."""

import numpy as np
import pytest

from minigpt.learn.exercise import NUMBERS, SHAPES, Exercise, Mistake, Sizes, chosen, named_results


def test_no_two_sizes_are_equal_and_every_one_from_low_to_high_is_drawn():
    seen = set()
    for seed in range(40):
        values = Sizes(seed)("A B C D E F")
        assert sorted(values) == [3, 4, 5, 6, 7, 8]
        seen.add(values[0])
        assert 2 <= Sizes(seed)("V", 2, 3) <= 3
    assert seen == {3, 4, 5, 6, 7, 8}


def test_square_sizes_are_all_equal():
    sizes = Sizes(1, square=True)
    assert sizes("A B") == [4, 4] and sizes("C", 5, 9) == 5 and sizes.named == {"A": 4, "B": 4, "C": 5}


def test_an_unknown_name_is_asked_back_with_those_near_it():
    with pytest.raises(ValueError, match="'attent': did you mean attention_forward or attention"):
        Exercise("attent")
    with pytest.raises(ValueError, match="'tfidf': `list` shows"):
        Exercise("tfidf")


@pytest.mark.parametrize(("lang", "empty"), [("en", "    ...  # yours\n"), ("zh", "    ...  # 由你来写\n")])
def test_the_learners_file_has_the_body_left_out_and_speaks_one_language(lang, empty):
    for name in ("softmax", "linear", "attention_forward"):
        text = Exercise(name).start(lang)
        assert text.endswith(empty) and "return" not in text[text.rindex("def ") :]
        assert text.startswith('"""' + Exercise(name).data.TEXT[lang == "zh"])


@pytest.mark.parametrize("name", ["linear", "softmax", "clip"])
def test_numpy_is_at_hand_wherever_arrays_are_given_though_the_solution_does_without(name):
    for lang in ("en", "zh"):
        assert Exercise(name).start(lang).count("import numpy as np\n") == 1
    assert "numpy" not in Exercise("characters").start("en")
    assert "\n\nimport math\nimport numpy as np\n\n\ndef clip(" in Exercise("clip").start("en")


def test_docstrings_and_what_is_given_are_translated():
    for name in ("softmax", "cross_entropy", "attention", "block", "gelu"):
        exercise = Exercise(name)
        for english, chinese in getattr(exercise.data, "DOCSTRINGS", {}).items():
            assert english not in exercise.start("zh") and chinese in exercise.start("zh")
            assert english in exercise.start("en") and chinese not in exercise.start("en")
        assert '"""Given: ' not in exercise.start("zh")
    assert '"""已给出：' in Exercise("gelu_forward").start("zh") + Exercise("block").start("zh")


def test_a_mistake_whose_code_stands_twice_or_nowhere_is_no_variant():
    exercise = Exercise("softmax")
    for right in ("z", "not in the source at all"):
        assert exercise.variant(Mistake("", "", right, "0", 1)) is None


def test_draws_differ_in_sizes_and_in_numbers_and_are_the_same_each_time():
    exercise = Exercise("linear")
    draws = exercise.draws()
    assert len(draws) == SHAPES * NUMBERS
    (first, sizes), (second, same_sizes) = draws[:2]
    assert sizes == same_sizes and not np.array_equal(first["x"], second["x"])
    assert np.array_equal(exercise.draws(2)[0][0]["x"], draws[2 * NUMBERS][0]["x"])
    assert exercise.draws(2)[0][1] == draws[2 * NUMBERS][1] != sizes


def test_values_are_given_in_the_order_of_the_parameters():
    assert list(chosen(lambda b, a, more=None: None, {"a": 1, "b": 2, "c": 3})) == ["b", "a"]


def test_results_go_by_the_names_of_the_outputs_and_a_dict_by_its_keys():
    assert named_results(["grads", "norm"], ({"w": 1, "b": 2}, 3)) == {
        "grads['w']": 1,
        "grads['b']": 2,
        "norm": 3,
    }
    assert named_results(["a", "b"], (1, 2, 3)) is None
    assert named_results(["a", "b"], (1,)) is None
    assert named_results(["a", "b"], 1) is None
