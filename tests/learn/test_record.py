"""What the page is made from: the numbers of loss_and_grads and AdamW, the lines of the file, in one HTML."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from pages import tiny_step

import minigpt.plain as plain
from minigpt import GPT, AdamW, clip_grad_norm
from minigpt.gradcheck import relative_error
from minigpt.layers import layernorm_forward
from minigpt.learn import tiny
from minigpt.learn.page import PAGE, as_json
from minigpt.learn.record import LARGEST, RATES, choose_layers, packed
from minigpt.learn.source import PIECES, find, made_in, read_source
from minigpt.model import GPTConfig


def test_the_steps_gradients_are_those_of_loss_and_grads(made):
    step = made.step
    loss, grads = GPT(step.config, params=step.params).loss_and_grads(step.idx, step.targets)
    assert made.record["update"]["loss"] == pytest.approx(float(loss), rel=1e-12)
    for name, grad in grads.items():
        assert relative_error(step.d[name], grad) <= 1e-9, name


def test_the_step_moves_as_the_optimiser_does_after_sixty_steps(made):
    step, t = made.step, made.step.t
    params = {name: param.copy() for name, param in step.params.items()}
    optimizer = AdamW(params, tiny.LEARNING_RATE)
    optimizer.n_steps, optimizer.m, optimizer.v = (
        t - 1,
        *({name: moment.copy() for name, moment in moments.items()} for moments in (step.m, step.v)),
    )
    _, grads = GPT(step.config, params=params).loss_and_grads(step.idx, step.targets)
    assert clip_grad_norm(grads, tiny.MAX_NORM) == pytest.approx(made.record["optimizer"]["norm"], rel=1e-10)
    optimizer.step(grads)
    for name, param in params.items():
        assert relative_error(step.params[name] + step.moves[name], param) <= 1e-9, name
    loss = GPT(step.config, params=params).loss(step.idx, step.targets)
    at_one = int(np.argmin(abs(RATES - 1)))
    assert RATES[at_one] == pytest.approx(1)
    assert made.record["update"]["losses"][at_one] == pytest.approx(float(loss), rel=1e-9)


def test_the_promise_is_kept_to_first_order(made):
    update, step = made.record["update"], made.step
    promise = sum(param["promise"] for param in update["params"])
    small = 1e-4
    assert step.moved(small)[0] - update["loss"] == pytest.approx(small * promise, rel=1e-3)


def test_the_lens_above_the_last_block_says_what_the_model_says(made):
    probs = made.step.a["probs"][0]
    for t, position in enumerate(made.record["lens"][-1]["top"]):
        assert position[0][0] == probs[t].argmax()
        for token, _, p in position:
            assert p == pytest.approx(probs[t, token], rel=1e-12)
    w, first = made.step.params, made.record["lens"][0]["top"][2]
    hidden, _ = layernorm_forward(made.step.a["x"], w["ln_f.weight"], w["ln_f.bias"], made.step.eps)
    expected = plain.softmax(hidden @ w["wte.weight"].T)[0, 2]
    assert [p for _, _, p in first] == pytest.approx(sorted(expected)[:-6:-1], rel=1e-9)


def test_past_and_through_add_up_along_the_stream(made):
    d, rows = made.step.d, made.record["flow"]["rows"]
    assert [(row["layer"], row["part"]) for row in rows] == [(1, "mlp"), (1, "attn"), (0, "mlp"), (0, "attn")]
    through, past = d["h.0.x_mlp"] - d["h.1.x_attn"], d["h.1.x_attn"]
    assert rows[1]["past"] == pytest.approx(np.sqrt((past[0] ** 2).sum(-1)).tolist(), rel=1e-12)
    assert rows[1]["through"] == pytest.approx(np.sqrt((through[0] ** 2).sum(-1)).tolist(), rel=1e-12)


def test_floats_lose_nothing_on_the_way(made):
    for array in (np.array([0.1, 1 / 3, np.pi]), np.array([0.5, 3.0]), np.array(7.25)):
        stored = packed(array)
        data = np.frombuffer(base64.b64decode(stored["data"]), dtype="<" + stored["type"])
        assert np.array_equal(data.reshape(stored["shape"]), array)
    assert packed(np.array([0.5]))["type"] == "f4" and packed(np.array([0.1]))["type"] == "f8"


def test_a_model_too_large_is_shown_in_part():
    config = GPTConfig(vocab_size=50, block_size=8, n_layer=6, n_head=2, n_embd=192)
    model = GPT(config)
    size = sum(param.size for param in model.params.values()) * 16 // 3
    assert size > LARGEST
    layers, whole = choose_layers(model, None)
    assert (not whole and layers == [0, 1, 2, 5][: len(layers)]) or layers[-1] == 5
    assert choose_layers(model, [3, 1, 3]) == ([1, 3], False)
    with pytest.raises(ValueError, match="layers are 0 to 5"):
        choose_layers(model, [6])
    assert choose_layers(tiny.tiny_model("a")[0], None) == ([0, 1], True)


def test_the_source_that_is_shown_is_the_file(made):
    source = read_source()
    lines = Path(plain.__file__).read_text(encoding="utf-8").splitlines()
    assert source["lines"] == lines == made.record["source"]["lines"]
    for key, (function, first, last) in PIECES.items():
        start, stop = source["pieces"][key]
        assert start <= stop <= start + 20
        assert lines[start - 1].strip().startswith(first) and lines[stop - 1].strip().startswith(last)
        assert f"def {function}(" in "\n".join(lines[:start])


def test_every_array_knows_the_lines_that_make_it(made):
    source, step = made.record["source"], made.step
    made_by = source["made"]
    for which, arrays in (("forward", step.a), ("backward", step.d)):
        for name in arrays:
            bare = re.sub(r"^h\.\d+\.", "", name)
            norm = re.fullmatch(r"ln_\w(?:\.(\w+))?", bare)
            tables = [made_by[which]]
            if norm:
                bare = norm[1] or ("" if which == "forward" else bare)
                tables = [
                    made_by["layernorm" if which == "forward" else "layernorm_backward"],
                    made_by[which],
                ]
            elif name in step.params and name not in made_by[which]:
                bare = bare.rpartition(".")[2]
                tables = [made_by["linear_backward"]]
            numbers = next((table[bare] for table in tables if bare in table), [])
            assert numbers, (which, name)
            assert all("=" in source["lines"][n - 1] for n in numbers)


def test_lines_that_make_an_array_are_told_from_those_that_read_it_or_speak_of_it():
    lines = [
        'a["x"] = x = a["read"] @ w',
        'd["y"] += dy',
        'z = 2  # a["spoken of"] = z',
        'a["x"] = a[h + "p.q"] = a[name] = 0',
        "m[name] = 0",
        'a["behind"] = 0',
    ]
    assert made_in(lines, (1, 5)) == {"x": [1, 4], "y": [2], "p.q": [4], "": [4], "m": [5]}


def test_a_piece_that_begins_twice_or_nowhere_is_refused():
    lines = ["x = 1", "  y = 2", "x = 3", "y = 4"]
    assert find(lines, (1, 3), "y =") == 2 and find(lines, (2, 4), "x") == 3
    for beginning, n in (("x =", 2), ("z", 0)):
        with pytest.raises(ValueError, match=f"has {n} lines that begin with '{beginning}', not one"):
            find(lines, (1, 3), beginning)


def test_no_address_is_in_the_page(made):
    assert "://" not in made.html
    outside = re.sub(r'"data":"[^"]*"', "", made.html)
    for word in ("http", "src=", "url(h", "@import", "fetch(", "XMLHttp"):
        assert word not in outside, word
    assert not re.findall(r"<link(?! rel=\"icon\" href=\"data:,\")", outside)


def test_no_text_ends_the_script_that_holds_it():
    text = '</script><!-- <script> & \u2028 " \\'
    stored = as_json({"text": text})
    assert json.loads(stored) == {"text": text}
    assert not set("<>&\u2028") & set(stored)
    with pytest.raises(ValueError):
        as_json({"x": float("nan")})


def test_a_page_is_small_and_made_of_all_the_files_in_page():
    made = tiny_step("every number that you see is real")
    assert len(made.html.encode("utf-8")) < 3_000_000
    for path in PAGE.iterdir():
        if path.name != "index.html":
            assert path.read_text(encoding="utf-8") in made.html, path.name


def test_the_example_page_is_made_of_the_same_files():
    """If this fails, run python docs/make.py."""
    html = (Path(__file__).parents[2] / "docs" / "one-step.html").read_text(encoding="utf-8")
    for path in PAGE.iterdir():
        if path.name != "index.html":
            assert path.read_text(encoding="utf-8") in html, path.name
    record = json.loads(re.search(r'id="record">(.*?)</script>', html)[1])
    assert record["source"] == read_source()


def test_a_mistake_that_one_sentence_does_not_show_is_said_to_change_nothing():
    made = tiny_step("abc", bug="dwpe is a mean over the batch")
    assert made.record["bug"]["changed"] == [] and made.record["bug"]["d"] == {}
    curves = made.record["bug"]["curves"]
    assert curves["right"] != curves["wrong"] and curves["wrong"][-1] < curves["wrong"][0]
