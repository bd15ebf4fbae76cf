"""Dialogues: records of turns, each of which is a role (user, assistant or system) and a text.

As JSON, a dialogue is a list of messages in either of the two forms that are written today:

    {"messages": [{"role": "user", "content": …}, …]}              the chat interfaces' form
    {"conversations": [{"from": "human", "value": …}, …]}          ShareGPT's form

A model of text alone can call no tools: messages that do, and what the tools said, are left out of a
dialogue, of which the rest is kept. A text file holds dialogues parted by blank lines, a turn a line, the
user's first, then by turns.
"""

import re
from pathlib import Path

from minigpt.finetuning.json_records import is_json, read_json_records
from minigpt.finetuning.prompt_format import trimmed
from minigpt.finetuning.records import (
    BadRecord,
    Record,
    converted,
    first_name,
    missing_field,
    text_field,
    text_of_records,
)
from minigpt.terminal import quoted

ROLES = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
}
TOOL_ROLES = ("tool", "function", "function_call", "tool_call", "tool_response", "observation", "ipython")
LISTS = ("messages", "conversations", "conversation", "dialogue", "dialog")
TEXT_PARTS = ("text", "input_text", "output_text")
TURN_MARK = re.compile(r"\n\n(Human|Assistant): ?")


def read_dialogues(path):
    """Records with the fields "turns", a list of (role, text), and "n_tools", and BadRecords.

    n_tools counts the messages that call tools or come from them, which are left out. Dialogues in which
    nobody answers, and broken messages, are BadRecords. Raises OSError, and ValueError naming file and line
    for a file that cannot be parted into records.
    """
    path = Path(path)
    text = text_of_records(path)
    if is_json(path, text):
        return converted(read_json_records(path, text), dialogue_of)
    if path.suffix.lower() not in (".txt", ""):
        raise ValueError(f"{path} must be a .txt, .jsonl or .json file of dialogues")
    dialogues, turns = [], []
    for number, content in enumerate([*text.split("\n"), ""], 1):
        if content.strip():
            turns.append(("user" if len(turns) % 2 == 0 else "assistant", trimmed(content)))
        elif turns:
            dialogues.append(Record({"turns": turns, "n_tools": 0}, path, number - len(turns)))
            turns = []
    return converted(dialogues, answered)


def dialogue_of(record):
    """The dialogue of a JSON record: its messages, behind its field "system" where it has one."""
    fields = record.fields
    messages = fields
    if isinstance(fields, dict):
        name = first_name(fields, LISTS)
        if name is None:
            hint = "; --task instruct learns instructions" if "instruction" in fields else ""
            raise missing_field(record, "messages", hint)
        messages = fields[name]
        if isinstance(fields.get("system"), str):
            messages = [{"role": "system", "content": fields["system"]}, *as_list(record, messages)]
    turns, n_tools = turns_of_messages(record, messages)
    return answered(Record({"turns": turns, "n_tools": n_tools}, record.path, record.line))


def answered(record):
    """The record itself. Raises BadRecord for a dialogue without a turn of the assistant."""
    if "assistant" not in (role for role, _ in record.fields["turns"]):
        raise BadRecord(f"{record.where}: nobody answers in this dialogue")
    return record


def as_list(record, messages):
    if not isinstance(messages, list):
        raise BadRecord(f"{record.where}: the messages are {messages!r:.40} but must be a list")
    return messages


def turns_of_messages(record, messages):
    """The turns (role, text) of a list of messages, and how many messages of tools were left out.

    Raises BadRecord for a message that is none, has an unknown role, or has no text.
    """
    turns, n_tools = [], 0
    for message in as_list(record, messages):
        if not isinstance(message, dict):
            raise BadRecord(f"{record.where}: a message is {message!r:.40} but must be an object")
        role = message.get("role", message.get("from"))
        name = "content" if "content" in message or "value" not in message else "value"
        content = message.get(name)
        calls_tools = bool(message.get("tool_calls") or message.get("function_call"))
        if str(role).lower() in TOOL_ROLES or (calls_tools and not content):
            n_tools += 1
            continue
        if str(role).lower() not in ROLES:
            known = "user, assistant or system"
            raise BadRecord(f"{record.where}: a message has the role {quoted(role)} but must have {known}")
        role = ROLES[role.lower()]
        if message.get("weight") == 0 and role == "assistant":
            raise BadRecord(f"{record.where}: an answer has the weight 0, but every answer would be learned")
        if role == "system" and content == "":
            continue
        if isinstance(content, list):
            content = text_of_parts(record, content)
        turns.append((role, text_field(Record({**message, name: content}, record.path, record.line), name)))
    return turns, n_tools


def text_of_parts(record, parts):
    """The text of a content in parts, one behind the other. Raises BadRecord for a part that is no text."""
    texts = []
    for part in parts:
        if isinstance(part, dict) and part.get("type") in TEXT_PARTS and isinstance(part.get("text"), str):
            part = part["text"]
        if not isinstance(part, str):
            kind = part.get("type") if isinstance(part, dict) else part
            raise BadRecord(f"{record.where}: a message holds a part {kind!r:.40}, but only text can be read")
        texts.append(part)
    return "".join(texts)


def turns_of_transcript(text):
    """The turns of a text "\\n\\nHuman: …\\n\\nAssistant: …"; None for a text that does not begin so."""
    before, *marked = TURN_MARK.split("\n\n" + text.lstrip("\n"))
    if before.strip() or "Human" not in marked[::2]:
        return None
    roles = {"Human": "user", "Assistant": "assistant"}
    return [(roles[name], trimmed(said)) for name, said in zip(marked[::2], marked[1::2])]
