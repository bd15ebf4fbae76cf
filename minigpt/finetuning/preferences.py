"""Preferences: records of a prompt, an answer that was chosen and one that was rejected.

Three forms are read, and mixtures of them:

    {"prompt": "…", "chosen": "…", "rejected": "…"}
        texts
    {"prompt": …, "chosen": [messages], "rejected": [messages]}
        messages, as in conversations.py; the prompt may be left out
    {"chosen": "\\n\\nHuman: …\\n\\nAssistant: …", "rejected": …}
        transcripts, as in the data of Bai et al. (2022, arXiv:2204.05862)

Where the prompt stands in both answers, they must agree in everything before their last turn.
"""

from minigpt.finetuning.conversations import turns_of_messages, turns_of_transcript
from minigpt.finetuning.instructions import read_named_records
from minigpt.finetuning.records import (
    BadRecord,
    Record,
    converted,
    fields_of,
    first_name,
    missing_field,
    text_field,
)

PROMPTS = ("prompt", "question", "instruction", "messages", "conversations")


def read_preferences(path):
    """Records with the fields "prompt", a list of (role, text), "chosen" and "rejected", and BadRecords.

    Raises OSError, and ValueError naming file and line for a file that cannot be parted into records.
    """
    return converted(read_named_records(path), pair_of)


def pair_of(record):
    """The pair of a record. Raises BadRecord where something is missing, or the two answers are the same."""
    fields = fields_of(record)
    name = first_name(fields, PROMPTS)
    prompt = turns_of(record, name, "user") if name and fields[name] not in (None, "", []) else []
    if prompt[-1:] == [("assistant", "")]:  # a transcript up to the answer that is to come
        prompt.pop()
    if name == "instruction":
        input = text_field(record, "input", optional=True)
        prompt = [("user", prompt[0][1] + "\n\n" + input)] if input and prompt else prompt
    (*before, chosen), (*before_rejected, rejected) = (
        turns_of(record, name, "assistant") for name in ("chosen", "rejected")
    )
    if before != before_rejected:
        raise BadRecord(f"{record.where}: the two answers differ before their last turn")
    for (role, _), name in ((chosen, "chosen"), (rejected, "rejected")):
        if role != "assistant":
            raise BadRecord(f"{record.where}: {name!r} ends with a turn of the {role}, not with an answer")
    if not before or before[0][0] == "assistant":
        prompt = prompt + before  # the prompt goes on in the answers
    elif prompt == before[-len(prompt) :] or not prompt:
        prompt = before
    else:
        raise BadRecord(f"{record.where}: the prompt is not what stands before the answers")
    if not prompt:
        raise missing_field(record, "prompt")
    if not all(text for _, text in (*prompt, chosen, rejected)):
        raise BadRecord(f"{record.where}: a turn of the prompt, or an answer, is empty")
    if chosen == rejected:
        raise BadRecord(f"{record.where}: the chosen and the rejected answer are the same")
    pair = {"prompt": prompt, "chosen": chosen[1], "rejected": rejected[1]}
    return Record(pair, record.path, record.line)


def turns_of(record, name, role):
    """The turns of a field: a transcript's, messages', or the one turn of `role` that a plain text is."""
    value = fields_of(record).get(name)
    if isinstance(value, (list, dict)) and value:
        turns, n_tools = turns_of_messages(record, value if isinstance(value, list) else [value])
        if n_tools or not turns:
            raise BadRecord(f"{record.where}: {name!r} calls tools, which a model of text cannot do")
        return turns
    text = text_field(record, name)
    return turns_of_transcript(text) or [(role, text)]
