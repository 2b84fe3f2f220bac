"""Open models, and what can be asked of them."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import _operations as operations
from ._errors import ClosedError
from ._library import PathLike, Progress, encode, encode_path, load, path_text
from ._operations import EmbedInput, Message, Messages, Operation, Prompt, ScoreInput
from ._results import ChatResult, Completion, Embeddings, Ranking, ScoreBatch, Scores
from ._stream import Request, Stream, finish
from ._task import Task
from ._tool_loop import MAX_ROUNDS, ToolLoop, ToolsResult
from ._tools import Tools
from ._uncopyable import Uncopyable
from .models import find

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from . import types

P = TypeVar("P")
T = TypeVar("T")


class Model(Uncopyable):
    """An open model file. Any number of threads may use it at once: their requests run together.

    path: a GGUF file.
    progress: called with 0 to 1 while the file is being loaded; if it returns False, opening ends with
        CancellationError.
    options: what types.OpenOptions lists, such as n_ctx=4096, n_parallel=8, n_gpu_layers=0. sampling={"temperature":
        0.5} is for requests that do not set it; info()["sampling"] has all their defaults, and where each comes from.

    Use it as a context manager, or close() it. Every method raises LLModelError: ClosedError after close() and in a
    forked child process, InvalidArgumentError for a request that does not match its schema.
    """

    _instead = (
        "pass its path on, and open it in every process that needs it (with multiprocessing's 'spawn' or 'forkserver')"
    )

    def __init__(
        self, path: PathLike, *, progress: Progress | None = None, **options: Unpack[types.OpenOptions]
    ) -> None:
        self._library = library = load()
        self._path = path_text(path)
        self._pid = os.getpid()
        name, given = encode_path(path), encode(_with_advice(path, options))
        cell = library.ffi.new("llmodel_model **")
        open_ = library.c.llmodel_open
        try:
            library.with_progress(
                progress, lambda forward: library.call(open_, name, given, forward, library.ffi.NULL, cell)
            )
        except BaseException:
            if cell[0] != library.ffi.NULL:
                library.c.llmodel_close(cell[0])
            raise
        self._handle: Any = cell[0]
        self._close = weakref.finalize(self, library.release, library.c.llmodel_close, self._pid, self._handle)

    @property
    def path(self) -> str:
        """The file, as given."""
        return self._path

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return not self._close.alive

    def close(self) -> None:
        """Cancels the model's requests, waits for its threads and frees its memory. Safe to call at any time, and more
        than once."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._path!r}{', closed' if self.closed else ''}>"

    def _use(self) -> Any:
        """The handle, if it can be used here and now."""
        if self.closed:
            raise ClosedError(f"the model {self._path} is closed; open it again to continue")
        if os.getpid() != self._pid:
            raise ClosedError(
                f"the model {self._path} was opened by process {self._pid}, which forked this one; open it again in "
                "this process, or start processes with multiprocessing's 'spawn'"
            )
        return self._handle

    def submit(self, operation: str, request: Mapping[str, Any]) -> Task:
        """Starts any operation, with its request as described by schema(). The methods below are built on this."""
        return Task(self, operation, request)

    def _ask(self, operation: Operation[T]) -> T:
        return finish(Request(self, operation))

    def info(self) -> types.InfoResult:
        """What inspect() returns, and how the model was actually opened."""
        info: types.InfoResult = self._library.call_json(self._library.c.llmodel_info, self._use())
        return info

    # ------------------------------------------------------------------------------------------------- generation

    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[P]: ...
    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[Any]: ...
    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ChatResult[P]]: ...
    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ChatResult[Any]]: ...
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = None,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[Any] | Stream[ChatResult[Any]]:
        """Answers a conversation: OpenAI-style chat messages, or a single text from the user.

        tools: functions that the model may ask to call: Python functions, Tool objects or OpenAI's dicts. The answer's
            tool_calls say which; run_tools() calls them.
        response_format: the form of the answer: a type (a Pydantic model, dataclass, TypedDict, list[int] …), in which
            case the answer's `parsed` is an object of it; a JSON Schema; or OpenAI's dict.
        request: what types.ChatOptions lists: max_tokens, temperature, seed, stop and more.

        Returns the answer; with stream=True, returns a Stream of its text at once.
        """
        operation = operations.chat(messages, tools, response_format, stream, request)
        return self._generate(operation, stream)

    def _generate(self, operation: Operation[T], stream: bool) -> T | Stream[T]:
        source = Request(self, operation)
        return Stream(source) if stream else finish(source)

    @overload
    def complete(
        self,
        prompt: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.CompleteOptions],
    ) -> Completion: ...
    @overload
    def complete(
        self,
        prompt: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.CompleteOptions],
    ) -> Stream[Completion]: ...
    def complete(
        self,
        prompt: Prompt,
        *,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.CompleteOptions],
    ) -> Completion | Stream[Completion]:
        """Continues a prompt as it stands, without a chat template. Otherwise as chat()."""
        return self._generate(operations.complete(prompt, response_format, stream, request), stream)

    @overload
    def infill(
        self,
        prefix: Prompt,
        suffix: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.InfillOptions],
    ) -> Completion: ...
    @overload
    def infill(
        self,
        prefix: Prompt,
        suffix: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.InfillOptions],
    ) -> Stream[Completion]: ...
    def infill(
        self,
        prefix: Prompt,
        suffix: Prompt,
        *,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.InfillOptions],
    ) -> Completion | Stream[Completion]:
        """Fills the gap between two texts. UnsupportedError for a model not trained to do so. Otherwise as chat()."""
        return self._generate(operations.infill(prefix, suffix, response_format, stream, request), stream)

    @overload
    def run_tools(
        self,
        messages: Messages,
        tools: Tools,
        *,
        max_rounds: int = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ToolsResult: ...
    @overload
    def run_tools(
        self,
        messages: Messages,
        tools: Tools,
        *,
        max_rounds: int = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ToolsResult]: ...
    def run_tools(
        self,
        messages: Messages,
        tools: Tools,
        *,
        max_rounds: int = MAX_ROUNDS,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> ToolsResult | Stream[ToolsResult]:
        """Answers a conversation, calling the functions in `tools` that the model asks for, until it answers with text.

        max_rounds: maximum number of answers by the model, including the last; ToolRoundsError if it is still asking
            for calls then.

        If a function raises an exception, the model is told and may try again. A required tool_choice applies to the
        first round. Calls of tools given as dicts end the loop: the caller has to make them. The rest is as in chat().
        """
        loop = ToolLoop(self, messages, tools, max_rounds, response_format, stream, request)
        return Stream(loop) if stream else finish(loop)

    # ----------------------------------------------------------------------------------- vectors and likelihoods

    def embed(self, input: EmbedInput, **request: Unpack[types.EmbedOptions]) -> Embeddings:
        """One vector for each text or list of token ids: for one, or for a list of them."""
        return self._ask(operations.embed(input, request))

    def rerank(self, query: str, documents: Iterable[str], **request: Unpack[types.RerankOptions]) -> Ranking:
        """The documents, ordered by relevance to the query. UnsupportedError unless the model is a reranker."""
        return self._ask(operations.rerank(query, documents, request))

    def score(self, context: Prompt, continuations: Iterable[Prompt], **request: Unpack[types.ScoreOptions]) -> Scores:
        """How likely each continuation is after the context."""
        return self._ask(operations.score(context, continuations, request))

    def score_batch(self, inputs: Iterable[ScoreInput], **request: Unpack[types.ScoreBatchOptions]) -> ScoreBatch:
        """score() for many pairs of a context and its continuations, which share batches: by far the fastest way.

        The order does not matter, and what some have in common is computed once.
        """
        return self._ask(operations.score_batch(inputs, request))

    # ------------------------------------------------------------------------------------------ tokens and templates

    def tokenize(self, content: Prompt, **request: Unpack[types.TokenizeOptions]) -> list[int]:
        """A text's token ids, without the special ones at its beginning and end unless add_special=True."""
        return self._ask(operations.tokenize(content, request))

    def detokenize(self, tokens: Iterable[int], **request: Unpack[types.DetokenizeOptions]) -> str:
        """The text of token ids."""
        return self._ask(operations.detokenize(tokens, request))

    def apply_template(
        self,
        messages: Messages,
        *,
        tools: Tools | None = None,
        response_format: object = None,
        **request: Unpack[types.ApplyTemplateOptions],
    ) -> str:
        """The prompt that chat() would pass to the model for these messages."""
        return self._ask(operations.apply_template(messages, tools, response_format, request))

    def count_tokens(
        self,
        prompt: Prompt | Iterable[Message],
        *,
        tools: Tools | None = None,
        response_format: object = None,
        **request: Unpack[types.CountTokensOptions],
    ) -> int:
        """How many tokens a prompt for complete(), or a list of messages for chat(), has."""
        return self._ask(operations.count_tokens(prompt, tools, response_format, request))

    def adapters(self, lora: Sequence[Mapping[str, Any]] | None = None) -> list[types.AdaptersResultAdapter]:
        """The LoRA adapters that the model was opened with. `lora`, a list of {"id", "scale"}, first sets the scales
        for all requests that do not set their own."""
        return self._ask(operations.adapters(lora))

    # ------------------------------------------------------------------------------------------------------- state

    def save_state(self, path: PathLike, **request: Unpack[types.StateOptions]) -> types.StateResult:
        """Writes what a slot remembers to a file, either completely or not at all."""
        return self._state(self._library.c.llmodel_save_state, path, request)

    def restore_state(self, path: PathLike, **request: Unpack[types.StateOptions]) -> types.StateResult:
        """Reads back what save_state() wrote with the same model: prompts with the same beginning continue from
        there."""
        return self._state(self._library.c.llmodel_restore_state, path, request)

    def _state(self, function: Any, path: PathLike, request: Mapping[str, Any]) -> types.StateResult:
        result: types.StateResult = self._library.call_json(function, self._use(), encode_path(path), encode(request))
        return result


def inspect(path: PathLike, **options: Unpack[types.OpenOptions]) -> types.InspectResult:
    """Reads a model's metadata but not its weights, and estimates the memory needed to open it with `options`."""
    library = load()
    name, given = encode_path(path), encode(_with_advice(path, options))
    result: types.InspectResult = library.call_json(library.c.llmodel_inspect, name, given)
    return result


def _with_advice(path: PathLike, options: types.OpenOptions) -> types.OpenOptions:
    """The options, with the sampling that the catalogue knows the model's makers to advise. It knows a model by its
    file's name."""
    entry = find(os.path.basename(os.fsdecode(path)))
    if entry is None or not entry.sampling:
        return options
    return {"catalogue_sampling": dict(entry.sampling), **options}


def devices() -> types.DevicesResult:
    """The usable devices, and every backend found, with the reason if it was refused."""
    library = load()
    result: types.DevicesResult = library.call_json(library.c.llmodel_devices)
    return result


def _write_file(
    function: Any, path: PathLike, out_path: PathLike, progress: Progress | None, options: Mapping[str, Any]
) -> Any:
    """Calls a function of the library that makes one file of another."""
    library = load()
    names, given, null = (encode_path(path), encode_path(out_path)), encode(options), library.ffi.NULL
    return library.with_progress(progress, lambda forward: library.call_json(function, *names, given, forward, null))


def quantize(
    path: PathLike, out_path: PathLike, *, progress: Progress | None = None, **options: Unpack[types.QuantizeOptions]
) -> types.QuantizeResult:
    """Writes the model at `path` to `out_path` in another type, such as type="Q4_K_M".

    The file appears at `out_path` only when it is complete. `progress` is as for Model.
    """
    result: types.QuantizeResult = _write_file(load().c.llmodel_quantize, path, out_path, progress, options)
    return result


def imatrix(
    path: PathLike, out_path: PathLike, *, progress: Progress | None = None, **options: Unpack[types.ImatrixOptions]
) -> types.ImatrixResult:
    """Measures how much each column of a model's weights matters, for quantize(..., imatrix=out_path).

    The model is run over text="…", or over a UTF-8 file="…", in chunks of n_ctx tokens (512 by default). The text
    should resemble what the model is for, and have about ten thousand tokens; chunks=100 uses no more than the first
    hundred chunks. The file has llama.cpp's format, and appears at `out_path` only when it is complete. `progress` is
    as for Model.

    Raises InvalidArgumentError without a text, or if the text is shorter than one chunk or not UTF-8;
    ModelNotFoundError for a missing file; InvalidModelError for a model that is damaged, or computes numbers that are
    not finite; UnsupportedError for one that has no tokenizer, or both an encoder and a decoder.
    """
    result: types.ImatrixResult = _write_file(load().c.llmodel_imatrix, path, out_path, progress, options)
    return result


def convert(
    path: PathLike, out_path: PathLike, *, progress: Progress | None = None, **options: Unpack[types.ConvertOptions]
) -> types.ConvertResult:
    """Writes the model at `path`, of a format of 2023 (ggml, ggmf, ggjt, ggmm, or GGUF of "gptj"), as GGUF.

    Model also opens such files: it makes a translation in its cache. The file appears at `out_path` only when it is
    complete. `progress` is as for Model. Raises InvalidModelError for a truncated or damaged file, and UnsupportedError
    for one of another kind.
    """
    result: types.ConvertResult = _write_file(load().c.llmodel_convert, path, out_path, progress, options)
    return result


def build_info() -> types.BuildInfo:
    """Version, llama.cpp release, compiler and flags of the library."""
    library = load()
    result: types.BuildInfo = json.loads(library.text(library.c.llmodel_build_info()))
    return result


def schema() -> dict[str, Any]:
    """The JSON Schema of all options, request and result objects, under "$defs"."""
    library = load()
    result: dict[str, Any] = json.loads(library.text(library.c.llmodel_schema()))
    return result
