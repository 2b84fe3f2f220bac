"""The page of the documentation about how templates render: docs/chat-templates.md.

Usage: python -m corpus_tools.renderings.page [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..places import ROOT
from .conversations import CONVERSATIONS
from .differences import entries, of_expressions

PAGE = ROOT / "docs" / "chat-templates.md"

INTRODUCTION = f"""\
# How templates render

<!-- Written by `python -m corpus_tools.renderings.page`; do not edit. -->

Chat templates are written in Jinja, for the Python library jinja2 as transformers sets it up. Here llama.cpp's own
engine renders them, with our patches. `make test` renders the 70 templates that come with llama.cpp both ways, each in
{len(CONVERSATIONS)} conversations: with and without a system message, tools, calls, results and reasoning, with parts
as content, in several scripts, closed, and to be continued. The prompts are the same, but for the differences below.

* Numbers, lists, mappings, `None` and booleans are printed as Python prints them. Numbers have all their digits, in
  tools, in the arguments of calls and in `chat_template_kwargs`: above 2^64, too, and decimals that Python would round
  to a double.
* Strings are code points, so that lengths, slices, case and white space are as in Python.
* `add_generation_prompt` is always set, to true or false. `enable_thinking` is set only if the request says so, in
  `chat_template_kwargs` or with `reasoning_effort="none"`; otherwise the template's own default holds, which differs
  from model to model.
* `continue_final_message` gives the prompt up to the end of the last message, as the template renders it.
* `date_string` and `datetime` are today's date, for templates that ask for them.
* Messages reach the template with `content`, empty if it was absent; as one text or as parts, whichever the template
  takes; and with the arguments of calls as objects if the template takes those, and as JSON text otherwise. Tools have
  `name`, `description` and `parameters`.
"""

KINDS = {
    "differs": "Rendered in another way",
    "refused here": "Refused, where jinja2 renders them",
    "refused by jinja2": "Rendered, where jinja2 refuses them",
}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION.rstrip("\n")]
    for kind, title in KINDS.items():
        parts.append(f"## {title}\n\n" + "\n".join(_rows(kind)))
    parts.append(
        "## Not implemented\n\n"
        "No template that is known needs these; one that does is refused with a `TemplateError`.\n\n"
        + "\n".join(f"* `{_shown(name)}`" for name in of_expressions())
    )
    return "\n\n".join(parts) + "\n"


def _rows(kind: str) -> Iterator[str]:
    yield "| Templates | Conversations | Why |"
    yield "| --- | --- | --- |"
    for entry in entries():
        if entry["kind"] == kind:
            templates = ", ".join(f"`{name}`" for name in entry["templates"])
            yield f"| {templates} | {', '.join(entry['conversations'])} | {entry['reason']} |"


def _shown(name: str) -> str:
    return {"set_filtered": "{% set x | upper %}", "raw": "{% raw %}", "with": "{% with %}"}.get(name, name)


def main() -> int:
    """Reads the command line."""
    if "--check" in sys.argv[1:]:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
