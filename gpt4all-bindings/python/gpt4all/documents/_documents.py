"""Collections of folders, indexed and searched."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._data import data_folder
from .._errors import ClosedError, InvalidArgumentError, ModelNotFoundError
from .._library import PathLike
from .._model import Model
from ._embedder import Embedder, ModelEmbedder
from ._evidence import Answer, ask
from ._files import COLUMNS, File, file_of
from ._index import NOTHING_DONE, Indexed, Indexer, Progress
from ._jobs import Job, JobState, Record
from ._limits import Limits
from ._page_image import PageImage
from ._plan import PARTS, Plan, asks_for_everything, gathered
from ._reader import Reader
from ._rerank_budget import SECONDS, RerankBudget
from ._reranker import ModelReranker, Reranker
from ._results import Found
from ._search import BUDGET, THRESHOLD, Search
from ._store import Store, as_json
from ._viewer import Excerpt, Viewer, same_content
from ._watch import Either, times_to_look

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Collection:
    """Folders that are searched together.

    states: how many files there are in each state. chunks: of all files that are ready. embedded: those with a vector.
    indexing: how far that is, in whichever process.
    """

    name: str
    folders: tuple[Path, ...]
    embed_model: str
    states: Mapping[str, int]
    chunks: int
    embedded: int
    indexing: Job = field(compare=False, default_factory=Job)


@dataclass(frozen=True)
class Estimate:
    """What embedding all chunks would take.

    seconds: by the speed that was measured so far; None if nothing was embedded yet.
    """

    files: int
    chunks: int
    seconds: float | None


class Documents:
    """Collections of documents, kept in a folder. Any number of threads may use it.

    folder: where the database and the vectors are; None for $GPT4ALL_DATA/documents, or the system's place for data.
    embedder: what makes vectors of texts; None for the default embedding model, which is opened when it is needed.
    reranker: what orders the best 30 passages that a search finds; None for none. It stays open.
    rerank_seconds: how long that may take for a search. What is not ready by then comes behind, in its order.
    limits: what reading one file may take.
    yield_to: whether something more urgent runs, such as an answer; indexing waits meanwhile, between two batches.
    read_only: search while another process has the folder open to change it.

    Raises BusyError if another process has it open to change it, and UnsupportedError if it is of a newer release, or
    the reranker is a model that cannot rerank.
    """

    def __init__(
        self,
        folder: PathLike | None = None,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        rerank_seconds: float = SECONDS,
        limits: Limits | None = None,
        yield_to: Callable[[], bool] | None = None,
        read_only: bool = False,
    ) -> None:
        place = data_folder() / "documents" if folder is None else Path(os.fsdecode(folder))
        self._reranker = _within(reranker, rerank_seconds)
        self._store = Store(place.absolute(), read_only=read_only)
        self._given = embedder
        self._own: Embedder | None = None
        self._limits = limits
        self._viewer = Viewer(self._store, limits)
        self._yield_to = yield_to or (lambda: False)
        self._paused = self._paused_before()
        self._search: Search | None = None
        self._lock = threading.RLock()
        self._indexing = threading.Lock()
        self._stop = threading.Event()
        self._unwatched = threading.Event()
        self._to_look = threading.Event()  # at once, and at what folders there are now
        self._closed = False

    @property
    def folder(self) -> Path:
        """Where the database and the vectors are."""
        return self._store.folder

    def close(self) -> None:
        """Pauses indexing and closes the database."""
        self._closed = True
        self.pause()
        self._viewer.close()
        with self._indexing, self._lock:
            self._store.close()
            if self._own is not None:
                self._own.close()
                self._own = None
            if self._reranker is not None:
                self._reranker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _embedder(self) -> Embedder:
        with self._lock:
            if self._closed:
                raise ClosedError("the documents are closed")
            if self._given is not None:
                return self._given
            if self._own is None:
                self._own = ModelEmbedder()
            return self._own

    # ----------------------------------------------------------------------------------------------------- collections

    def add(self, name: str, folder: PathLike, *, exclude: Iterable[str] = ()) -> None:
        """Adds a folder to a collection, which is made if there is none of that name. index() reads its files.

        exclude: patterns of files and folders to leave out, as in .gitignore.

        Raises InvalidArgumentError if the folder is none, the name cannot be one, or the collection was embedded by
        another model.
        """
        path = Path(os.fsdecode(folder)).expanduser().absolute()
        _check_name(name)
        if not path.is_dir():
            raise InvalidArgumentError(f"{path} is not a folder", {"path": str(path)})
        rules = as_json([exclude] if isinstance(exclude, str) else list(exclude))
        embedder = self._embedder()
        model = (embedder.name, embedder.dimension)
        known = self._store.rows("SELECT embed_model FROM collections WHERE name = ?", (name,))
        if known:
            self._check_model(name, known[0][0])
        with self._store.change() as connection:
            connection.execute(
                "INSERT INTO collections (name, embed_model, dim) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
                (name, *model),
            )
            connection.execute(
                "INSERT INTO folders (collection_id, path, rules) SELECT id, ?, ? FROM collections WHERE name = ? "
                "ON CONFLICT (collection_id, path) DO UPDATE SET rules = excluded.rules",
                (str(path), rules, name),
            )
        self._to_look.set()

    def rename(self, name: str, new: str) -> None:
        """Gives a collection another name. Nothing is read or embedded anew for that.

        Raises ModelNotFoundError, and InvalidArgumentError if the new name cannot be one or another collection has it.
        """
        number = self._number(name)
        _check_name(new)
        with self._store.change() as connection:
            if connection.execute("SELECT 1 FROM collections WHERE name = ? AND id != ?", (new, number)).fetchone():
                raise InvalidArgumentError(f"there is a collection {new!r} already; choose another name", {"name": new})
            connection.execute("UPDATE collections SET name = ? WHERE id = ?", (new, number))

    def remove(self, name: str) -> None:
        """Forgets a collection. Its files stay as they are. Raises ModelNotFoundError."""
        number = self._number(name)
        with self._store.change() as connection:
            connection.execute("DELETE FROM collections WHERE id = ?", (number,))
        self._paused.discard(number)  # another one may get the number
        self._store.drop_unused()
        self._to_look.set()

    def collections(self) -> list[Collection]:
        """All collections, by name."""
        found = []
        for number, name, model in self._store.rows("SELECT id, name, embed_model FROM collections ORDER BY name"):
            folders = self._store.rows("SELECT path FROM folders WHERE collection_id = ? ORDER BY path", (number,))
            files = "FROM files f JOIN folders o ON o.id = f.folder_id WHERE o.collection_id = ?"
            states = self._store.rows(f"SELECT f.state, COUNT(*) {files} GROUP BY f.state ORDER BY f.state", (number,))
            contents = f"SELECT f.content_id {files} AND f.state = 'ready'"
            chunks, embedded = self._store.rows(
                "SELECT COUNT(*), COUNT(v.slot) FROM chunks c LEFT JOIN models m ON m.name = ? "
                f"LEFT JOIN vectors v ON v.chunk_id = c.id AND v.model_id = m.id WHERE c.content_id IN ({contents})",
                (model, number),
            )[0]
            paths = tuple(Path(row[0]) for row in folders)
            job = Record(self._store, number).read()
            found.append(Collection(name, paths, model, dict(states), chunks, embedded, job))
        return found

    def files(self, name: str, *, state: str | None = None) -> list[File]:
        """The files of a collection with their states, and why they cannot be read. Raises ModelNotFoundError."""
        rows = self._store.rows(
            f"SELECT {COLUMNS} WHERE k.id = ? AND f.state = COALESCE(?, f.state) ORDER BY o.path, f.relpath",
            (self._number(name), state),
        )
        return [file_of(row) for row in rows]

    def file(self, id: int) -> File:
        """The file with this number; if it is missing, another that says the same, as after it was renamed.

        Raises ModelNotFoundError.
        """
        rows = self._store.rows(f"SELECT {COLUMNS} WHERE f.id = ?", (id,))
        if not rows:
            raise ModelNotFoundError(f"there is no file {id} in the collections any more", {"file": id})
        file = file_of(rows[0])
        other = same_content(self._store, file) if file.state == "missing" else None
        return file if other is None else self.file(other)

    def page(self, file: int, number: int, *, start: int = 0, end: int = 0, width: int = 1200) -> PageImage:
        """A page of a PDF as a picture, with the characters from start to end of the document's text marked.

        number: counted from 1. width: of the picture, in pixels.

        Raises ModelNotFoundError, UnreadableError.
        """
        if not 1 <= width <= 4000:
            raise InvalidArgumentError(f"width is {width}; it must be from 1 to 4000")
        return self._viewer.page(self.file(file), number, start, end, width)

    def text(self, file: int, *, start: int = 0, end: int = 0, around: int = 2000) -> Excerpt:
        """What a file says from start to end, and about `around` characters before and behind, to the ends of blocks.

        If the file was changed or is gone, it is what was read of it before. Raises ModelNotFoundError,
        UnreadableError.
        """
        if min(start, end, around) < 0 or around > 100_000:
            raise InvalidArgumentError("start, end and around must not be negative, nor around over 100,000")
        return self._viewer.text(self.file(file), start, end, around)

    def _number(self, name: str) -> int:
        rows = self._store.rows("SELECT id FROM collections WHERE name = ?", (name,))
        if not rows:
            raise self._unknown(name)
        return int(rows[0][0])

    def _unknown(self, name: str) -> ModelNotFoundError:
        names = [row[0] for row in self._store.rows("SELECT name FROM collections ORDER BY name")]
        known = f"there are {', '.join(names)}" if names else "there is none yet"
        return ModelNotFoundError(f"there is no collection {name!r}; {known}", {"collection": name})

    def _numbers(self, names: Iterable[str] | None) -> list[int]:
        if self._closed:
            raise ClosedError("the documents are closed")
        rows = self._store.rows("SELECT name, id, embed_model FROM collections ORDER BY name")
        known = {name: (number, model) for name, number, model in rows}
        chosen = list(known) if names is None else [names] if isinstance(names, str) else list(names)
        for name in chosen:
            if name not in known:
                raise self._unknown(name)
            self._check_model(name, known[name][1])
        return [known[name][0] for name in chosen]

    def _check_model(self, name: str, model: str) -> None:
        if model != (own := self._embedder().name):
            raise InvalidArgumentError(
                f"the collection {name!r} was embedded by {model}, and the embedder is {own}; use that model, or "
                "remove the collection and add it again",
                {"collection": name, "embed_model": model},
            )

    # -------------------------------------------------------------------------------------------------------- indexing

    def index(
        self, collections: Iterable[str] | None = None, *, progress: Callable[[Progress], None] | None = None
    ) -> Indexed:
        """Brings collections up to date with their folders: reads what is new or changed, and embeds it.

        What is ready is found at once. However it ends, by pause() or by a crash, the next call goes on from there.

        collections: also such as are paused; None for all that are not.
        progress: called often, in this thread.

        Raises what the embedder raises; files that cannot be read are no error, files() says why.
        """
        numbers = self._numbers(collections)
        if collections is not None:
            self._paused.difference_update(numbers)
        return self._run(numbers, progress)

    def _run(self, numbers: Iterable[int], progress: Callable[[Progress], None] | None) -> Indexed:
        """Leaves alone what is paused, and what was removed meanwhile."""
        done = NOTHING_DONE
        embedder = self._embedder()
        with self._indexing, Reader(self._limits) as reader:
            if not self._closed:
                self._stop.clear()
            for number in numbers:
                state = self._state_to_end_in(number)
                if state() is None:
                    indexer = Indexer(self._store, number, reader, embedder, progress, state, self._yield_to)
                    done += indexer.run()
        return dataclasses.replace(done, finished=done.finished and not self._stop.is_set())

    def _state_to_end_in(self, number: int) -> Callable[[], JobState | None]:
        def state() -> JobState | None:
            if number in self._paused:
                return "paused"
            return "interrupted" if self._stop.is_set() or not self._is_there(number) else None

        return state

    def _is_there(self, number: int) -> bool:
        return bool(self._store.rows("SELECT 1 FROM collections WHERE id = ?", (number,)))

    def watch(
        self,
        collections: Iterable[str] | None = None,
        *,
        interval: float = 600,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Keeps collections up to date until pause() or close(): index(), whenever something changed.

        With None for collections, also those that are added meanwhile. Those that are paused are left alone.
        interval: seconds after which folders are looked through, whatever the system tells of changes.

        Raises what index() raises.
        """
        given = None if collections is None else [collections] if isinstance(collections, str) else list(collections)
        # By their numbers, as names may change.
        numbers = None if given is None else dict(zip(self._numbers(given), given, strict=True))
        for number in numbers or ():
            self._resume(number)
        self._unwatched.clear()
        while not self._unwatched.is_set():
            self._to_look.clear()
            chosen = None if numbers is None else self._names_now(numbers)
            known = [each for each in self.collections() if chosen is None or each.name in chosen]
            folders = {folder for each in known if each.indexing.state != "paused" for folder in each.folders}
            for _ in times_to_look(sorted(folders), interval, Either(self._unwatched, self._to_look)):
                self._run(self._numbers(None) if numbers is None else numbers, progress)

    def _names_now(self, numbers: Mapping[int, str]) -> list[str]:
        """Raises ModelNotFoundError for one that was removed meanwhile."""
        known = dict(self._store.rows("SELECT id, name FROM collections"))
        for number, name in numbers.items():
            if number not in known:
                raise self._unknown(name)
        return [known[number] for number in numbers]

    def pause(self, name: str | None = None) -> None:
        """Has an index() or watch() that runs in another thread end, after the file or batch it is at.

        name: leaves only this collection as it is, until resume(), or an index() that names it; also after a restart.
            Raises ModelNotFoundError.
        """
        if name is None:
            self._unwatched.set()
            self._stop.set()
            return
        number = self._number(name)
        self._paused.add(number)
        Record(self._store, number).set("paused")
        self._to_look.set()

    def resume(self, name: str) -> None:
        """Has watch() go on with a collection that was paused. Raises ModelNotFoundError."""
        self._resume(self._number(name))
        self._to_look.set()

    def _resume(self, number: int) -> None:
        if number in self._paused:
            self._paused.discard(number)
            Record(self._store, number).set("interrupted")

    def _paused_before(self) -> set[int]:
        rows = self._store.rows("SELECT target FROM jobs WHERE kind = 'index' AND state = 'paused'")
        return {row[0] for row in rows}

    def estimate(self, collections: Iterable[str] | None = None) -> Estimate:
        """What it would take to embed collections, or all, anew, as another model would have to."""
        names = [collections] if isinstance(collections, str) else None if collections is None else list(collections)
        known = [each for each in self.collections() if names is None or each.name in names]
        speeds = [each.indexing.chunks_per_second for each in self.collections()]
        measured = [speed for speed in speeds if speed]
        chunks = sum(each.chunks for each in known)
        files = sum(each.states.get("ready", 0) for each in known)
        return Estimate(files, chunks, chunks / min(measured) if measured else None)

    def use(self, embedder: Embedder) -> None:
        """Has all collections embedded by another model from now on. Nothing but this, and the next index(), does that.

        Until that has run, they are found by their words alone. What estimate() says of it is worth asking before.
        """
        self._stop.set()
        with self._indexing, self._lock:
            if self._closed:
                raise ClosedError("the documents are closed")
            with self._store.change() as connection:
                connection.execute(
                    "UPDATE collections SET embed_model = ?, dim = ?", (embedder.name, embedder.dimension)
                )
                connection.execute("UPDATE files SET embedded = 0")
                connection.execute("DELETE FROM models WHERE name != ?", (embedder.name,))
            self._store.forget_vectors()
            if self._own is not None:
                self._own.close()
            self._own, self._given, self._search = None, embedder, None
        self._to_look.set()

    # ---------------------------------------------------------------------------------------------------------- search

    def rerank_with(self, reranker: Reranker | None, *, seconds: float = SECONDS) -> None:
        """Has searches use another reranker from now on, or none. What the one before is at is waited for.

        Raises UnsupportedError if it is a model that cannot rerank.
        """
        given = _within(reranker, seconds)
        with self._lock:
            before, self._reranker = self._reranker, given
            if before is not None:
                before.close()

    def search(
        self,
        question: str,
        collections: Iterable[str] | None = None,
        *,
        before: str | None = None,
        limit: int = 8,
        budget: int = BUDGET,
        threshold: float = THRESHOLD,
        whole: bool = True,
    ) -> Found:
        """Finds what documents say about a question.

        collections: names of those to search; None for all.
        before: the turn of the user before this one, for a question such as "When was she born?".
        limit: how many passages at most. budget: how many tokens they may have together, about.
        threshold: the relevance from which the documents count as saying something about it.
        whole: whether all that the collections have is given if it fits the budget.

        Raises InvalidArgumentError for an empty question, ModelNotFoundError for an unknown collection, and what the
        embedder and the reranker raise.
        """
        limits: dict[str, Any] = {"limit": limit, "budget": budget, "threshold": threshold, "whole": whole}
        return self._found(question, collections, before, True, **limits)

    def _found(
        self, question: str, collections: Iterable[str] | None, before: str | None, rerank: bool, **limits: Any
    ) -> Found:
        if not question.strip():
            raise InvalidArgumentError("the question is empty")
        if limits["limit"] < 1 or limits["budget"] < 1:
            raise InvalidArgumentError("limit and budget must be at least 1")
        numbers = self._numbers(collections)
        with self._lock:
            if self._search is None:
                self._search = Search(self._store, self._embedder())
            reranker = self._reranker if rerank else None
            return self._search.find(question, numbers, before=before, reranker=reranker, **limits)

    def plan(
        self,
        question: str,
        collections: Iterable[str] | None = None,
        *,
        before: str | None = None,
        limit: int = 8,
        budget: int = BUDGET,
        threshold: float = THRESHOLD,
        parts: int = PARTS,
    ) -> Plan:
        """How a question is to be answered, with what is to be offered to a model for that.

        A question for a summary, or for a list of all there is, gets all that the files have that it names, or all
        files if it names none. If that exceeds the budget, it is in parts, and no more of those than `parts`; then they
        have what comes nearest to the question, and the plan is not complete. Any other question gets what search()
        finds.

        Raises what search() raises.
        """
        if parts < 1:
            raise InvalidArgumentError("parts must be at least 1")
        everything = asks_for_everything(question)
        limits: dict[str, Any] = {"limit": limit, "budget": budget, "threshold": threshold, "whole": True}
        found = self._found(question, collections, before, not everything, **limits)
        if not everything or not found.chunks:
            return Plan("whole" if found.whole else "passages", found, (), found.whole)
        numbers = self._numbers(collections)
        with self._lock:
            assert self._search is not None
            return gathered(self._search, self._store, question, numbers, found, budget=budget, parts=parts)

    def ask(
        self,
        question: str,
        model: Model,
        collections: Iterable[str] | None = None,
        *,
        before: str | None = None,
        limit: int = 8,
        budget: int = BUDGET,
        threshold: float = THRESHOLD,
        parts: int = PARTS,
        show: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Answer:
        """Answers a question from documents. If they say nothing about it, the answer says so, and no model is asked.

        It is done as plan() says: of what has to be read part by part, the model makes notes, and then an answer of
        those.

        The passages are marked as evidence by a random word, so that a document cannot pretend that they end.
        Citations of anything but them are taken out of the answer.

        show: gets the pieces of the answer while it is written.
        options: for Model.chat(), such as max_tokens.

        Raises what search() and Model.chat() raise; ContextOverflowError if the context is smaller than the budget.
        """
        plan = self.plan(
            question, collections, before=before, limit=limit, budget=budget, threshold=threshold, parts=parts
        )
        return ask(model, question, plan, budget, show or (lambda _: None), options)


def _within(reranker: Reranker | None, seconds: float) -> RerankBudget | None:
    if reranker is None:
        return None
    return RerankBudget(ModelReranker(reranker) if isinstance(reranker, Model) else reranker, seconds)


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidArgumentError("a collection needs a name")
    if name in (".", "..") or not name.isprintable() or set(name) & set("/\\"):
        # It is a part of addresses.
        raise InvalidArgumentError(
            f"{name!r} cannot be a collection's name: it is . or .., or has a slash, a backslash or an invisible "
            "character"
        )
