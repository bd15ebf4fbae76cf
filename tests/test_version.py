"""The version is written in three files that must agree: for installing, for citing, for what it changed."""

import re

from scripts import ROOT


def first(pattern, name):
    return re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)[1]


def test_changelog_and_citation_speak_of_the_version_that_is_installed():
    version = first(r'^version = "(.*)"$', "pyproject.toml")
    assert first(r"^version: (.*)$", "CITATION.cff") == version
    assert first(r"^## \[(.*?)\]", "CHANGELOG.md") == version
