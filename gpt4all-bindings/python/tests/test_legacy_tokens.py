"""Texts become the same tokens with translated files of 2023 as with the models' own tokenisers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_tools.legacy import real_vocabularies
from corpus_tools.legacy.blocks import Layout, TensorType
from corpus_tools.legacy.mpt_files import write_example, write_ggmm
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.tiny_models import LegacyModel
from corpus_tools.legacy.tokenisers import byte_pair_encoding, sentence_piece
from corpus_tools.legacy.variants import VARIANTS, Variant, model_for, variant

import gpt4all
from conftest import ROOT

pytestmark = pytest.mark.usefixtures("library")

VOCABULARIES = ROOT / "build" / "llama.cpp" / "models"
TEXTS = [
    "",
    " ",
    "Hello world",
    " the world of 1234 cats, and I've seen them all!",
    "They're here: café über 日本語 日曜日 🙂🙃 Привет мир",
    "one\n\ntwo\tthree   four  \r\n five",
    "\x00\x7f\u0301\u200b\U0010ffff",
]
Q8_0 = Types(TensorType.Q8_0)


def without_spaces(text: str) -> str:
    return text.replace(" ", "")


def opened(path: Path) -> gpt4all.Model:
    return gpt4all.Model(path, n_ctx=64, cache_dir=str(path.parent / "cache"))


@pytest.mark.parametrize("kind_of_file", [each for each in VARIANTS if not each.lossy_vocabulary], ids=lambda v: v.name)
def test_tiny_vocabularies(kind_of_file: Variant, tmp_path: Path) -> None:
    kind = kind_of_file.types[-1]
    model = model_for(kind_of_file, kind)
    tokenise = sentence_piece if model.architecture == "llama" else byte_pair_encoding
    with opened(kind_of_file.write(tmp_path / "old.bin", model, Types(kind))[0]) as translated:
        for text in TEXTS:
            tokens = translated.tokenize(text)
            assert tokens == tokenise(model.vocabulary, text), text
            assert translated.detokenize(tokens) == text


def real(architecture: str) -> LegacyModel:
    assert VOCABULARIES.is_dir(), "llama.cpp's sources, which any build fetches, have the vocabularies"
    return real_vocabularies.model(VOCABULARIES, architecture)


@pytest.mark.parametrize("name", ["llama-ggml", "llama-ggjt3", "gptj-a", "mpt-c"])
def test_real_vocabularies(name: str, tmp_path: Path) -> None:
    kind_of_file = variant(name)
    model = real(kind_of_file.architecture)
    texts = real_vocabularies.texts(VOCABULARIES, kind_of_file.architecture)
    assert len(texts) > 40
    with opened(kind_of_file.write(tmp_path / "old.bin", model, Q8_0)[0]) as translated:
        for each in texts:
            # programs of 2023 put the space before a LLaMA's text themselves
            space = " " if each.text and model.architecture == "llama" else ""
            assert translated.tokenize(space + each.text) == each.tokens, each.text
            # llama.cpp takes the space out of " ?" as transformers does
            assert without_spaces(translated.detokenize(each.tokens)) == without_spaces(each.text)


@pytest.fixture(params=["ggmm", "example"])
def lossy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[LegacyModel, gpt4all.Model]]:
    """The real MPT in the files that have its tokens as text."""
    model = real("mpt")
    if request.param == "ggmm":
        (path,) = write_ggmm(tmp_path / "old.bin", model, Q8_0)
    else:
        (path,) = write_example(tmp_path / "old.bin", model, Layout.C, Q8_0, decoded=True)
    with opened(path) as translated:
        yield model, translated


def test_lossy_vocabularies(lossy: tuple[LegacyModel, gpt4all.Model]) -> None:
    """Parts of characters were lost, and with them how characters are made of them. ASCII is as it should be."""
    model, translated = lossy
    texts = real_vocabularies.texts(VOCABULARIES, "mpt")
    assert sum(each.text.isascii() for each in texts) > 30
    for each in texts:
        tokens = translated.tokenize(each.text)
        if each.text.isascii():
            assert tokens == each.tokens, each.text
        assert without_spaces(translated.detokenize(tokens)) == without_spaces(each.text)
    for token in (b" the", b".", b" .", b" ?", b" !", b" ,", b"'s"):  # of some the files have lost the space
        assert translated.tokenize(token.decode()) == [model.vocabulary.tokens.index(token)], token
