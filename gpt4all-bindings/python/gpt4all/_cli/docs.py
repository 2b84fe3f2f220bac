"""gpt4all docs: your own documents, searched and asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .command import AsJson
from .open_model import MODEL_HELP, Context, ModelOption, Threads, complete_model, opened
from .sampling import MaxTokens, Temperature, request_of

if TYPE_CHECKING:
    from ..documents import Documents, Found, Job, ModelReranker, Passage, Progress

_SNIPPET = 300  # characters of a passage that are shown
RERANK_MS = 400

Data = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where collections are kept; $GPT4ALL_DATA/documents, if not given."),
]
Embedding = Annotated[
    str | None,
    typer.Option("--embed-model", metavar="MODEL", help=MODEL_HELP, autocompletion=complete_model),
]
Name = Annotated[str, typer.Argument(metavar="COLLECTION", help="The collection's name.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--collection", "-c", metavar="COLLECTION", help="Which to search; repeatable. All, if not given."),
]
Question = Annotated[str, typer.Argument(metavar="QUESTION", help="What to look for.")]
Reranker = Annotated[
    str | None,
    typer.Option(
        "--rerank-model",
        metavar="MODEL",
        help="A reranker that orders the best 30 passages; none, if not given.",
        autocompletion=complete_model,
    ),
]
RerankMs = Annotated[
    int, typer.Option("--rerank-ms", min=1, help="Time for that; what is not ready by then keeps its place behind.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Passages at most.")]


def _open(
    data: Path | None,
    embed_model: str | None,
    *,
    read_only: bool = False,
    rerank_model: str | None = None,
    rerank_ms: int = RERANK_MS,
) -> Documents:
    """Raises InvalidArgumentError if the extra is not installed."""
    from .._errors import InvalidArgumentError

    try:
        import numpy  # noqa: F401

        from ..documents import Documents
    except ImportError as error:
        raise InvalidArgumentError(
            f"documents need the package {error.name}; install it with: pip install 'gpt4all[documents]'"
        ) from error
    embedder: Any = _Late(embed_model)
    reranker = _reranker(rerank_model)
    return Documents(data, embedder=embedder, reranker=reranker, rerank_seconds=rerank_ms / 1000, read_only=read_only)


def _reranker(model: str | None) -> ModelReranker | None:
    """Open, so that its time is for reranking alone; the process ends with the search."""
    if model is None:
        return None
    from ..documents import ModelReranker
    from .open_model import find

    return ModelReranker(find(model))


class _Late:
    """An embedding model that is downloaded, with progress, and opened when it is first needed."""

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._opened: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._opened is None:
            from .. import models
            from ..documents import ModelEmbedder
            from .open_model import find

            self._opened = ModelEmbedder(find(self._model or models.DEFAULT_EMBEDDING_MODEL))
        return getattr(self._opened, name)


def add(
    collection: Name,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder with documents.")],
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="What to leave out, as in .gitignore; repeatable.")
    ] = None,
    embed_model: Embedding = None,
    data: Data = None,
) -> None:
    """Adds a folder to a collection, and reads its documents.

    It may be interrupted: `gpt4all docs index` goes on from there.

    \b
    Examples:
      gpt4all docs add notes ./notes
      gpt4all docs add notes ./notes --exclude 'drafts/' --exclude '*.csv'
    """
    with _open(data, embed_model) as documents:
        documents.add(collection, folder, exclude=exclude or [])
        _index(documents, [collection])


def index(
    collection: Annotated[
        list[str] | None, typer.Argument(metavar="[COLLECTION]...", help="Which; all, if not given.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C, whenever something changes.")] = False,
    embed_model: Embedding = None,
    data: Data = None,
) -> None:
    """Reads what is new or has changed in the folders of collections.

    \b
    Examples:
      gpt4all docs index
      gpt4all docs index notes
      gpt4all docs index --watch
    """
    with _open(data, embed_model) as documents:
        _index(documents, collection or None)
        if watch:
            with _Shown() as shown:
                documents.watch(collection or None, progress=shown)


def _index(documents: Documents, names: list[str] | None) -> None:
    with _Shown() as shown:
        done = documents.index(names, progress=shown)
    for folder in done.unavailable:
        output.note(f"{folder} is not there; what is known of it is kept")
    known = f", {done.known} known already" if done.known else ""
    output.note(
        f"read {done.read} files{known}; {done.unreadable} cannot be read; embedded {done.embedded} chunks"
        + ("; `gpt4all docs list COLLECTION` says why" if done.unreadable else "")
    )


class _Shown:
    """Progress on one line of a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty() and not output.State.quiet
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        if not self._shown:
            return
        left = "" if progress.seconds_left is None else f", {_time(progress.seconds_left)} left"
        name = output.one_line(Path(progress.path).name)[:40]
        done = f"{progress.files_done}/{progress.files} files, {progress.chunks_done} chunks"
        line = f"{progress.phase} {done}{left} {name}"
        print(f"\r{line:<{self._width}}", end="", file=sys.stderr, flush=True)
        self._width = len(line)

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def list_(
    collection: Annotated[
        str | None, typer.Argument(metavar="[COLLECTION]", help="Its files; all collections, if not given.")
    ] = None,
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Only files that are ready, pending, unreadable or missing.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Lists the collections, or the files of one with their states and why they cannot be read.

    \b
    Examples:
      gpt4all docs list
      gpt4all docs list notes
      gpt4all docs list notes --state unreadable --json
    """
    with _open(data, None, read_only=True) as documents:
        if collection is None:
            _list_collections(documents, as_json)
            return
        files = documents.files(collection, state=state)
    if as_json:
        rows = [
            {
                "path": str(file.path),
                "size": file.size,
                "state": file.state,
                "reason": file.reason.value if file.reason else None,
                "message": file.message,
                "pages": file.pages,
            }
            for file in files
        ]
        output.print_json(rows)
        return
    columns = ["FILE", "SIZE", "STATE", "WHY"]
    output.print_table(
        columns,
        [
            (
                str(file.path),
                output.in_bytes(file.size),
                file.reason.value if file.reason else file.state,
                file.message or "",
            )
            for file in files
        ],
    )


def _list_collections(documents: Documents, as_json: bool) -> None:
    found = documents.collections()
    if as_json:
        output.print_json(
            [
                {
                    "name": each.name,
                    "folders": [str(folder) for folder in each.folders],
                    "embed_model": each.embed_model,
                    "states": dict(each.states),
                    "chunks": each.chunks,
                    "embedded": each.embedded,
                    "indexing": {
                        "state": each.indexing.state,
                        "files": each.indexing.files,
                        "files_done": each.indexing.files_done,
                        "seconds_left": each.indexing.seconds_left,
                        "error": each.indexing.error,
                    },
                }
                for each in found
            ]
        )
        return
    rows = [
        (
            each.name,
            ", ".join(map(str, each.folders)),
            ", ".join(f"{count} {state}" for state, count in each.states.items()) or "not read yet",
            f"{each.embedded}/{each.chunks}",
            _indexing(each.indexing),
        )
        for each in found
    ]
    output.print_table(["COLLECTION", "FOLDERS", "FILES", "CHUNKS", "INDEXING"], rows)


def _indexing(job: Job) -> str:
    """How far it is, in whichever process."""
    if job.state == "running":
        left = "" if job.seconds_left is None else f", {_time(job.seconds_left)} left"
        return f"running, {job.files_done} of {job.files} files{left}"
    return f"failed: {job.error}" if job.state == "failed" else job.state


def status(data: Data = None, as_json: AsJson = False) -> None:
    """Shows where collections are kept, how large that is, and how much is indexed.

    \b
    Examples:
      gpt4all docs status
      gpt4all docs status --json
    """
    with _open(data, None, read_only=True) as documents:
        collections = documents.collections()
        size = sum(path.stat().st_size for path in documents.folder.iterdir())
        folder = str(documents.folder)
    states: dict[str, int] = {}
    for each in collections:
        for state, count in each.states.items():
            states[state] = states.get(state, 0) + count
    chunks, embedded = sum(each.chunks for each in collections), sum(each.embedded for each in collections)
    if as_json:
        known = {"folder": folder, "bytes": size, "collections": len(collections)}
        output.print_json({**known, "states": states, "chunks": chunks, "embedded": embedded})
        return
    output.print_fields(
        [
            ("folder", folder),
            ("size", output.in_bytes(size)),
            ("collections", str(len(collections))),
            ("files", ", ".join(f"{count} {state}" for state, count in states.items()) or "none"),
            ("chunks", f"{chunks}, {embedded} of them embedded"),
        ]
    )


def rename(
    collection: Name,
    new: Annotated[str, typer.Argument(metavar="NEW-NAME", help="The name that it gets.")],
    data: Data = None,
) -> None:
    """Gives a collection another name. Nothing is read anew.

    \b
    Examples:
      gpt4all docs rename notes "House and garden"
    """
    with _open(data, None) as documents:
        documents.rename(collection, new)


def remove(collection: Name, data: Data = None) -> None:
    """Forgets a collection. The documents themselves stay.

    \b
    Examples:
      gpt4all docs remove notes
    """
    with _open(data, None) as documents:
        documents.remove(collection)


def search(
    question: Question,
    collection: Names = None,
    limit: Limit = 8,
    embed_model: Embedding = None,
    rerank_model: Reranker = None,
    rerank_ms: RerankMs = RERANK_MS,
    explain: Annotated[bool, typer.Option("--explain", help="Show the scores that each passage was found by.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> int:
    """Finds what documents say about a question: the passages, their files and pages.

    \b
    Examples:
      gpt4all docs search "When is the rent due?"
      gpt4all docs search -c notes --limit 3 --json "rent"
      gpt4all docs search --explain --rerank-model reranker.gguf "rent"
    """
    with _open(data, embed_model, read_only=True, rerank_model=rerank_model, rerank_ms=rerank_ms) as documents:
        found = documents.search(question, collection or None, limit=limit, whole=False)
    if as_json:
        output.print_json(_found(found))
        return 0
    if not found.answerable:
        searched = f"searched {found.chunks} chunks of {found.files} files"
        output.note(f"the documents seem to say nothing about this ({searched}); this comes nearest:")
    for passage in found.passages:
        print(f"[{passage.number}] {output.safe(_place(passage))}")
        print(f"    {output.safe(_snippet(passage))}")
        if explain:
            print(f"    {_explained(passage)}")
    _note_reranking(found)
    return 0


def _explained(passage: Passage) -> str:
    import dataclasses

    scores = dataclasses.asdict(passage.scores) if passage.scores is not None else {}
    return ", ".join(f"{name} {value:.4g}" for name, value in scores.items() if value is not None)


def _note_reranking(found: Found) -> None:
    """Says what was not ready in time."""
    known = found.reranking
    if known is not None and known.done < known.candidates:
        output.note(
            f"reranked {known.done} of {known.candidates} passages in the time that there was; the others are behind "
            "them in the order that the search found; --rerank-ms gives more time"
        )


def _place(passage: Passage) -> str:
    pages = "" if passage.pages is None else f", page {'-'.join(str(page) for page in dict.fromkeys(passage.pages))}"
    headings = f", {' > '.join(passage.headings)}" if passage.headings else ""
    return f"{passage.path}{pages}{headings}"


def _snippet(passage: Passage) -> str:
    """What was found, rather than what was put around it."""
    begin = passage.found[0] - passage.start
    text = " ".join(passage.text[begin : begin + _SNIPPET].split())
    return text + ("…" if len(passage.text) > begin + _SNIPPET else "")


def _found(found: Found) -> dict[str, Any]:
    import dataclasses

    known = dataclasses.asdict(found)
    for passage in known["passages"]:
        passage["path"] = str(passage["path"])
    return known


def ask(
    question: Question,
    collection: Names = None,
    model: ModelOption = None,
    limit: Limit = 8,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Tokens of evidence [default: 3000, or 35% of the context].")
    ] = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    n_ctx: Context = 0,
    threads: Threads = 0,
    embed_model: Embedding = None,
    rerank_model: Reranker = None,
    rerank_ms: RerankMs = RERANK_MS,
    data: Data = None,
    as_json: AsJson = False,
) -> int:
    """Answers a question from documents, with the passages that the answer cites.

    \b
    Examples:
      gpt4all docs ask "When is the rent due?"
      gpt4all docs ask -c notes -m qwen3-4b "When is the rent due?"
    """
    request = request_of(max_tokens=max_tokens, temperature=temperature)
    with (
        _open(data, embed_model, read_only=True, rerank_model=rerank_model, rerank_ms=rerank_ms) as documents,
        opened(model, n_ctx=n_ctx, threads=threads) as answering,
    ):
        room = int(answering.info()["memory"]["n_ctx"] * 0.35)
        answer = documents.ask(
            question,
            answering,
            collection or None,
            limit=limit,
            budget=budget or max(min(3000, room), 1),
            show=None if as_json else _show,
            **request,
        )
    if as_json:
        cited = [each.number for each in answer.cited]
        output.print_json(
            {"text": answer.text, "answered": answer.answered, "cited": cited, "found": _found(answer.found)}
        )
        return 0
    print()
    for passage in answer.cited:
        print(f"[{passage.number}] {output.safe(_place(passage))}")
    found, used = answer.found, len(answer.found.passages) if answer.answered else 0
    output.note(f"searched {found.chunks} chunks of {found.files} files, used {used} passages")
    _note_reranking(found)
    return 0


def _show(piece: str) -> None:
    print(output.safe(piece), end="", flush=True)


COMMANDS = (add, index, list_, search, ask, rename, remove, status)
