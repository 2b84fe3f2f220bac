"""Perplexity, and Kullback-Leibler divergence from another model, over the same text."""

from __future__ import annotations

import contextlib
import math
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import InvalidArgumentError, LLModelIOError
from .._library import PathLike
from .._model import Model, inspect
from .._speed import tokens_per_second
from ._packages import require

if TYPE_CHECKING:
    import numpy

DEFAULT_TEXT = Path(__file__).with_name("text.txt")
_HALF = 256  # tokens that come before those that are judged, and as many of these: a chunk has 512
_SPEED_PROMPT, _SPEED_GEN, _SPEED_RUNS = 128, 32, 3

Report = Callable[[str, float], None]
"""Called with what is done now, and how far that is, from 0 to 1."""


@dataclass(frozen=True)
class Divergence:
    """How far a model's predictions are from the original's, over all evaluated tokens.

    kl_divergence: mean Kullback-Leibler divergence of the original's distribution from this one, in nats; its standard
        error is kl_error.
    top_agreement: the share of tokens for which both consider the same one most likely, from 0 to 1.
    """

    kl_divergence: float
    kl_error: float
    top_agreement: float


@dataclass(frozen=True)
class Quality:
    """The measurements of a model file on this machine.

    size: of the file, in bytes. bits_per_weight: of the whole file, including its vocabulary.
    perplexity: exp of the mean negative log-likelihood of a token, with its standard error.
    read_per_second, write_per_second: tokens of a prompt, and of an answer.
    memory: estimated bytes needed to open it with a context of `n_ctx` tokens.
    divergence: None for the original itself.
    """

    path: Path
    quantization: str
    size: int
    bits_per_weight: float
    perplexity: float
    perplexity_error: float
    read_per_second: float
    write_per_second: float
    memory: int
    divergence: Divergence | None = None


@dataclass(frozen=True)
class Comparison:
    """The original, and the models that were made from it. tokens: how many were evaluated. n_ctx: of the estimates."""

    original: Quality
    models: Sequence[Quality] = field(default_factory=list)
    tokens: int = 0
    n_ctx: int = 0


class Judge:
    """Holds what the original predicts, and compares others with it.

    The text is cut into chunks of 512 tokens, and the latter half of each is judged, as llama.cpp's perplexity tool
    does. The original's rows of log-probabilities wait in a temporary file: 4 bytes for each token of the vocabulary
    and each judged one.
    """

    def __init__(self, original: Path, text: str, *, chunks: int, n_ctx: int, threads: int = 0) -> None:
        self._numpy = require("numpy")
        self._options: dict[str, Any] = {"n_parallel": 1, "threads": threads}
        self._n_ctx = n_ctx
        with self._open(original) as model:
            self._start = model.tokenize("", add_special=True)
            tokens = model.tokenize(text)
            self._vocabulary = int(model.info()["n_vocab"])
        whole = [tokens[begin : begin + 2 * _HALF] for begin in range(0, len(tokens), 2 * _HALF)]
        self._chunks = [chunk for chunk in whole if len(chunk) == 2 * _HALF][:chunks]
        if not self._chunks:
            raise InvalidArgumentError(
                f"the text has {len(tokens)} tokens, but perplexity needs at least {2 * _HALF}; give a longer one",
                {"tokens": len(tokens)},
            )
        self._folder = tempfile.TemporaryDirectory(prefix="gpt4all-quality-")
        self._rows: numpy.memmap[Any, Any] | None = None

    @property
    def tokens(self) -> int:
        """How many tokens are judged."""
        return len(self._chunks) * _HALF

    def close(self) -> None:
        """Removes the temporary file."""
        self._rows = None
        self._folder.cleanup()

    def judge_original(self, path: Path, report: Report) -> Quality:
        """Measures the original and keeps its predictions."""
        needed = self.tokens * self._vocabulary * 4
        free = shutil.disk_usage(self._folder.name).free
        if free < needed:
            raise LLModelIOError(
                f"the original's predictions take {needed} bytes in {self._folder.name}, which has {free} free; "
                "use fewer chunks, or set TMPDIR to a folder with more",
                {"path": self._folder.name, "needed": needed, "free": free},
            )
        shape = (len(self._chunks), _HALF, self._vocabulary)
        rows = self._numpy.memmap(Path(self._folder.name) / "rows", dtype="float32", mode="w+", shape=shape)

        def keep(number: int, found: Any) -> None:
            rows[number] = found

        quality = self._measure(path, keep, report)
        self._rows = rows
        return quality

    def judge(self, path: Path, report: Report) -> Quality:
        """Measures a model and compares its predictions with the original's."""
        np, kept = self._numpy, self._rows
        assert kept is not None, "judge_original() comes first"
        divergences: list[float] = []
        agreeing = 0

        def compare_rows(number: int, found: Any) -> None:
            nonlocal agreeing
            original = kept[number]
            divergences.extend((np.exp(original) * (original - found)).sum(axis=1, dtype="float64").tolist())
            agreeing += int((original.argmax(axis=1) == found.argmax(axis=1)).sum())

        quality = self._measure(path, compare_rows, report)
        found = Divergence(statistics.fmean(divergences), _error(divergences), agreeing / self.tokens)
        return Quality(**{**vars(quality), "divergence": found})

    def _measure(self, path: Path, take: Callable[[int, Any], None], report: Report) -> Quality:
        np, losses = self._numpy, list[float]()
        known: Any = inspect(path, n_ctx=self._n_ctx)
        with self._open(path) as model:
            if model.info()["n_vocab"] != self._vocabulary:
                raise InvalidArgumentError(
                    f"{path} has a vocabulary of {model.info()['n_vocab']} tokens, but the original has one of "
                    f"{self._vocabulary}: they are not the same model",
                    {"path": str(path)},
                )
            for number, chunk in enumerate(self._chunks):
                report(f"judging {known['quantization']}", number / len(self._chunks))
                context = [*self._start, *chunk[len(self._start) : _HALF]]
                scores = model.score(context, [chunk[_HALF:]], logprob_rows="continuation")
                losses += [-each for each in scores[0].token_logprobs]
                take(number, np.stack([np.frombuffer(row.logprobs, dtype="float32") for row in scores.rows]))
            read, write = _speeds(model)
        report(f"judging {known['quantization']}", 1)
        perplexity = math.exp(statistics.fmean(losses))
        return Quality(
            path=path,
            quantization=known["quantization"],
            size=known["size"],
            bits_per_weight=8 * known["size"] / known["n_params"],
            perplexity=perplexity,
            perplexity_error=perplexity * _error(losses),
            read_per_second=read,
            write_per_second=write,
            memory=known["memory"]["total"],
        )

    def _open(self, path: Path) -> Model:
        return Model(path, n_ctx=2 * _HALF + 16, **self._options)


@contextlib.contextmanager
def judging(original: Path, text: str, *, chunks: int, n_ctx: int, threads: int) -> Iterator[Judge]:
    """A Judge that removes its file at the end."""
    judge = Judge(original, text, chunks=chunks, n_ctx=n_ctx, threads=threads)
    try:
        yield judge
    finally:
        judge.close()


def compare(
    original: PathLike,
    models: Sequence[PathLike],
    *,
    text: str | None = None,
    chunks: int = 4,
    n_ctx: int = 4096,
    threads: int = 0,
    report: Report = lambda what, fraction: None,
) -> Comparison:
    """Evaluates a model and those that were made from it.

    text: what they predict; by default, English prose that comes with the package. chunks: how many chunks of 512
    tokens of it to use. n_ctx: the context that the memory is estimated for. report: called with the current step and
    its progress.

    Raises UnsupportedError without NumPy, InvalidArgumentError for a text under 512 tokens or a model with another
    vocabulary, and the errors of Model.
    """
    text = DEFAULT_TEXT.read_text(encoding="utf-8") if text is None else text
    with judging(Path(original), text, chunks=chunks, n_ctx=n_ctx, threads=threads) as judge:
        first = judge.judge_original(Path(original), report)
        return Comparison(first, [judge.judge(Path(path), report) for path in models], judge.tokens, n_ctx)


def _speeds(model: Model) -> tuple[float, float]:
    """Tokens a second of reading and of writing, medians of a few runs after one to warm up."""
    reads = [tokens_per_second(model, "prompt", _SPEED_PROMPT, 1, seed) for seed in range(_SPEED_RUNS + 1)]
    writes = [tokens_per_second(model, "predicted", 1, _SPEED_GEN, seed) for seed in range(_SPEED_RUNS + 1)]
    return statistics.median(reads[1:]), statistics.median(writes[1:])


def _error(values: Sequence[float]) -> float:
    """The standard error of the mean."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
