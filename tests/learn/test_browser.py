"""The page in real Chromium: it computes what plain.py computes, explains every cell, and can be walked."""

import math
import re

import numpy as np
import pytest
from pages import tiny_step, untied_step

from minigpt.gradcheck import relative_error
from minigpt.learn.mistakes import find_mistake, plain_with

STRANGE = {
    "markup": "</script><script>alert(1)</script>&amp;<b>",
    "quotes": "\"'`\\ ${x}",
    "emoji": "👩‍👧 ok 🇨🇳",
    "right to left": "שלום עולם",
    "one token": "a",
    "control characters": "a\x00\x1b[31m\u2028\u202eb",
}
ALL_CELLS = """(name) => { const out = []; const array = app.a[name];
  for (let i = 0; i < array.data.length; i++) { let rest = i; const index = [];
    for (const n of [...array.shape].reverse()) { index.unshift(rest % n); rest = Math.floor(rest / n); }
    out.push(app.engine.difference(name, index, app.a)); } return out; }"""
DERIVATIONS = """() => { const bad = []; let n = 0, seed = 1;
  const random = (k) => { seed = (seed * 16807) % 2147483647; return seed % k; };
  const D = app.derivation, names = (kind, of) => Object.keys(of).map((name) => [kind, name]);
  const updates = Object.keys(app.engine.w).flatMap((p) =>
    ["clipped", "m", "v", "m_hat", "v_hat", "move"].map((q) => ["u", `${q}:${p}`]));
  for (const [kind, name] of [...names("a", app.a), ...names("d", app.d), ...updates]) {
    const array = D.array(kind, name), largest = largestOf(array) || 1;
    for (let k = 0; k < 12; k++) {
      const index = array.shape.map(random), e = D.of(kind, name, index), here = at(array, index);
      if (e === null) { bad.push([kind, name, "has no derivation"]); break; }
      n++;
      const off = value(e) === here ? 0 : Math.abs(value(e) - here) / largest;
      if (!(off <= 1e-12)) bad.push([kind, name, index, value(e), here]);
      const text = written(e, "symbols") + written(e, "numbers");
      if (/undefined|NaN|\\[object/.test(text)) bad.push([kind, name, text]);
      for (const from of cellsOf(e)) {
        if (from.kind !== kind || kind === "u") continue;
        const goes = D.uses(from.kind, from.name, from.index).some(([k2, n2, i2]) =>
          k2 === kind && n2 === name && i2.every((q, axis) => q === null || q === index[axis]));
        if (!goes) bad.push([from.kind, from.name, from.index, "does not go on to", name, index]);
      }
    }
  }
  return [n, bad]; }"""


def numbers(tab, kind):
    """All arrays of the page by name: kind "a" values or "d" gradients."""
    entry = "([n, x]) => [n, [x.shape, [...x.data].map(String)]]"
    code = f"Object.fromEntries(Object.entries(app.{kind}).map({entry}))"
    return {
        name: np.array([float(x.replace("Infinity", "inf")) for x in data]).reshape(shape)
        for name, (shape, data) in tab.evaluate(code).items()
    }


def without_batch(name, array, params):
    """plain.py's array as the page has it: the only sequence, where there is an axis for sequences."""
    keeps = name in params or name.startswith("wte.weight.") or name == "wpe" or array.ndim == 0
    return array if keeps else array[0]


def test_every_array_and_gradient_on_the_page_equals_plain_py(open_page, made):
    tab, step = open_page(made.html), made.step
    for kind, expected in (("a", step.a), ("d", step.d)):
        found = numbers(tab, kind)
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            array = without_batch(name, array, step.params)
            assert found[name].shape == array.shape, name
            finite = np.isfinite(array)
            assert np.array_equal(np.isfinite(found[name]), finite), name
            assert relative_error(np.where(finite, found[name], 0), np.where(finite, array, 0)) <= 1e-9, name
    assert "equal those of plain.py" in tab.inner_text("#lead")


def test_every_displayed_gradient_equals_torchs(open_page, made):
    torch = pytest.importorskip("torch")
    from test_plain import twin

    step, kept = made.step, {}
    tensors = {name: torch.tensor(param, requires_grad=True) for name, param in step.params.items()}

    def keep(name, tensor):
        tensor.retain_grad()
        kept[name] = tensor
        return tensor

    twin(torch, tensors, step.idx, step.targets, step.config.n_head, step.eps, keep).backward()
    found = numbers(open_page(made.html), "d")
    for name, tensor in [*kept.items(), *tensors.items()]:
        expected = without_batch(name, tensor.grad.numpy(), step.params)
        assert relative_error(found[name], expected) <= 1e-9, name


def test_every_cell_of_every_displayed_gradient_equals_finite_differences(open_page):
    made = tiny_step("cat")
    tab = open_page(made.html)
    for name, array in made.step.d.items():
        if name not in made.step.a:
            continue
        gradient = np.ravel(array)
        slopes = tab.evaluate(ALL_CELLS, name)
        largest, compared = np.abs(gradient).max(), 0
        for found, expected in zip(slopes, gradient):
            if found is None:  # beside the mask
                assert name.endswith("S_masked") and expected == 0
                continue
            assert abs(found - expected) <= 1e-7 * largest + 1e-11, (name, found, expected)
            compared += 1
        assert compared > 0, name


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_every_derivation_evaluated_gives_its_cell_and_lights_the_way_there(open_page, made, tied):
    html = made.html if tied else untied_step("the cat sat").html
    n, bad = open_page(html).evaluate(DERIVATIONS)
    assert bad == [] and n > 2000


def test_a_clicked_cell_shows_the_numbers_that_python_computed(open_page, made):
    tab = open_page(made.html)
    tab.evaluate("app.goTo(app.stops.find((s) => s.id === 'backward-shares_backward-0').number)")
    canvas = tab.locator("#backward-shares_backward-0 [data-name='h.0.attn.S_masked'] canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    place = canvas.evaluate(
        "c => { const p = c.panel; return [p.left + 2.5 * p.cell.w, p.top + 4.5 * p.cell.h]; }"
    )
    canvas.click(position={"x": place[0], "y": place[1]})
    text = tab.inner_text("#why")
    P, dP, dS = made.step.a["h.0.attn.P"][0, 0, 4], made.step.d["h.0.attn.P"][0, 0, 4], made.step.d
    delta = float((P * dP).sum())
    for number in (P[2], dP[2], delta, dS["h.0.attn.S_masked"][0, 0, 4, 2]):
        assert any(math.isclose(float(number), shown, rel_tol=1e-3) for shown in shown_numbers(text)), (
            number,
            text,
        )
    tab.wait_for_function("document.querySelector('#difference span').dataset.slope")
    slope = float(tab.get_attribute("#difference span", "data-slope"))
    assert math.isclose(slope, dS["h.0.attn.S_masked"][0, 0, 4, 2], rel_tol=1e-6)
    assert tab.evaluate("app.lit.from.length") == 10  # P and dP of the keys that query 4 sees
    assert tab.evaluate("app.lit.to.join()") == "d,h.0.attn.S,0,4,2"
    tab.keyboard.press("Escape")
    assert tab.is_hidden("#why")


def shown_numbers(text):
    """The numbers in a text as the page writes them, 1.5·10⁻⁴ among them."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    text = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", r"e\1", text).translate(digits)
    return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def test_hovering_shows_index_value_and_gradient_and_lights_the_line_that_made_them(open_page, made):
    tab = open_page(made.html)
    tab.evaluate("app.goTo(app.stops.find((s) => s.id === 'forward-scores-1').number)")
    canvas = tab.locator("#forward-scores-1 [data-name='h.1.attn.S'] canvas").first
    canvas.scroll_into_view_if_needed()
    place = canvas.evaluate(
        "c => { const p = c.panel; return [p.left + 1.5 * p.cell.w, p.top + 3.5 * p.cell.h]; }"
    )
    canvas.hover(position={"x": place[0], "y": place[1]})
    tip = tab.inner_text("#tip")
    assert "S[0, 3, 1]" in tip and "value" in tip and "gradient" in tip
    shown = shown_numbers(tip)
    assert any(math.isclose(x, made.step.a["h.1.attn.S"][0, 0, 3, 1], rel_tol=1e-4) for x in shown)
    assert any(math.isclose(x, made.step.d["h.1.attn.S"][0, 0, 3, 1], rel_tol=1e-4) for x in shown)
    assert 'S = a[h + "attn.S"]' in tab.inner_text("#forward-scores-1 .code .lit")


def test_the_way_is_walked_forward_and_back_by_keys(open_page, made):
    tab = open_page(made.html)
    names = tab.evaluate("app.stops.map((s) => s.id)")
    assert names[0] == "forward-text" and names[-1] == "update-after"
    seen = [tab.evaluate("document.body.dataset.stop")]
    for _ in names[1:]:
        tab.keyboard.press("ArrowRight")
        seen.append(tab.evaluate("document.body.dataset.stop"))
    assert seen == names
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("document.body.dataset.stop") == names[-4]
    halves = tab.evaluate("app.stops.map((s) => s.half)")
    assert halves == sorted(halves, key=["forward", "backward", "update"].index)
    tab.keyboard.press(" ")
    assert tab.get_attribute("#play", "aria-pressed") == "true"
    tab.keyboard.press(" ")
    assert tab.get_attribute("#play", "aria-pressed") == "false"


def test_scrolling_walks_too_and_the_scrubber_jumps(open_page, made):
    tab = open_page(made.html)
    tab.evaluate("scrollTo({top: app.sections[7].offsetTop, behavior: 'instant'})")
    tab.wait_for_function("app.current === 7")
    tab.evaluate(
        "(() => { const s = document.getElementById('scrub'); s.value = 20; s.oninput({target: s}); })()"
    )
    assert tab.evaluate("app.current") == 20


def test_a_cell_is_reached_and_explained_by_keyboard_alone(open_page, made):
    tab = open_page(made.html)
    tab.keyboard.press("ArrowRight")
    tab.locator("#forward-embed canvas").first.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        tab.keyboard.press(key)
    assert tab.evaluate("app.explainer.chosen") == ["a", "wte", [1, 1]]
    assert tab.is_visible("#why")


def test_the_language_changes_in_place_and_no_number_with_it(open_page, made):
    tab = open_page(made.html)
    tab.evaluate("app.goTo(9)")
    tab.evaluate("app.explainer.open('d', 'h.0.attn.S', [0, 2, 1])")
    english, before = tab.inner_text("#way"), tab.inner_text("#why .eq >> nth=0")
    tab.click("#language")
    chinese = tab.inner_text("#way")
    assert tab.evaluate("app.current") == 9 and tab.get_attribute("html", "lang") == "zh-Hans"
    assert tab.inner_text("#why .eq >> nth=0") == before
    han = re.compile("[\u4e00-\u9fff]")
    assert not han.search(english) and len(han.findall(chinese)) > 1000
    numbers_of = lambda text: sorted(re.findall(r"\d\.\d+", text))  # noqa: E731
    assert numbers_of(chinese) == numbers_of(english)
    tab.click("#language")
    assert tab.inner_text("#way") == english


def test_both_languages_have_every_text(open_page, made):
    tab = open_page(made.html)
    ui, stops = tab.evaluate("[UI, STOPS]")
    assert ui["en"].keys() == ui["zh"].keys() and ui["en"]["short"].keys() == ui["zh"]["short"].keys()
    holes = re.compile(r"\{(\w+)\}")
    for key, text in ui["en"].items():
        if isinstance(text, str):
            assert set(holes.findall(text)) == set(holes.findall(ui["zh"][key])), key
            assert text and ui["zh"][key], key
    for key, stop in stops.items():
        assert len(stop["en"]) == len(stop["zh"]) == 2 and all(stop["en"]) and all(stop["zh"]), key
        assert set(holes.findall(stop["en"][1])) == set(holes.findall(stop["zh"][1])), key
        sentences = len(re.findall(r"[.?!](?:\s|$)", stop["en"][1]))
        assert 2 <= sentences <= 6, (key, sentences)
    assert set(tab.evaluate("app.stops.map((s) => s.type)")) <= stops.keys()


def test_the_bug_view_frames_the_cells_that_are_wrong_and_says_what_they_ought_to_be(open_page):
    name = "softmax gradient without delta"
    made = tiny_step("the cat sat", bug=name)
    step, tab = made.step, open_page(made.html)
    wrong = plain_with(find_mistake(name)).backward(step.params, step.a, step.idx, step.targets)
    for array in ("h.1.attn.S", "h.1.attn.q", "h.0.x_mlp", "logits"):
        expected = int((np.abs(wrong[array] - step.d[array]) > 1e-9 * np.abs(step.d[array]).max()).sum())
        found = tab.evaluate(
            """(name) => { const w = app.wrongOf(name), r = app.d[name], n = largestOf(r); if (!w) return 0;
            return r.data.filter((x, i) => !(Math.abs(x - w.data[i]) <= 1e-9 * n)).length; }""",
            array,
        )
        assert found == expected and (expected > 0) == (array not in ("logits", "h.1.x_mlp")), array
    tab.evaluate("app.explainer.open('d', 'h.1.attn.S', [0, 3, 1])")
    shown = shown_numbers(tab.inner_text("#why .wrongname"))
    assert math.isclose(shown[0], step.d["h.1.attn.S"][0, 0, 3, 1], rel_tol=1e-4)
    assert math.isclose(shown[1], wrong["h.1.attn.S"][0, 0, 3, 1], rel_tol=1e-4)
    assert "softmax gradient without δ" in tab.inner_text("#bug-bug")
    assert tab.locator("#bug-bug .chart path").count() == 2
    planted = tab.locator("#backward-shares_backward-0 .code .planted").first
    assert planted.inner_text().strip() == 'dS_masked = d[h + "attn.S_masked"] = P * (dP)'


def test_the_slider_shows_where_the_gradients_promise_breaks(open_page, made):
    tab, step = open_page(made.html), made.step
    for rate in (0, 24):
        tab.evaluate(
            f"(() => {{ const s = document.getElementById('rate'); s.value = {rate}; s.oninput(); }})()"
        )
        moved, _ = step.moved(made.record["update"]["rates"][rate])
        shown = shown_numbers(tab.inner_text("#verdict"))
        promise = made.record["update"]["rates"][rate] * sum(
            float((step.d[name] * step.moves[name]).sum()) for name in step.params
        )
        assert math.isclose(shown[1], moved, rel_tol=1e-4)
        assert math.isclose(shown[2], moved - float(step.a["loss"]), rel_tol=1e-3)
        assert math.isclose(shown[3], promise, rel_tol=1e-3)
        kept = abs(promise - shown[2]) < 0.2 * abs(promise)
        assert kept == (rate == 0), "small steps keep the promise, large ones break it"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(open_page, made, width, theme):
    tab = open_page(made.html, width, theme)
    assert tab.evaluate("document.documentElement.dataset.theme") == theme
    for _ in range(2):
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        right = (
            "Math.max(...[...document.querySelectorAll('canvas')].map(c => c.getBoundingClientRect().right))"
        )
        assert tab.evaluate(right) <= width
        tab.click("#language")


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
def test_a_page_for_a_strange_text_is_a_correct_page(open_page, text):
    made = tiny_step(text)
    tab = open_page(made.html)
    assert tab.evaluate("app.record.sentence.text") == text
    assert tab.locator("#forward-text .tokens b").count() == min(24, len(text))
    assert tab.evaluate("app.checked[1]") < 1e-9
    n, bad = tab.evaluate(DERIVATIONS)
    assert bad == [] and n > 1000


def test_a_page_of_some_layers_says_so_and_equals_the_whole(open_page, made):
    part = tiny_step("the cat sat", layers=[1])
    tab = open_page(part.html)
    assert "--layers" in tab.inner_text("#lead")
    found, whole = numbers(tab, "d"), made.step.d
    assert "h.1.attn.S" in found and "h.0.attn.S" not in found
    for name, array in found.items():
        if not name.startswith(("logits", "probs", "wte.weight", "lm_head")):
            expected = without_batch(name, whole[name], made.step.params)
            assert relative_error(array, expected) <= 1e-9, name
    tab.evaluate("app.explainer.open('d', 'h.1.attn.S', [0, 2, 1])")
    tab.wait_for_function("!document.querySelector('#difference span').textContent.includes('…')")
    assert "only some layers" in tab.inner_text("#difference")
