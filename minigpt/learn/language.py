"""English or Chinese: a text is a pair of both, and here it is decided which of them is shown."""

import locale
import os

LANGUAGES = ("en", "zh")


def add_language(parser):
    """The flag --lang of every command that speaks."""
    parser.add_argument(
        "--lang", choices=LANGUAGES, default=None, help="language (default: that of the system)"
    )


def system_language():
    """ "zh" where the system speaks Chinese, else "en": LC_ALL, LC_MESSAGES, LANG, then what Python says.

    Windows sets none of the variables; its locale there is called "Chinese (Simplified)_China".
    """
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return "zh" if os.environ[variable].lower().startswith("zh") else "en"
    name = (locale.getlocale()[0] or "").lower()
    return "zh" if name.startswith(("zh", "chinese")) else "en"


def choose(text, lang=None):
    """One of a pair of texts, English and Chinese."""
    return text[LANGUAGES.index(lang or system_language())]
