"""A chat as a text to read: the branch that is shown, in Markdown."""

from __future__ import annotations

from datetime import datetime, timezone

from ..schemas.chats import Chat, Message

NAMES = {"user": "You", "assistant": "Assistant", "tool": "Tool"}


def markdown_of(chat: Chat) -> str:
    """The branch that ends with the chat's leaf."""
    by_id = {message.id: message for message in chat.messages}
    branch: list[Message] = []
    place = chat.leaf
    while place is not None and place in by_id:
        branch.append(by_id[place])
        place = by_id[place].parent
    begun = datetime.fromtimestamp(chat.created, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    head = f"# {' '.join(chat.title.split())}\n\n{begun}"
    return "\n\n".join([head, *map(_section, reversed(branch))]) + "\n"


def _section(message: Message) -> str:
    by = f" ({message.model})" if message.model and message.role == "assistant" else ""
    parts = [f"## {NAMES[message.role]}{by}"]
    parts += [f"Attached: {each.name}" for each in message.attachments]
    if message.reasoning:
        parts.append("\n".join(f"> {line}".rstrip() for line in message.reasoning.strip().splitlines()))
    parts.append(message.content.strip())
    parts += [_source(message)] if any(each.cited for each in message.evidence) else []
    return "\n\n".join(filter(None, parts))


def _source(message: Message) -> str:
    lines = []
    for each in message.evidence:
        if each.cited:
            pages = "" if each.pages is None else f", page {'-'.join(str(page) for page in dict.fromkeys(each.pages))}"
            lines.append(f"- [{each.number}] {each.title or each.path}{pages}")
    return "\n".join(lines)
