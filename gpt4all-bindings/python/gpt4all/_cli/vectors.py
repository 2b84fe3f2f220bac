"""gpt4all embed and tokenize: texts as numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from . import output
from .command import FAILED, AsJson
from .open_model import Device, ModelOption, Threads, find

Text = Annotated[
    list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; without any, the lines of standard input.")
]


def embed(
    text: Text = None,
    model: ModelOption = None,
    prefix: Annotated[
        str | None, typer.Option(help="The task, such as search_query, for models trained with several.")
    ] = None,
    dimensions: Annotated[
        int | None, typer.Option(min=1, help="Keep only this many numbers, for Matryoshka models.")
    ] = None,
    truncate: Annotated[
        bool, typer.Option("--truncate", help="Cut long texts instead of averaging their parts.")
    ] = False,
    device: Device = "auto",
    threads: Threads = 0,
    as_json: AsJson = False,
) -> int:
    """Turns texts into vectors, one per line: numbers separated by spaces.

    \b
    Examples:
      gpt4all embed "A cat sleeps." "Interest rates rose."
      gpt4all embed --json --prefix search_query -m nomic-embed-text-v1.5 "What do cats do?"
      gpt4all embed < sentences.txt > vectors.txt
    """
    from .. import models
    from .._compat.embedding_models import known_model
    from .._model import inspect
    from ..embed4all import Embed4All

    texts = text or output.read_text("-").splitlines()
    if not texts:
        output.fail("there is no text; give some as arguments, or lines on standard input")
        return FAILED
    path = find(model or models.DEFAULT_EMBEDDING_MODEL)
    if prefix is None and known_model(inspect(path).get("name", ""), str(path)) is None:
        prefix = ""  # it is not known to want one
    mode = "truncate" if truncate else "mean"
    with Embed4All(str(path), n_threads=threads or None, device=None if device == "auto" else device) as embedder:
        result = embedder.embed(texts, prefix=prefix, dimensionality=dimensions, long_text_mode=mode, return_dict=True)
    vectors = result["embeddings"]
    if as_json:
        known = {"model": path.name, "dimension": len(vectors[0]), "n_prompt_tokens": result["n_prompt_tokens"]}
        output.print_json({**known, "embeddings": vectors})
        return 0
    for vector in vectors:
        print(" ".join(f"{number:.7g}" for number in vector))
    return 0


def tokenize(
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="A text; without it, standard input.")] = None,
    model: ModelOption = None,
    count: Annotated[bool, typer.Option("--count", help="Print only the number of tokens.")] = False,
    special: Annotated[
        bool, typer.Option("--special", help="Add the special tokens that inputs begin and end with.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Shows a text's tokens: the id and the text of each.

    \b
    Examples:
      gpt4all tokenize "Hello, world."
      gpt4all tokenize --count < book.txt
      gpt4all tokenize --json "Hello." | jq -c .tokens
    """
    from .open_model import opened

    content = output.read_text("-") if text is None else text
    with opened(model, n_ctx=512, n_parallel=1) as open_model:
        tokens = open_model.tokenize(content, add_special=special)
        if count and not as_json:
            print(len(tokens))
            return
        pieces = [] if count else [open_model.detokenize([token]) for token in tokens]
    if as_json:
        known = {} if count else {"tokens": tokens, "pieces": pieces}
        output.print_json({"count": len(tokens), **known})
        return
    for token, piece in zip(tokens, pieces, strict=True):
        print(f"{token:>7}  {piece!r}")
