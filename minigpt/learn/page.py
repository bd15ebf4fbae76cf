"""One HTML file out of the record of a step: page/ inlined, no address outside of itself."""

import json
import re
from pathlib import Path

PAGE = Path(__file__).with_name("page")
INCLUDE = re.compile(r"^[ \t]*<!-- include (\S+) -->\n", re.MULTILINE)


def page(record, language):
    """The page as text. record: what record.record returned; language "en" or "zh", switched in the page."""

    def include(match):
        name = match[1]
        if name == "record.json":
            return f'<script type="application/json" id="record">{as_json(record)}</script>\n'
        text = (PAGE / name).read_text(encoding="utf-8")
        tag = "style" if name.endswith(".css") else "script"
        return f"<{tag}>\n{text}</{tag}>\n"

    html = (PAGE / "index.html").read_text(encoding="utf-8").replace("{language}", language)
    return INCLUDE.sub(include, html)


def as_json(record):
    """JSON that no text can end early: < > & as \\u escapes. Floats keep all their digits."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
