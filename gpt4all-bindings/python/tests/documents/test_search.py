"""Search: words, letters and meaning; collections; places; honesty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gpt4all import ClosedError, InvalidArgumentError, ModelNotFoundError
from gpt4all.documents import Documents, Reader
from gpt4all.documents import _words as words
from gpt4all.documents._terms import TOKENIZER, Terms

from . import making
from .faking import FakeEmbedder
from .making import TEXT

FILLING = " ".join(f"Filling words number {number} say nothing of value." for number in range(40))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notes")
    making.pdf(path / "house.pdf", [["A house stands here."], [TEXT], ["The garden is large."]], title="House")
    (path / "api.md").write_text(f"# SQLite\n\nUse sqlite3_open_v2(name) to open.\n\n# Other\n\n{FILLING}\n")
    (path / "ja.txt").write_text("家賃は毎月五日に支払います。\n\n猫は庭で眠っています。\n")
    (path / "umlaut.txt").write_text("Die Gebühr für das Häuschen beträgt zehn Euro.\n")
    for number in range(30):
        (path / f"filling{number}.txt").write_text(f"Number {number}. {FILLING}")
    (path / "many.txt").write_text("\n\n".join(f"# Repeated {n}\n\nzebra zebra. {FILLING}" for n in range(8)))
    return path


@pytest.fixture(scope="module")
def documents(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    other = tmp_path_factory.mktemp("other")
    (other / "secret.txt").write_text(f"{TEXT} And the zebra is secret.")
    with Documents(tmp_path_factory.mktemp("data"), embedder=FakeEmbedder(256)) as opened:
        opened.add("notes", folder)
        opened.add("other", other)
        opened.index()
        yield opened


def best(documents: Documents, question: str) -> str:
    return documents.search(question, ["notes"]).passages[0].path.name


def test_words_find_the_page(documents: Documents, folder: Path) -> None:
    found = documents.search("When is the rent due?", ["notes"])
    passage = found.passages[0]
    assert passage.path == folder / "house.pdf"
    assert passage.pages == (1, 3)
    assert (passage.number, passage.collection, passage.title) == (1, "notes", "House")
    assert passage.place == "house.pdf, pages 1-3"
    assert (found.files, found.whole, found.answerable) == (35, False, True)
    assert passage.scores is not None
    assert passage.scores.words == 1
    assert passage.scores.fused == 1  # the best by words and by meaning


def test_meaning_finds_what_words_do_not(documents: Documents) -> None:
    passage = documents.search("landlord", ["notes"]).passages[0]
    assert passage.path.name == "house.pdf"
    assert passage.scores is not None
    assert passage.scores.words is None
    assert passage.scores.vectors == 1
    assert passage.scores.fused == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("sqlite3_open_v2", "api.md"),
        ("What does open_v2( do?", "api.md"),
        ("lite3_op", "api.md"),
        ("bühr", "umlaut.txt"),
        ("家賃はいつ", "ja.txt"),
        ("猫", "ja.txt"),
        ("gebuhr hauschen", "umlaut.txt"),
        ("GEBÜHR", "umlaut.txt"),
    ],
)
def test_letters_and_scripts(documents: Documents, question: str, name: str) -> None:
    assert best(documents, question) == name


@pytest.mark.parametrize(
    "question", ['"', "AND OR NOT", "a* NEAR(b)", "')--", "text:rent", "^", "((", "-rent", "\0", "𒀀"]
)
def test_no_syntax_of_the_index(documents: Documents, question: str) -> None:
    documents.search(question, ["notes"])


def test_collections_are_apart(documents: Documents) -> None:
    """Before the best are chosen: what is elsewhere takes no place."""
    assert {each.path.name for each in documents.search("zebra rent", ["other"]).passages} == {"secret.txt"}
    for question in ("secret zebra", "rent due"):
        found = documents.search(question, ["notes"], limit=50, budget=100_000, whole=False)
        assert found.passages
        assert all(each.collection == "notes" and "secret" not in each.text for each in found.passages)


def test_at_most_five_of_a_file(documents: Documents) -> None:
    found = documents.search("zebra", ["notes"], limit=20, budget=100_000, whole=False)
    names = [each.path.name for each in found.passages]
    assert names.count("many.txt") == 5


def test_the_budget(documents: Documents) -> None:
    for budget in (300, 1000, 3000):
        found = documents.search("zebra number", ["notes"], budget=budget, limit=20)
        assert found.passages
        assert sum(len(each.text) for each in found.passages) <= budget * 4 or len(found.passages) == 1
    assert len(documents.search("number", ["notes"], limit=2).passages) == 2


def test_neighbours_are_added_and_places_hold(documents: Documents) -> None:
    found = documents.search("zebra", ["notes"], limit=2)
    with Reader() as reader:
        for each in found.passages:
            text = reader.read(each.path)
            assert each.sha256 == text.sha256
            assert text.text[each.start : each.end].split() == each.text.split()
            assert each.start <= each.found[0] < each.found[1] <= each.end
    assert any(each.end - each.start > each.found[1] - each.found[0] for each in found.passages)


def test_whole_documents_when_they_fit(documents: Documents) -> None:
    found = documents.search("anything", ["other"])
    assert found.whole
    assert [each.text for each in found.passages] == [f"{TEXT} And the zebra is secret."]
    assert found.passages[0].scores is None
    assert not documents.search("rent", ["notes"]).whole
    assert not documents.search("rent", ["other"], whole=False).whole


def test_what_is_not_there_is_said(documents: Documents) -> None:
    for question in ("Who won the championship in Brazil?", "Kubernetes ingress annotations"):
        found = documents.search(question, ["notes"])
        assert not found.answerable
        assert found.relevance < found.threshold
    assert documents.search("rent due fifth month", ["notes"]).answerable
    assert not documents.search("rent due fifth month", ["notes"], threshold=1.01).answerable


def test_a_question_that_refers_to_the_one_before(documents: Documents) -> None:
    found = documents.search("When is it due?", ["notes"], before="Tell me about the landlord of the house")
    assert found.passages[0].path.name == "house.pdf"


def test_reading_beside_the_writer(documents: Documents, folder: Path) -> None:
    with Documents(documents.folder, embedder=FakeEmbedder(256), read_only=True) as reading:
        assert best(reading, "rent due") == "house.pdf"
        (folder / "new.txt").write_text("A walrus arrived.")
        documents.index(["notes"])
        assert best(reading, "walrus") == "new.txt"
    (folder / "new.txt").unlink()
    documents.index(["notes"])


def test_wrong_questions(documents: Documents, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="question is empty"):
        documents.search(" ")
    with pytest.raises(InvalidArgumentError, match="at least 1"):
        documents.search("a", limit=0)
    with pytest.raises(ModelNotFoundError, match="there are notes, other"):
        documents.search("a", ["none"])
    empty = Documents(tmp_path / "empty", embedder=FakeEmbedder())
    found = empty.search("a")
    assert (found.passages, found.answerable, found.files) == ((), False, 0)
    empty.close()
    empty.close()
    with pytest.raises(ClosedError):
        empty.search("a")


def asked(*texts: str) -> list[words.Word]:
    return [words.Word(text, (text,)) for text in texts]


def test_common_words_are_left_out_of_a_large_index() -> None:
    frequencies = {"common": 900_000, "rent": 12, "due": 15_000, "house": 12_000}
    query = words.match(asked("common", "rent", "due", "house", "unknown"), lambda term: frequencies.get(term, 0))
    assert query == '"rent" OR "house"'
    assert words.match(asked("common"), lambda _: 900_000) == '"common"'
    assert words.match(asked("none"), lambda _: 0) is None


def test_words_that_only_ask_are_left_out() -> None:
    assert words.match(asked("What", "is", "rent"), lambda _: 5) == '"rent"'
    assert words.match(asked("What", "is"), lambda _: 5) == '"What" OR "is"'


def test_terms_are_those_of_the_index(documents: Documents) -> None:
    terms = Terms()
    texts = ["Databases, running", "sqlite3_open_v2", "GEBÜHREN", "", "\0 家賃は"]
    assert terms(texts) == [["databas", "run"], ["sqlite3", "open", "v2"], ["gebuhren"], [], ["家賃は"]]
    assert terms(texts[:1]) == [["databas", "run"]]
    stored = documents._store.rows("SELECT sql FROM sqlite_schema WHERE name = 'chunks_fts'")[0][0]
    assert f"tokenize='{TOKENIZER}'" in stored


def test_words_are_found_in_their_forms(documents: Documents) -> None:
    for question in ("repeating", "Repeats"):
        passage = documents.search(question, ["notes"]).passages[0]
        assert passage.path.name == "many.txt"
        assert passage.scores is not None
        assert passage.scores.words is not None
