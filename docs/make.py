"""Make the example page docs/one-step.html and the README's picture of it, docs/one-step.png.

    python docs/make.py

The picture needs Playwright (pip install -e ".[test]") and Chromium; see tests/learn/conftest.py.
"""

import os
import shutil
import sys
from pathlib import Path

from minigpt.interchange.files import write_atomically
from minigpt.learn.step import SENTENCE, tiny_page

DOCS = Path(__file__).resolve().parent
LIMIT = 300_000  # bytes of the picture
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SHOWN = ("d", "h.1.attn.v", [0, 5, 1])  # a cell that stands beside those that it was made from


def main():
    html, _ = tiny_page(SENTENCE)
    page = DOCS / "one-step.html"
    write_atomically(page, html.encode("utf-8"))
    print(f"{page.name}: {page.stat().st_size:,} bytes")

    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("MINIGPT_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 1010}, device_scale_factor=1.25)
        tab.goto(page.as_uri())
        tab.wait_for_function("typeof app !== 'undefined' && app.sections")
        tab.evaluate("app.goTo(app.stops.find((stop) => stop.id === 'backward-values_backward-1').number)")
        tab.evaluate("(cell) => app.explainer.open(...cell)", list(SHOWN))
        tab.wait_for_function("document.querySelector('#difference span').dataset.slope")
        tab.wait_for_timeout(300)
        picture = tab.screenshot()
        browser.close()
    if len(picture) > LIMIT:
        sys.exit(
            f"the picture has {len(picture):,} bytes but at most {LIMIT:,} are wanted: show less of the page"
        )
    write_atomically(DOCS / "one-step.png", picture)
    print(f"one-step.png: {len(picture):,} bytes")


if __name__ == "__main__":
    main()
