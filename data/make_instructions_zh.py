"""Write instructions_zh.jsonl: twelve kinds of small tasks in Chinese, each with one exact answer.

    python data/make_instructions_zh.py

A line is a JSON object with the keys instruction, input and output, as in the Alpaca data; the input is
empty where the instruction says it all. Words to know by heart (opposites, measure words, classes) come
back under every wording, so that a part held out for testing asks known words in another way; sentences
to read are new every time and made of known parts.
"""

import json
import random
from pathlib import Path

from grammar_zh import Expander, number, read_tables
from words_zh import TABLES

HERE = Path(__file__).parent
SEED = 22
WORDS = read_tables(HERE / "instructions_zh.grammar")
TABLES = TABLES | WORDS

# kind -> its wordings, as "instruction" or "instruction|input"; {} is where the word or sentence goes
WORDINGS = {
    "opposite": (
        "写出下面这个词的反义词。|{}",
        "“{}”的反义词是什么？",
        "请说出反义词。|{}",
        "和“{}”意思相反的词是哪个？",
        "找一个意思相反的词。|{}",
        "写一个和它相反的词。|{}",
        "“{}”反过来说是什么？",
    ),
    "measure": (
        "填上合适的量词。|一（）{}",
        "“{}”前面用什么量词？",
        "写出这个东西的量词。|{}",
        "一什么{}？请填量词。",
    ),
    "class": (
        "“{}”属于哪一类？",
        "说出下面的东西是哪一类。|{}",
        "{}是什么？只写类别。",
        "请给这个词分类。|{}",
    ),
    "first": (
        "写出下面词语的第一个字。|{}",
        "“{}”的第一个字是什么？",
        "这个词是从哪个字开始的？|{}",
        "请写第一个字。|{}",
    ),
    "next": (
        "写出下一个数。|{}",
        "{}后面的数是多少？",
        "数到{}，接下来数几？",
        "请接着往下数一个。|{}",
    ),
    "greet": (
        "向下面的人问好。|{}",
        "请跟{}打个招呼。",
        "见到{}，第一句话说什么？",
        "写一句问好的话。|{}",
    ),
    "color": (
        "句子里有什么颜色？|{}",
        "找出句子里的颜色。|{}",
        "请写出表示颜色的词。|{}",
        "下面的句子说到了哪种颜色？|{}",
    ),
    "who": (
        "句子里说的是谁？|{}",
        "写出句子里的人名。|{}",
        "这句话说的是哪个人？|{}",
    ),
    "where": (
        "句子里的人在哪儿？|{}",
        "找出句子里的地点。|{}",
        "这件事发生在哪里？|{}",
    ),
    "mood": (
        "说话的人高兴还是难过？|{}",
        "判断心情，写高兴或者难过。|{}",
        "这句话的心情是什么？|{}",
    ),
    "stop": (
        "给句子加上句号。|{}",
        "请在句子最后加上句号。|{}",
        "补上句子末尾的标点。|{}",
    ),
    "question": (
        "把句子改成问句。|{}",
        "用“吗”把这句话变成问句。|{}",
        "请改成一个问题。|{}",
    ),
}
SENTENCES = 450  # at most, for each kind that reads sentences
TRIES = 8  # so many sentences are made for each one wanted, to find that many different ones


def words_to_know():
    """Yield (kind, word, answer) for the kinds whose answers are learnt word by word."""
    for record in TABLES["opposite"]:
        yield "opposite", record["word"], record["other"]
        yield "opposite", record["other"], record["word"]
    for record in WORDS["thing"]:
        yield "measure", record["name"], record["measure"]
        yield "class", record["name"], record["class"]
        if len(record["name"]) > 1:
            yield "first", record["name"], record["name"][0]
    for n in range(1, 41):
        yield "next", number(n), number(n + 1)
    for record in TABLES["friend"]:
        yield "greet", record["name"], f"{record['name']}，你好！"
    for record in TABLES["elder"] + TABLES["teacher"]:
        yield "greet", record["name"], f"{record['name']}，您好！"


def sentence_to_read(kind, rng):
    """Return (sentence, answer) for the kinds whose answers stand in the sentence or follow from it."""
    words = Expander(TABLES, rng)
    if kind == "color":
        return words.expand(rng.choice(WORDS["color_sentence"])["text"]), words.expand("{color}")
    if kind == "mood":
        mood = rng.choice(WORDS["mood_sentence"])
        return words.expand(mood["text"]), mood["mood"]
    if kind == "question":
        sentence = words.expand(rng.choice(WORDS["plain_sentence"])["text"])
        return sentence + "。", sentence + "吗？"
    sentence = words.expand("{friend}[|今天|早上|下午|晚上]在{act_place}{act_place.do}")
    if kind == "stop":
        return sentence, sentence + "。"
    return sentence + "。", words.expand("{friend}" if kind == "who" else "{act_place}")


def record(wording, text, answer):
    """Fill a wording with a word or sentence -> the JSON object's line."""
    instruction, _, given = wording.partition("|")
    fields = {"instruction": instruction.format(text), "input": given.format(text), "output": answer}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def build():
    """Return the whole file: all lines different, in a shuffled order."""
    rng = random.Random(SEED)
    lines = {}  # a dict keeps its order, a set would not
    for kind, word, answer in words_to_know():
        for wording in WORDINGS[kind]:
            lines[record(wording, word, answer)] = None
    for kind in ("color", "who", "where", "mood", "stop", "question"):
        sentences = {}
        for _ in range(SENTENCES * TRIES):
            if len(sentences) == SENTENCES:
                break
            sentence, answer = sentence_to_read(kind, rng)
            sentences[sentence] = answer
        for sentence, answer in sentences.items():
            lines[record(rng.choice(WORDINGS[kind]), sentence, answer)] = None
    lines = list(lines)
    rng.shuffle(lines)
    return "".join(lines)


if __name__ == "__main__":
    path = HERE / "instructions_zh.jsonl"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
