"""Random answers that a chat template's grammar of calls admits, and what is wrong with them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_tools.calls.tools import SETS
from corpus_tools.schemas.walks import exact, judge_of

MESSAGES = [{"role": "user", "content": "Do it."}]
UNSUPPORTED = 6
TEMPLATE_ERROR = 9


@dataclass(frozen=True)
class Case:
    """A request for calls: which tools, how many calls, and whether they are required."""

    tools: str
    choice: str  # "auto", "required", or the name of a tool
    parallel: bool

    @property
    def request(self) -> dict[str, Any]:
        """The chat request."""
        named = {"type": "function", "function": {"name": self.choice}}
        return {
            "messages": MESSAGES,
            "tools": SETS[self.tools],
            "tool_choice": self.choice if self.choice in ("auto", "required") else named,
            "parallel_tool_calls": self.parallel,
        }


def cases() -> Iterator[Case]:
    """All that is asked of a template."""
    for tools in SETS:
        for choice in ("auto", "required"):
            for parallel in (False, True):
                yield Case(tools, choice, parallel)
    for name in ("set_texts", "ping"):
        yield Case("several", name, parallel=False)


@dataclass
class Verdict:
    """What became of a request: refused, why and as what, or walked, and what is wrong with the walks."""

    refused: str = ""
    status: int = 0
    walked: int = 0
    wrong: list[str] = field(default_factory=list)


def judge(case: Case, said: dict[str, Any], walks: int) -> Verdict:
    """What an answer of walk_calls says of a request."""
    if "error" in said:
        return Verdict(said["error"], said["status"])
    walked = [walk for walk in said["walked"] if walk is not None]
    verdict = Verdict(walked=len(walked))
    if not said["walked"]:
        verdict.wrong.append("there is no grammar")
    elif len(walked) < walks / 2:
        verdict.wrong.append(f"only {len(walked)} of {walks} walks found an end")
    for walk in walked:
        verdict.wrong += [f"{why}: {walk['text']!r}" for why in faults(case, walk)]
    return verdict


def faults(case: Case, walk: dict[str, Any]) -> Iterator[str]:
    """What is wrong with an answer."""
    if "error" in walk:
        yield f"not parsed ({walk['error']})"
        return
    if walk.get("unnoticed"):
        yield "the grammar would not begin here"
    if "partly" in walk:
        yield f"a beginning is not parsed ({walk['partly']})"
    message = walk["message"]
    if not message["calls"]:
        yield "no call"
    if not case.parallel and len(message["calls"]) > 1:
        yield f"{len(message['calls'])} calls"
    if message["content"].strip():
        yield f"text beside a call: {message['content']!r}"
    tools = {tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in SETS[case.tools]}
    for call in message["calls"]:
        if call["name"] not in tools or case.choice not in ("auto", "required", call["name"]):
            yield f"a call of {call['name']!r}"
            continue
        yield from misfits(tools[call["name"]], call["arguments"])


def misfits(schema: dict[str, Any], arguments: str) -> Iterator[str]:
    """Where arguments do not keep their schema."""
    try:
        value = exact(arguments)
        pairs = json.loads(arguments, object_pairs_hook=list)
    except ValueError as error:
        yield f"arguments that are not JSON ({error}): {arguments!r}"
        return
    if not isinstance(value, dict):
        yield f"arguments that are no object: {arguments!r}"
        return
    if len(pairs) != len(value):
        yield f"an argument twice: {arguments!r}"
    for fault in judge_of(schema, "draft2020-12").iter_errors(value):
        yield f"misfit ({fault.message}): {arguments!r}"


class CallWalker:
    """The program walk_calls."""

    def __init__(self, program: Path, model: Path) -> None:
        self._program = program
        self._model = model

    def ask(self, template: str, asked: Sequence[Case], walks: int, seed: int = 1) -> list[Verdict]:
        """Walks through the answers to each request with the template."""
        requests = [{"request": case.request, "walks": walks, "seed": seed} for case in asked]
        line = json.dumps({"model": str(self._model), "template": template, "requests": requests})
        done = subprocess.run(
            [self._program], input=line + "\n", capture_output=True, encoding="utf-8", timeout=300, check=True
        )
        answers = [json.loads(answer) for answer in done.stdout.split("\n")[:-1]]
        return [judge(case, said, walks) for case, said in zip(asked, answers, strict=True)]
