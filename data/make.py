"""Write the original corpora: python data/make.py NAME [NAME ...], or all; without a name, list them.

The grammars, the files *.grammar, hold what is said, and grammar.py explains them; what is put together how
stands in texts.py, chats.py, messages.py, instructions.py and preferences.py. Every corpus has a seed of its
own, so that the same grammar gives the same file on every machine.
"""

import argparse
import json
import sys
from pathlib import Path

from chats import chat_en, chat_zh
from instructions import instructions_en, instructions_zh
from messages import messages_en, messages_zh
from preferences import preferences_en, preferences_zh
from texts import dialogues_en, dialogues_zh, stories_en, tales_en

HERE = Path(__file__).resolve().parent
CORPORA = {
    "tales_en.txt": (tales_en, "short English tales of a small cast"),
    "stories_en.txt": (stories_en, "longer English stories in simple words"),
    "dialogues_en.txt": (dialogues_en, "English conversations"),
    "dialogues_zh.txt": (dialogues_zh, "Chinese conversations, and between them verse"),
    "instructions_en.jsonl": (instructions_en, "small tasks in English with their answers"),
    "instructions_zh.jsonl": (instructions_zh, "small tasks in Chinese with their answers"),
    "chat_en.txt": (chat_en, "what people say to a chat first, in English, with answers"),
    "chat_zh.txt": (chat_zh, "what people say to a chat first, in Chinese, with answers"),
    "messages_en.tsv": (messages_en, "short English messages, spam or ham"),
    "messages_zh.tsv": (messages_zh, "short Chinese messages, spam or ham"),
    "preferences_en.jsonl": (preferences_en, "an English prompt, an answer to prefer and one to avoid"),
    "preferences_zh.jsonl": (preferences_zh, "a Chinese prompt, an answer to prefer and one to avoid"),
}
FILES = {Path(file).stem: file for file in CORPORA}


def content(name):
    """The bytes of the corpus of this name, a key of FILES; records become JSON Lines."""
    build, _ = CORPORA[FILES[name]]
    made = build()
    if not isinstance(made, str):
        made = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in made)
    return made.encode("utf-8")


def main(arguments=None, folder=HERE):
    """The command line; the corpora go to `folder`. Returns the exit status."""
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stderr.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(prog="make.py", description=__doc__.partition("\n")[0])
    parser.add_argument("names", metavar="NAME", nargs="*", help="a corpus, or all")
    names = parser.parse_args(arguments).names
    for name in names:
        if name not in (*FILES, "all"):
            known = ", ".join(FILES)
            print(f"make.py: error: there is no corpus {name!r}: choose from {known}, all", file=sys.stderr)
            return 2
    if not names:
        for file, (_, about) in CORPORA.items():
            print(f"{Path(file).stem:<16} {about}")
        return 0

    sys.path.append(str(HERE.parent))  # for a minigpt that was not installed
    from minigpt.interchange.files import write_atomically

    for name in FILES if "all" in names else names:
        path = folder / FILES[name]
        try:
            write_atomically(path, content(name))
        except OSError as error:
            print(f"make.py: error: {path} cannot be written: {error.strerror}", file=sys.stderr)
            return 2
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
