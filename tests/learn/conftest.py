"""A tiny page for all tests, and a real browser for those that open one."""

import os
import shutil

import pytest
from pages import tiny_step

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


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
        tab.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or complaints.append(request.url),
        )
        tab.goto(path.as_uri())
        tab.wait_for_function("typeof app !== 'undefined' && app.sections")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
