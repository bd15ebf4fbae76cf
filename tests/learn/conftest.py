"""A tiny page and its step for all tests, and a real browser for those that open it."""

import os
import shutil
from types import SimpleNamespace

import pytest

from minigpt.learn import tiny
from minigpt.learn.mistakes import find_mistake
from minigpt.learn.page import page
from minigpt.learn.record import Step, choose_layers, record
from minigpt.learn.sentence import read_sentence
from minigpt.learn.source import read_source  # noqa: F401 - a piece that is not found fails before any test

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def tiny_step(text, bug=None, layers=None, trained=True):
    """A page of the tiny model on a text, with everything that it was made from."""
    model, tokenizer = tiny.tiny_model(text)
    params, m, v, _ = tiny.train(text, model, tokenizer, steps=60 if trained else 0)
    sentence = read_sentence(text, tokenizer, model.config.block_size)
    layers, whole = choose_layers(model, layers)
    step = Step(model, sentence, params, m, v, 61 if trained else 1, tiny.LEARNING_RATE)
    content = record(step, tokenizer, layers, whole, bug and find_mistake(bug))
    content["trained"] = True
    return SimpleNamespace(
        model=model, tokenizer=tokenizer, step=step, sentence=sentence, record=content, html=page(content, "en")
    )


@pytest.fixture(scope="session")
def made():
    return tiny_step("the cat sat")


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright; MINIGPT_BROWSER names it where it is not found by itself."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("MINIGPT_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium here: install it, or name one in MINIGPT_BROWSER")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """A function that opens HTML at a width; when the test ends, nothing may have been said or fetched."""
    contexts, complaints = [], []

    def opened(html, width=1280, theme="light"):
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(html, encoding="utf-8", newline="\n")
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: request.url.startswith(("file:", "data:")) or complaints.append(request.url))
        tab.goto(path.as_uri())
        tab.wait_for_function("typeof app !== 'undefined' && app.sections")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
