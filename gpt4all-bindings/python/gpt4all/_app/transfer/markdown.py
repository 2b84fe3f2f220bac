"""A chat as a text to read, in Markdown: the branch that is shown. markdown_reader reads it again.

What a message is made of stands behind lines of their own, HTML comments, which are not shown where Markdown is. They
begin with a mark that no message has at the beginning of a line: whatever is in a message, it ends where it ends.
"""

from __future__ import annotations

import re
from itertools import count

from ..database import as_json
from ..schemas.chats import Chat, Message
from .times import written

VERSION = 1
KIND = "gpt4all-chat"
NAMES = {"user": "You", "assistant": "Assistant", "tool": "Tool"}

_MARKS = re.compile(r"^<!-- (gpt4all(?:-\d+)?) ", re.MULTILINE)


def markdown_of(chat: Chat) -> str:
    """The branch that ends with the chat's leaf."""
    by_id = {message.id: message for message in chat.messages}
    branch: list[Message] = []
    place = chat.leaf
    while place is not None and place in by_id:
        branch.append(by_id[place])
        place = by_id[place].parent
    branch.reverse()
    mark = _mark(branch)
    model = [f"model: {as_json(chat.model)}"] if chat.model else []
    matter = [
        *("---", f"{KIND}: {VERSION}", f"title: {as_json(chat.title)}"),
        *(f"created: {written(chat.created)}", f"updated: {written(chat.updated)}"),
        *(*model, f"mark: {mark}", "---"),
    ]
    begun = f"{written(chat.created)[:16].replace('T', ' ')} UTC"
    parts = ["\n".join(matter), f"# {_line(chat.title)}", begun]
    for message in branch:
        parts += _parts(message, mark)
    return "\n\n".join(parts) + "\n"


def _mark(branch: list[Message]) -> str:
    taken = {mark for message in branch for mark in _MARKS.findall(message.content)}
    return next(mark for number in count() if (mark := f"gpt4all-{number}" if number else "gpt4all") not in taken)


def _parts(message: Message, mark: str) -> list[str]:
    known = {"role": message.role, "created": written(message.created)}
    if message.model:
        known["model"] = message.model
    if message.state != "done":
        # What it failed with is not said here; what is being written is cut off.
        known["state"] = "stopped" if message.state == "stopped" else "interrupted"
    by = f" ({_line(message.model)})" if message.model and message.role == "assistant" else ""
    about = as_json(known).replace(">", "\\u003e")  # which could end the comment
    parts = [f"<!-- {mark} message {about} -->\n## {NAMES[message.role]}{by}"]
    parts += [f"Attached: {_line(each.name)}" for each in message.attachments]
    if message.reasoning:
        quoted = "\n".join(f"> {line}" if line else ">" for line in message.reasoning.split("\n"))
        parts.append(f"<!-- {mark} reasoning -->\n{quoted}")
    parts.append(f"<!-- {mark} text -->\n{message.content}")
    sources = [_source(message)] if any(each.cited for each in message.evidence) else []
    return parts + [f"<!-- {mark} sources -->\n{text}" for text in sources]


def _source(message: Message) -> str:
    lines = []
    for each in message.evidence:
        if each.cited:
            pages = "" if each.pages is None else f", page {'-'.join(str(page) for page in dict.fromkeys(each.pages))}"
            lines.append(f"- [{each.number}] {_line(each.title or each.path)}{pages}")
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())
