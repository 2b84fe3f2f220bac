"""What a model can be asked: for each method of Model and AsyncModel, its request and what becomes of the answer."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _results as results
from ._errors import InvalidArgumentError, shown
from ._response_format import Format
from ._results import ChatResult, Completion, Embeddings, Ranked, Ranking, ScoreBatch, Scores
from ._tools import Tools, describe

if TYPE_CHECKING:
    from . import types

Message = Mapping[str, Any]
"""One of OpenAI's chat messages: a mapping with `role`, `content` and, if needed, `tool_calls`, `tool_call_id`,
`reasoning_content`."""

Messages = str | Iterable[Message]
"""Chat messages, or a text, which stands for a single user message."""

Prompt = str | Iterable[int | str]
"""A text, token ids, or a list of both."""

ScoreInput = tuple[Prompt, Iterable[Prompt]]
"""A context and its continuations."""

EmbedInput = str | Iterable[int] | Iterable[str | Sequence[int]]
"""A text or a list of token ids, or a list of these."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A request to be made.

    name: the C API's name of the operation.
    request: as schema() describes it.
    build: makes what the method returns of the result's JSON and the float32 events in their order.
    """

    name: str
    request: Mapping[str, Any]
    build: Callable[[Any, list[array[float]]], T]


def as_messages(messages: Messages) -> list[Message]:
    """A list of them, whatever they were given in; one text stands for a message of the user."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, (bytes, Mapping)) or not isinstance(messages, Iterable):
        raise InvalidArgumentError(f"messages must be a str or a list of messages, not {shown(messages)}")
    return list(messages)


def copied_messages(messages: Messages) -> list[dict[str, Any]]:
    """Copies of the messages. Raises InvalidArgumentError for anything else."""
    listed = as_messages(messages)
    for message in listed:
        if not isinstance(message, Mapping):
            raise InvalidArgumentError(f'{shown(message)} is not a message; give a dict with "role" and "content"')
    return [dict(message) for message in listed]


def _described(request: Mapping[str, Any], tools: Tools | None, form: Format | None) -> dict[str, Any]:
    """A request with its tools and the form of its answer as the C API takes them."""
    described = dict(request)
    if tools is not None:
        described["tools"] = describe(tools)
    if form is not None:
        described["response_format"] = form.request
    return described


def chat(
    messages: Messages, tools: Tools | None, response_format: object, stream: bool, request: Mapping[str, Any]
) -> Operation[ChatResult[Any]]:
    form = Format.of(response_format)
    described = _described({"messages": as_messages(messages), **request, "stream": stream}, tools, form)
    return Operation("chat", described, lambda raw, _: results.chat_result(raw, form))


def complete(
    prompt: Prompt, response_format: object, stream: bool, request: Mapping[str, Any]
) -> Operation[Completion]:
    form = Format.of(response_format)
    described = _described({"prompt": prompt, **request, "stream": stream}, None, form)
    return Operation("complete", described, lambda raw, _: results.completion(raw, form))


def infill(
    prefix: Prompt, suffix: Prompt, response_format: object, stream: bool, request: Mapping[str, Any]
) -> Operation[Completion]:
    form = Format.of(response_format)
    described = _described({"input_prefix": prefix, "input_suffix": suffix, **request, "stream": stream}, None, form)
    return Operation("infill", described, lambda raw, _: results.completion(raw, form))


def embed(input: EmbedInput, request: Mapping[str, Any]) -> Operation[Embeddings]:
    def build(raw: Any, vectors: list[array[float]]) -> Embeddings:
        return Embeddings(vectors, raw["dimension"], raw["usage"], raw)

    return Operation("embed", {"input": input, **request}, build)


def rerank(query: str, documents: Iterable[str], request: Mapping[str, Any]) -> Operation[Ranking]:
    documents = list(documents) if isinstance(documents, Iterable) and not isinstance(documents, str) else documents

    def build(raw: Any, _: object) -> Ranking:
        ranked = [Ranked(item["index"], item["relevance_score"], documents[item["index"]]) for item in raw["results"]]
        return Ranking(ranked, raw["usage"], raw)

    return Operation("rerank", {"query": query, "documents": documents, **request}, build)


def score(context: Prompt, continuations: Iterable[Prompt], request: Mapping[str, Any]) -> Operation[Scores]:
    return Operation("score", {"context": context, "continuations": continuations, **request}, results.scores)


def score_batch(inputs: Iterable[ScoreInput], request: Mapping[str, Any]) -> Operation[ScoreBatch]:
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable):
        raise InvalidArgumentError(f"inputs must be pairs of a context and its continuations, not {shown(inputs)}")
    listed = []
    for each in inputs:
        if not isinstance(each, Sequence) or isinstance(each, (str, bytes)) or len(each) != 2:
            raise InvalidArgumentError(f"{shown(each)} is not a pair of a context and its continuations")
        listed.append({"context": each[0], "continuations": each[1]})
    return Operation("score_batch", {"inputs": listed, **request}, results.score_batch)


def tokenize(content: Prompt, request: Mapping[str, Any]) -> Operation[list[int]]:
    return Operation("tokenize", {"content": content, **request}, lambda raw, _: raw["tokens"])


def detokenize(tokens: Iterable[int], request: Mapping[str, Any]) -> Operation[str]:
    return Operation("detokenize", {"tokens": tokens, **request}, lambda raw, _: raw["content"])


def apply_template(
    messages: Messages, tools: Tools | None, response_format: object, request: Mapping[str, Any]
) -> Operation[str]:
    described = _described({"messages": as_messages(messages), **request}, tools, Format.of(response_format))
    return Operation("apply_template", described, lambda raw, _: raw["prompt"])


def template_tokens(messages: Messages) -> Operation[list[int]]:
    """The prompt as tokens: names of control tokens in messages are only text, which a prompt's text cannot express."""
    request = {"messages": as_messages(messages), "return_tokens": True}
    return Operation("apply_template", request, lambda raw, _: raw["tokens"])


def count_tokens(
    prompt: Prompt | Iterable[Message], tools: Tools | None, response_format: object, request: Mapping[str, Any]
) -> Operation[int]:
    given = list(prompt) if isinstance(prompt, Iterable) and not isinstance(prompt, (str, bytes)) else prompt
    conversation = isinstance(given, list) and any(isinstance(item, Mapping) for item in given)
    key = "messages" if conversation else "prompt"
    described = _described({key: given, **request}, tools, Format.of(response_format))
    return Operation("count_tokens", described, lambda raw, _: raw["input_tokens"])


def adapters(lora: Sequence[Mapping[str, Any]] | None) -> Operation[list[types.AdaptersResultAdapter]]:
    return Operation("adapters", {} if lora is None else {"lora": lora}, lambda raw, _: raw["adapters"])


def save_state(
    path: str, messages: Messages, tools: Tools | None, request: Mapping[str, Any]
) -> Operation[types.StateResult]:
    asked = chat(messages, tools, None, False, request).request
    return Operation("save_state", {"path": path, "chat": asked}, lambda raw, _: raw)
