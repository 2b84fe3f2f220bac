"""One model in many types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._errors import InvalidArgumentError
from .._library import PathLike
from .._model import quantize
from ._compare import DEFAULT_TEXT, Comparison, Quality, Report, judging

DEFAULT_TYPES = (
    "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_0", "Q4_K_M", "Q4_K_S", "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS",
    "Q3_K_L", "Q3_K_M", "Q3_K_S", "Q2_K",
)  # fmt: skip
"""What sweep() tries: types that need no importance matrix, from the largest to the smallest."""

IMATRIX_TYPES = (
    "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS", "Q2_K_S", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S",
)  # fmt: skip
"""What sweep() tries besides where there is an importance matrix."""


def default_types(has_imatrix: bool) -> tuple[str, ...]:
    """The types worth trying; with an importance matrix, also those that need one or are poor without it."""
    return (*DEFAULT_TYPES, *IMATRIX_TYPES) if has_imatrix else DEFAULT_TYPES


def sweep(
    original: PathLike,
    folder: PathLike,
    types: Sequence[str] | None = None,
    *,
    keep: bool = False,
    text: str | None = None,
    chunks: int = 4,
    n_ctx: int = 4096,
    threads: int = 0,
    report: Report = lambda what, fraction: None,
    **options: Any,
) -> Comparison:
    """Quantises a model to each type, by default those of default_types(), and compares the results with it.

    The files are written to `folder`, one after the other, as ORIGINAL-TYPE.gguf; each is deleted after its evaluation
    unless keep=True. options: of quantize(), such as imatrix. The rest is as for compare().

    Raises the errors of quantize() and compare(); InvalidArgumentError for a file that would be overwritten.
    """
    source, folder = Path(original), Path(folder)
    types = default_types("imatrix" in options) if types is None else types
    targets = {type: folder / f"{source.stem}-{type.lower()}.gguf" for type in types}
    for target in targets.values():
        if target.exists():
            raise InvalidArgumentError(f"{target} already exists; move it away", {"path": str(target)})
    folder.mkdir(parents=True, exist_ok=True)
    text = DEFAULT_TEXT.read_text(encoding="utf-8") if text is None else text
    with judging(source, text, chunks=chunks, n_ctx=n_ctx, threads=threads) as judge:
        first = judge.judge_original(source, report)
        found: list[Quality] = []
        for type, target in targets.items():
            try:
                quantize(
                    source,
                    target,
                    type=type,  # type: ignore[arg-type]
                    progress=lambda fraction, type=type: report(f"writing {type}", fraction),  # type: ignore[misc]
                    threads=threads,
                    **options,
                )
                found.append(judge.judge(target, report))
            finally:
                if not keep:
                    target.unlink(missing_ok=True)
        return Comparison(first, found, judge.tokens, n_ctx)
