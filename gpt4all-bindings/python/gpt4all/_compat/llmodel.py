"""LLModel, the layer under GPT4All that programs written for older releases use."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from inspect import signature as inspect_signature
from typing import TYPE_CHECKING, Any, TypedDict

from .._errors import ClosedError, real_number, whole_number
from .._model import Model, devices, inspect
from .._uncopyable import Uncopyable
from .device_names import device_option, family, gpu_names, gpus
from .embedding import CancelCallback, embed_texts

if TYPE_CHECKING:
    from .. import types

ResponseCallbackType = Callable[[int, str], "bool | None"]
"""callback(token_id, response): called for each piece of text that comes. If it returns False, the generation stops."""

EmbCancelCallbackType = CancelCallback
"""cancel_cb(batch_sizes, backend): the tokens of each batch that would be computed, and where. True cancels."""

_SAMPLING = ("temp", "top_k", "top_p", "min_p", "repeat_penalty", "repeat_last_n")

# What older releases did not know, and so did without, whatever the model's file or the catalogue advises.
_WITHOUT_ADVICE = {
    "samplers": ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"],
    "xtc_probability": 0.0,
    "mirostat": 0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "dry_multiplier": 0.0,
    "dynatemp_range": 0.0,
    "top_n_sigma": -1.0,
    "typical_p": 1.0,
    "min_keep": 0,
}

# How older programs ask for every layer.
ALL_LAYERS = 100


def empty_response_callback(token_id: int, response: str) -> bool:
    """Goes on, whatever comes."""
    return True


class EmbedResult(TypedDict):
    """What embed() gives with return_dict=True: one vector or a list of them, and how many tokens the texts had."""

    embeddings: Any
    n_prompt_tokens: int


def stops(answer: object) -> bool:
    """Whether what a callback returned ends the generation: False does; None, where nothing is returned, does not."""
    return answer is not None and not answer


def sampling(
    *,
    max_tokens: int,
    temp: float,
    top_k: int,
    top_p: float,
    min_p: float,
    repeat_penalty: float,
    repeat_last_n: int,
    **further: Any,
) -> dict[str, Any]:
    """The C API's names and ranges for the parameters of older releases."""
    return {
        **_WITHOUT_ADVICE,
        "max_tokens": max_tokens,
        "temperature": max(real_number(temp, "temp"), 0.0),
        "top_k": max(whole_number(top_k, "top_k"), 0),
        "top_p": top_p,
        "min_p": min_p,
        "repeat_penalty": repeat_penalty,
        "repeat_last_n": max(whole_number(repeat_last_n, "repeat_last_n"), 0),
        **further,
    }


def layers(ngl: int) -> int:
    """n_gpu_layers for `ngl`: all that fit for 100 and above, as older releases had it."""
    return -1 if whole_number(ngl, "ngl") >= ALL_LAYERS else ngl


class TokenIds:
    """Tells a callback which token a piece of text ends with, as the model's tokenizer reads it."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known: dict[str, int] = {}

    def __call__(self, piece: str) -> int:
        if piece not in self._known:
            # A line end in front keeps tokenizers from putting a space there, which some do where a text begins.
            text = piece if piece.startswith("\n") else "\n" + piece
            tokens = self._model.tokenize(text, parse_special=False)
            self._known[piece] = tokens[-1] if tokens else -1
        return self._known[piece]


class LLModel(Uncopyable):
    """A model file, used as in older releases: create, init_gpu(), load_model(), prompt_model().

    model_path: a GGUF file. n_ctx: context in tokens. ngl: layers on the GPU; 100 and above for all.
    backend: "auto", "cpu", "metal", "kompute" (which means Vulkan) or "cuda".

    Raises InvalidModelError (a RuntimeError) for a file that is not a model, ModelNotFoundError for a missing one.
    After close(), everything raises ClosedError (a ValueError). New programs should use Model.
    """

    def __init__(self, model_path: str | os.PathLike[str], n_ctx: int, ngl: int, backend: str) -> None:
        self.model_path = os.fsencode(model_path)
        self.n_ctx = n_ctx
        self.ngl = ngl
        self._closed = False
        self._opened: Model | None = None
        self._options: types.OpenOptions = {"n_ctx": n_ctx, "n_gpu_layers": layers(ngl)}
        # "kompute" without a device was how the processor was asked for.
        self._options["device"] = device_option(None if backend == "auto" else _device_of(backend))
        inspect(model_path)
        self._past: list[int] = []

    # ---------------------------------------------------------------------------------------------- opening, closing

    def init_gpu(self, device: str) -> None:
        """Chooses the GPU for load_model(). Raises DeviceError (a ValueError), which lists the available ones."""
        self._check_open()
        self._options["device"] = device_option(device)

    def load_model(self) -> bool:
        """Loads the weights and returns True; a failure raises an exception with the reason."""
        self._check_open()
        if self._opened is None:
            self._opened = Model(os.fsdecode(self.model_path), **self._options)
        return True

    def close(self) -> None:
        """Frees the memory. Safe to call at any time, and more than once."""
        self._closed = True
        if self._opened is not None:
            self._opened.close()

    @property
    def model(self) -> Model | None:
        """The open model; None before load_model() and after close()."""
        return None if self._closed or (self._opened is not None and self._opened.closed) else self._opened

    def _check_open(self) -> None:
        if self._closed or (self._opened is not None and self._opened.closed):
            raise ClosedError("Attempted operation on a closed LLModel")

    def _use(self) -> Model:
        self._check_open()
        if self._opened is None:
            raise ClosedError("Model not loaded: call load_model() first")
        return self._opened

    # ------------------------------------------------------------------------------------------------- what it runs on

    @property
    def backend(self) -> str:
        """Where the model computes: "cpu", "cuda", "vulkan", "metal" or another of llama.cpp's backends."""
        device = _gpu_in_use(self._use())
        return "cpu" if device is None else family(str(device["backend"]))

    @property
    def device(self) -> str | None:
        """The name of the GPU in use, or None."""
        device = _gpu_in_use(self._use())
        return None if device is None else str(device["description"])

    @staticmethod
    def list_gpus(mem_required: int = 0) -> list[str]:
        """Names of the GPUs with at least `mem_required` bytes of memory, such as "cuda:NVIDIA H200"; an empty list if
        there are none."""
        return gpu_names(mem_required)

    def thread_count(self) -> int:
        """How many CPU threads the model uses."""
        opened = self._use().info()
        # Models that only embed have no generator that would know.
        return int(opened["opened"]["threads"] if "opened" in opened else self._threads or _threads_default())

    def set_thread_count(self, n_threads: int) -> None:
        """Uses `n_threads` CPU threads from now on, but no more than the machine can run at once.

        If the number changes, the model is reopened, which cancels running requests.
        """
        model = self._use()
        wanted = min(n_threads, int(devices()["cpu"]["threads_logical"]))
        if wanted > 0 and wanted != self.thread_count():
            self._reopen(model, wanted)

    @property
    def _threads(self) -> int:
        """What was asked for when the model was opened; 0 for nothing."""
        return int(self._options.get("threads") or 0)

    def _reopen(self, model: Model, threads: int) -> None:
        model.close()
        self._options["threads"] = threads
        self._opened = None
        self.load_model()

    # ------------------------------------------------------------------------------------------------------ embeddings

    def generate_embeddings(
        self,
        text: str | Sequence[str],
        prefix: str | None,
        dimensionality: int,
        do_mean: bool,
        atlas: bool,
        cancel_cb: EmbCancelCallbackType | None,
    ) -> EmbedResult:
        """The vectors of texts: see Embed4All.embed(). dimensionality: -1 for the model's own."""
        texts = [text] if isinstance(text, str) else list(text or ())
        size = None if dimensionality < 0 else dimensionality
        vectors, tokens = embed_texts(
            self._use(),
            texts if text else [],
            prefix,
            size,
            n_ctx=self.n_ctx,
            mean=do_mean,
            atlas=atlas,
            cancel_cb=cancel_cb,
        )
        embeddings: Any = vectors[0] if isinstance(text, str) else vectors
        result: EmbedResult = EmbedResult(embeddings=embeddings, n_prompt_tokens=tokens)
        return result

    # ------------------------------------------------------------------------------------------------------ generating

    def prompt_model(
        self,
        prompt: str,
        prompt_template: str,
        callback: ResponseCallbackType,
        n_predict: int = 4096,
        top_k: int = 40,
        top_p: float = 0.9,
        min_p: float = 0.0,
        temp: float = 0.1,
        n_batch: int = 8,
        repeat_penalty: float = 1.2,
        repeat_last_n: int = 10,
        context_erase: float = 0.75,
        reset_context: bool = False,
        special: bool = False,
    ) -> None:
        """Generates, and calls callback(token_id, response) for each piece until it returns False.

        prompt_template: "%1" stands for the prompt, "%2" for the reply. The text continues that of earlier calls,
            unless reset_context=True.
        n_predict: maximum number of tokens to generate. n_batch: has no effect.
        context_erase: how much of the end of the context is kept when a prompt no longer fits.
        special: read the names of control tokens in the prompt as those tokens.
        """
        options = sampling(
            max_tokens=n_predict,
            temp=temp,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repeat_penalty=repeat_penalty,
            repeat_last_n=repeat_last_n,
        )
        pieces = self._run(prompt, prompt_template, callback, options, context_erase, reset_context, special)
        for _ in pieces:
            pass

    def prompt_model_streaming(
        self,
        prompt: str,
        prompt_template: str,
        callback: ResponseCallbackType = empty_response_callback,
        **kwargs: Any,
    ) -> Generator[str, None, None]:
        """As prompt_model(), but yields the text piece by piece; leaving the loop early cancels."""
        self._check_open()
        defaults = {name: p.default for name, p in inspect_signature(self.prompt_model).parameters.items()}
        unknown = kwargs.keys() - defaults.keys()
        if unknown:
            raise TypeError(f"prompt_model_streaming() got an unexpected keyword argument {min(unknown)!r}")
        given = {**defaults, **kwargs}
        options = sampling(max_tokens=given["n_predict"], **{name: given[name] for name in _SAMPLING})
        return self._run(
            prompt,
            prompt_template,
            callback,
            options,
            given["context_erase"],
            given["reset_context"],
            given["special"],
        )

    def _run(
        self,
        prompt: str,
        prompt_template: str,
        callback: ResponseCallbackType,
        options: Any,
        context_erase: float,
        reset_context: bool,
        special: bool,
    ) -> Generator[str, None, None]:
        model = self._use()
        past = self._with_prompt(model, prompt, prompt_template, reset_context, special)
        info = model.info()
        limit = int(info["opened"]["n_ctx"]) - 4
        if len(past) > limit:
            past = past[-int(limit * context_erase) :]  # the beginning is forgotten, as it always was
        self._past[:] = past
        ids, text = TokenIds(model), ""
        generated: list[int] | None = None
        if options["max_tokens"] != 0 and past:
            with model.complete(past, stream=True, return_tokens=True, **options) as stream:
                for piece in stream:
                    text += piece
                    if stops(callback(ids(piece), piece)):
                        break
                    yield piece
                else:
                    generated = stream.result.raw["choices"][0]["tokens"]
        if generated is None:  # only a complete answer tells its tokens
            generated = model.tokenize(text) if text else []
        after = prompt_template.partition("%2")[2]
        self._past[:] = [*past, *generated, *(model.tokenize(after) if after else [])]

    def _with_prompt(
        self, model: Model, prompt: str, prompt_template: str, reset_context: bool, special: bool
    ) -> list[int]:
        """The tokens of what was said before, and of the prompt in its template up to where the reply goes."""
        before, _, rest = prompt_template.partition("%1")
        between = rest.partition("%2")[0]
        past = [] if reset_context else list(self._past)
        start = not past
        for text, parse in ((before, True), (prompt, special), (between, True)):
            if text:
                past += model.tokenize(text, add_special=start, parse_special=parse)
                start = False
        return past


class View(LLModel):
    """The LLModel of a GPT4All, which is already open and may be reopened by it."""

    def __init__(
        self, model: Model, ngl: int, options: types.OpenOptions, past: list[int], reopen: Callable[[int], None]
    ) -> None:
        self.model_path = os.fsencode(model.path)
        self.n_ctx = int(options.get("n_ctx") or 0)
        self.ngl = ngl
        self._options = options
        self._closed = False
        self._opened = model
        self._past = past
        self._open_again = reopen

    def _reopen(self, model: Model, threads: int) -> None:
        self._open_again(threads)


def _threads_default() -> int:
    return int(devices()["cpu"]["threads_default"])


def _device_of(backend: str) -> str:
    return "cpu" if backend == "kompute" else "gpu" if backend == "metal" else backend


def _gpu_in_use(model: Model) -> Any:
    """The GPU that has some of the model's weights, or None."""
    used = {each["name"] for each in model.info()["memory"]["devices"] if each.get("weights")}
    return next((each for each in gpus() if each["name"] in used), None)
