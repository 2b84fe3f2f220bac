"""Prompts of the chat templates that have names, written down as string operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .values import Json

_ChatML = ("<|im_start|>", "<|im_end|>")


def _chatml(messages: Sequence[Json], bos: str, eos: str, asks: bool) -> str:
    start, end = _ChatML
    said = [f"{start}{each['role']}\n{each['content']}{end}\n" for each in messages]
    return "".join(said) + (f"{start}assistant\n" if asks else "")


def _zephyr(messages: Sequence[Json], bos: str, eos: str, asks: bool) -> str:
    said = [f"<|{each['role']}|>\n{each['content']}{eos}\n" for each in messages]
    return "".join(said) + ("<|assistant|>\n" if asks else "")


def _headed(user: str, assistant: str, between: str) -> Callable[[Sequence[Json], str, str, bool], str]:
    """Each message under a line that says whose it is, the system's under none."""
    heads = {"user": f"### {user}:\n", "assistant": f"### {assistant}:\n", "system": ""}

    def render(messages: Sequence[Json], bos: str, eos: str, asks: bool) -> str:
        said = [heads[each["role"]] + each["content"] + between for each in messages]
        return "".join(said) + (heads["assistant"] if asks else "")

    return render


def _vicuna(messages: Sequence[Json], bos: str, eos: str, asks: bool) -> str:
    around = {"system": ("", " "), "user": ("USER: ", " "), "assistant": ("ASSISTANT: ", eos)}
    said = [around[each["role"]][0] + each["content"] + around[each["role"]][1] for each in messages]
    return "".join(said) + ("ASSISTANT:" if asks else "")


def _instruct(messages: Sequence[Json], system: str, after: str, between: str) -> str:
    """[INST] around each question, the system's words in the first; `{0}` in `system` stands for them."""
    exchanges, rest = [], list(messages)
    prefix = system.format(rest.pop(0)["content"]) if rest[0]["role"] == "system" else ""
    for question, reply in zip(rest[::2], [*rest[1::2], None], strict=False):
        text = f"[INST] {prefix}{question['content']} [/INST]"
        exchanges.append(text if reply is None else f"{text} {reply['content']}{after}")
        prefix = ""
    return between.join(exchanges)


TEMPLATES: dict[str, Callable[[Sequence[Json], str, str, bool], str]] = {
    "alpaca": _headed("Instruction", "Response", "\n\n"),
    "chatml": _chatml,
    "gpt4all-j": _headed("Prompt", "Response", "\n"),
    "human-assistant": _headed("Human", "Assistant", "\n\n"),
    "llama2": lambda messages, bos, eos, asks: _instruct(messages, "<<SYS>>\n{0}\n<</SYS>>\n\n", f" {eos}", bos),
    "mistral": lambda messages, bos, eos, asks: _instruct(messages, "{0}\n\n", eos, ""),
    "vicuna": _vicuna,
    "zephyr": _zephyr,
}
"""By name: of messages, the texts of the tokens bos and eos, and whether an answer is asked for."""


def default_name(architecture: str, vocabulary: Sequence[str]) -> str:
    """Of the template of a model that has none. architecture: what it is, not what it runs as."""
    if set(_ChatML) <= set(vocabulary):
        return "chatml"
    return "gpt4all-j" if architecture == "gptj" else "human-assistant"
