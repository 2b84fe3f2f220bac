"""What people are told has a code with a text in each language of the page."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from conftest import ROOT
from gpt4all import models
from gpt4all._app import failures
from gpt4all._app.codes import Code, FitReason, Notice, Remedy
from gpt4all._app.error_codes import ERROR_CODES
from gpt4all._app.models.item import download_error
from gpt4all._errors import LLModelError
from gpt4all._server.errors import failure_of
from gpt4all.documents import Reason

TEXTS = ROOT / "gpt4all-chat" / "src" / "i18n"
PACKAGE = Path(gpt4all.__file__).parent
OTHER_APIS = ("openai", "ollama", "anthropic", "llama_server", "replicas")


@pytest.mark.parametrize("language", sorted(path.stem for path in TEXTS.glob("*.json")))
@pytest.mark.parametrize(("family", "codes"), [("fit", FitReason), ("notice", Notice), ("remedy", Remedy)])
def test_each_code_has_a_text_in_each_language(family: str, codes: type[Code], language: str) -> None:
    texts = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    told = {key.removeprefix(f"{family}."): text for key, text in texts.items() if key.startswith(f"{family}.")}
    assert set(told) == {each.code for each in codes}
    if language == "en" and codes is not Notice:  # what the page says of the others is shorter
        assert told == {each.code: each.value for each in codes}


@pytest.mark.parametrize("language", sorted(path.stem for path in TEXTS.glob("*.json")))
def test_each_model_of_the_catalogue_is_described_in_each_language(language: str) -> None:
    texts = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    told = {key.removeprefix("catalogue."): text for key, text in texts.items() if key.startswith("catalogue.")}
    described = {entry.file: entry.description for entry in models.catalogue()}
    assert set(told) == set(described)
    assert [file for file in told if (told[file] == described[file]) != (language == "en")] == []


def test_the_codes_of_errors_are_those_that_the_code_has() -> None:
    made = {code for file in sources() for code in codes_in(file)} | set(codes_of_classes())
    assert made == set(ERROR_CODES)
    assert set(failures.REMEDIES) <= made


def sources() -> Iterator[Path]:
    """What answers the page's API."""
    for folder in (PACKAGE / "_app", PACKAGE / "_server"):
        for file in folder.rglob("*.py"):
            if not set(OTHER_APIS) & set(file.relative_to(folder).parts):
                yield file


def codes_in(file: Path) -> Iterator[str]:
    """Those that RequestErrors and Failures are made with."""
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id not in ("RequestError", "Failure"):
            continue
        given = [each.value for each in call.keywords if each.arg == "code"]
        if call.func.id == "Failure":
            given += call.args[3:4]
        for value in given:
            yield from meant(value)


def meant(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        begin, _ = value.values
        assert isinstance(begin, ast.Constant)
        yield from (f"{begin.value!s}{reason.value}" for reason in Reason)


def codes_of_classes() -> Iterator[str]:
    """Of all errors of the library, when they are answered and when a download ends with them."""
    for kind in below(LLModelError):
        if kind.__init__ is LLModelError.__init__:
            error = kind("x", {})
            yield from (code for code in (failure_of(error).code, download_error(error).code) if code is not None)


def below(kind: Any) -> Iterator[Any]:
    """A class, and all that are made of it."""
    yield kind
    for each in kind.__subclasses__():
        yield from below(each)
