"""Small tasks in simple words, each with its one right answer: instructions_en, instructions_zh.

A record has the fields of the Alpaca data, instruction, input and output, and before them its kind, such as
"en opposite", by which the answers are measured apart; the input is empty where the instruction says it all.
Every kind of task has several wordings. Of words that must be known by heart, each is asked for in more than
one of them, so that a test split can hold records out without holding words out. A sentence or a story is
met once in its kind, and two sentences that translate each other in one direction only: what is held out
has not been seen, in no wording, though its words and the frame of the sentence have.
"""

import random
from pathlib import Path

from grammar import Writer, read_grammar
from words_zh import number, read_with_words

HERE = Path(__file__).parent
MOST = 300  # records of a kind
MORE = 900  # of those that are learned from many: so many, and translations in each of the two directions
LEARNED_FROM_MANY = ("title", "question answering", "sentiment")
TRIES = 8  # so many texts are written for each one wanted, to find that many different ones
SENTENCE_ENDS = (".", "?", "。", "？", "”")


def question(sentence):
    """ "The hat is new." -> "Is the hat new?" """
    subject, rest = sentence.removesuffix(".").split(" is ", 1)
    return f"Is {subject.replace('The ', 'the ')} {rest}?"


# English kinds whose output is worked out of the input, and how
WORKED_OUT = {
    "negative": lambda sentence: sentence.replace(" is ", " is not ", 1),
    "question": question,
    "first word": lambda sentence: sentence.split()[0],
    "last word": lambda sentence: sentence.removesuffix(".").split()[-1],
    "copy": lambda sentence: sentence,
    "pair": lambda words: words.replace(", ", " and "),
}


def instructions_en():
    """Of each kind at most 300 records, of four of them 900: where there are few words, fewer."""
    rng = random.Random(11)
    grammar = read_grammar(HERE / "words_en.grammar", HERE / "instructions_en.grammar")
    records = records_of_stories("en", grammar, rng)
    for english, chinese in translations()[:MORE]:
        records.append(record_of("en to zh", rng.choice(grammar.snippets["translate"]), english, chinese))
    rng.shuffle(records)
    return records


def instructions_zh():
    """Each word to know in each wording; of the kinds that read sentences at most 300 each, of four 900."""
    rng = random.Random(22)
    grammar = read_with_words(HERE / "instructions_zh.grammar")
    records = [
        filled(kind, wording, word, answer)
        for kind, word, answer in words_to_know(grammar.tables)
        for wording in grammar.snippets[kind]
    ]
    for kind in ("color", "who", "where", "mood", "stop", "question"):
        answers = {}  # sentence -> its answer
        for _ in range(MOST * TRIES):
            if len(answers) == MOST:
                break
            sentence, answer = sentence_to_read(kind, Writer(grammar, rng, evenly=False))
            answers[sentence] = answer
        for sentence, answer in answers.items():
            records.append(filled(kind, rng.choice(grammar.snippets[kind]), sentence, answer))
    records += records_of_stories("zh", grammar, rng)
    for english, chinese in translations()[MORE:]:
        records.append(record_of("zh to en", rng.choice(grammar.snippets["translate"]), chinese, english))
    records = list({tuple(record.values()): record for record in records}.values())
    rng.shuffle(records)
    return records


def records_of_stories(language, grammar, rng):
    """The records of the kinds that the grammar holds as stories, each with at most 300, or 900."""
    writer = Writer(grammar, rng)
    records = []
    for kind in grammar.stories:
        found = {}  # what is met once in the kind -> its record; a dict keeps its order, a set would not
        most = MORE if kind in LEARNED_FROM_MANY else MOST
        for _ in range(most * TRIES):
            if len(found) == most:
                break
            instruction, text, *output = writer.parts(kind)
            answer = output[0] if output else WORKED_OUT[kind](text)
            is_word_to_know = output and not text.endswith(SENTENCE_ENDS)
            met_once = (instruction, text) if is_word_to_know else text
            found.setdefault(met_once, record_of(f"{language} {kind}", instruction, text, answer))
        records += found.values()
    return records


def translations():
    """Pairs of an English sentence and its Chinese one, 900 for each direction, all different."""
    writer = Writer(read_grammar(HERE / "instructions_pairs.grammar"), random.Random(33))
    pairs = {}
    for _ in range(2 * MORE * TRIES):
        if len(pairs) == 2 * MORE:
            break
        english, chinese = writer.parts("pair")
        pairs[english] = chinese
    return list(pairs.items())


def record_of(kind, instruction, text, answer):
    return {"kind": kind, "instruction": instruction, "input": text, "output": answer}


def words_to_know(tables):
    """Yield (kind, word, answer) for the Chinese kinds whose answers are learnt word by word."""
    for record in tables["opposite"]:
        yield "opposite", record["word"], record["other"]
        yield "opposite", record["other"], record["word"]
    for record in tables["thing"]:
        yield "measure", record["name"], record["measure"]
        yield "class", record["name"], record["class"]
        if len(record["name"]) > 1:
            yield "first", record["name"], record["name"][0]
    for n in range(1, 41):
        yield "next", number(n), number(n + 1)
    for record in tables["friend"]:
        yield "greet", record["name"], f"{record['name']}，你好！"
    for record in tables["elder"] + tables["teacher"]:
        yield "greet", record["name"], f"{record['name']}，您好！"


def sentence_to_read(kind, writer):
    """Return (sentence, answer) for the Chinese kinds whose answers can be read out of the sentence.

    The writer is a new one for each sentence: it keeps the words it has used.
    """
    if kind == "color":
        return writer.text("<color_sentence>"), writer.text("{color}")
    if kind == "mood":
        return writer.text("{mood_sentence.text}"), writer.text("{mood_sentence.mood}")
    if kind == "question":
        sentence = writer.text("<plain_sentence>")
        return sentence + "。", sentence + "吗？"
    sentence = writer.text("{friend}[|今天|早上|下午|晚上]在{act_place}{act_place.do}")
    if kind == "stop":
        return sentence, sentence + "。"
    return sentence + "。", writer.text("{friend}" if kind == "who" else "{act_place}")


def filled(kind, wording, text, answer):
    """A wording, "instruction / input", with the word or sentence in the place of {} -> a record."""
    instruction, _, given = wording.partition(" / ")
    return record_of(f"zh {kind}", instruction.format(text), given.format(text), answer)
