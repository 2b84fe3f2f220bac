"""What the requests give back. `raw` is always the whole result as the library gave it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

if TYPE_CHECKING:
    from array import array

    from typing_extensions import TypeVar

    from . import types
    from ._response_format import Format

    P = TypeVar("P", default=Any)
else:
    from typing import TypeVar

    P = TypeVar("P")

_UNREAD: Any = object()


@dataclass(slots=True)
class Choice:
    """One answer to a request.

    reasoning: what the model thought before it answered; empty if it does not show its thoughts.
    tool_calls: the tools to call, their arguments as JSON text.
    finish_reason: "stop", "length" or "tool_calls".
    logprobs: what `logprobs` requested, else None.
    valid: with strict=False, whether the answer is valid under its JSON Schema; None if there was nothing to check.
    invalid: if it is not valid, where, and why.
    """

    index: int
    text: str
    reasoning: str
    tool_calls: list[types.ToolCall]
    finish_reason: str
    logprobs: types.Logprobs | None
    valid: bool | None = None
    invalid: types.Invalid | None = None
    _format: Format | None = field(default=None, repr=False, compare=False)
    _parsed: Any = field(default=_UNREAD, init=False, repr=False, compare=False)

    @property
    def parsed(self) -> Any:
        """The object that the text stands for, by the request's response_format; None without one.

        Raises ResponseFormatError if the answer was cut off, or is not as it should be.
        """
        if self._parsed is _UNREAD:
            form = self._format
            self._parsed = None if form is None else form.parse(self.text, self.finish_reason, self.invalid)
        return self._parsed


@dataclass(slots=True)
class _Answer:
    choices: list[Choice]
    usage: types.Usage
    timings: types.Timings

    @property
    def text(self) -> str:
        """The first choice's text; the properties below are its, too."""
        return self.choices[0].text

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered; empty where it does not show its thoughts."""
        return self.choices[0].reasoning

    @property
    def tool_calls(self) -> list[types.ToolCall]:
        """The tools to call, their arguments as JSON text."""
        return self.choices[0].tool_calls

    @property
    def finish_reason(self) -> str:
        """Why the answer ended: "stop", "length" or "tool_calls"."""
        return self.choices[0].finish_reason

    @property
    def logprobs(self) -> types.Logprobs | None:
        """What was asked for with `logprobs`, else None."""
        return self.choices[0].logprobs

    @property
    def valid(self) -> bool | None:
        """With strict=False, whether it is valid under its JSON Schema; None if there was nothing to check."""
        return self.choices[0].valid

    @property
    def invalid(self) -> types.Invalid | None:
        """If it is not valid, where, and why."""
        return self.choices[0].invalid

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class ChatResult(_Answer, Generic[P]):
    """The answer to chat. Its text, parsed, reasoning, tool_calls, finish_reason and logprobs are the first choice's.

    The type parameter is that of `parsed`.
    """

    raw: types.ChatResult = field(repr=False)

    @property
    def parsed(self) -> P:
        """The object that the text stands for, by response_format; None without one. Raises ResponseFormatError."""
        parsed: P = self.choices[0].parsed
        return parsed

    @property
    def message(self) -> types.ChatResultChoiceMessage:
        """The first choice as a message, to append to the others for the next turn."""
        return self.raw["choices"][0]["message"]


@dataclass(slots=True)
class Completion(_Answer):
    """The answer to complete and infill. Its text, parsed, finish_reason and logprobs are the first choice's."""

    raw: types.TextResult = field(repr=False)

    @property
    def parsed(self) -> Any:
        """The object that the text stands for, by response_format; None without one. Raises ResponseFormatError."""
        return self.choices[0].parsed


def _choice(item: types.Choice, text: str, reasoning: str, calls: list[types.ToolCall], form: Format | None) -> Choice:
    logprobs, valid, invalid = item.get("logprobs"), item.get("valid"), item.get("invalid")
    return Choice(item["index"], text, reasoning, calls, item["finish_reason"], logprobs, valid, invalid, form)


def chat_result(raw: types.ChatResult, form: Format | None = None) -> ChatResult[Any]:
    choices = []
    for item in raw["choices"]:
        message = item["message"]
        thought, calls = message.get("reasoning_content") or "", message.get("tool_calls") or []
        text = message["content"] or ""
        choices.append(_choice(item, text, thought, calls, form))
    return ChatResult(choices, raw["usage"], raw["timings"], raw)


def completion(raw: types.TextResult, form: Format | None = None) -> Completion:
    choices = [_choice(item, item["text"], "", [], form) for item in raw["choices"]]
    return Completion(choices, raw["usage"], raw["timings"], raw)


@dataclass(slots=True)
class Embeddings:
    """One vector for each input, in order. A vector is an array("f"): a sequence of float32 that NumPy and similar
    libraries read without copying. (With pooling "none", it holds one vector per token, one after another.)"""

    vectors: list[array[float]]
    dimension: int
    usage: types.Usage
    raw: types.EmbedResult = field(repr=False)

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, index: int) -> array[float]:
        return self.vectors[index]

    def __iter__(self) -> Iterator[array[float]]:
        return iter(self.vectors)


@dataclass(slots=True)
class Ranked:
    """A document and its relevance: higher is better, on the model's own scale. index: its position in the input."""

    index: int
    relevance_score: float
    document: str


@dataclass(slots=True)
class Ranking:
    """The documents, the most relevant first."""

    results: list[Ranked]
    usage: types.Usage
    raw: types.RerankResult = field(repr=False)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> Ranked:
        return self.results[index]

    def __iter__(self) -> Iterator[Ranked]:
        return iter(self.results)


@dataclass(slots=True)
class Score:
    """How likely a continuation is.

    logprob: natural log-likelihood, summed over its tokens.
    greedy: whether each of its tokens is the most probable one at its position.
    n_truncated: how many of the context's first tokens were left out, so that it fits; 0 without `truncate`.
    """

    logprob: float
    greedy: bool
    tokens: list[int]
    token_logprobs: list[float]
    n_truncated: int = 0


@dataclass(slots=True)
class LogprobRow:
    """The natural log-probability of every token of the vocabulary at `position` + 1 of context and continuation
    together. continuation: which one, from 0; -1 for a position in the context."""

    continuation: int
    position: int
    logprobs: array[float] = field(repr=False)


@dataclass(slots=True)
class Scores:
    """A Score for each continuation, in order.

    rows: what `logprob_rows` requested.
    context_tokens: the context's tokens, those before the first continuation.
    """

    scores: list[Score]
    rows: list[LogprobRow]
    usage: types.Usage
    raw: types.ScoreResult = field(repr=False)
    context_tokens: list[int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: int) -> Score:
        return self.scores[index]

    def __iter__(self) -> Iterator[Score]:
        return iter(self.scores)


def scores(raw: types.ScoreResult, rows: list[array[float]]) -> Scores:
    each = [
        Score(item["logprob"], item["greedy"], item["tokens"], item["token_logprobs"], item["n_truncated"])
        for item in raw["continuations"]
    ]
    places = zip(raw["rows"], rows, strict=True)
    logprobs = [LogprobRow(place["continuation"], place["position"], row) for place, row in places]
    return Scores(each, logprobs, raw["usage"], raw, raw["context_tokens"])


@dataclass(slots=True)
class ScoreBatch:
    """Scores for each input, in order."""

    results: list[Scores]
    usage: types.Usage
    raw: types.ScoreBatchResult = field(repr=False)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> Scores:
        return self.results[index]

    def __iter__(self) -> Iterator[Scores]:
        return iter(self.results)


def score_batch(raw: types.ScoreBatchResult, rows: list[array[float]]) -> ScoreBatch:
    places: list[list[types.ScoreResultRow]] = [[] for _ in raw["results"]]
    own: list[list[array[float]]] = [[] for _ in raw["results"]]
    for place, row in zip(raw["rows"], rows, strict=True):
        places[place["input"]].append({"continuation": place["continuation"], "position": place["position"]})
        own[place["input"]].append(row)
    found = []
    for index, item in enumerate(raw["results"]):
        tokens = len(item["context_tokens"]) + sum(len(each["tokens"]) for each in item["continuations"])
        alone: types.ScoreResult = {
            "context_tokens": item["context_tokens"],
            "continuations": item["continuations"],
            "rows": places[index],
            "n_vocab": raw["n_vocab"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        found.append(scores(alone, own[index]))
    return ScoreBatch(found, raw["usage"], raw)
