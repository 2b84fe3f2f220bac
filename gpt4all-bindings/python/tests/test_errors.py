"""What the exceptions are, apart from where they come from."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

import gpt4all
from conftest import ROOT
from gpt4all import _errors, models

BUILT_IN = {
    gpt4all.InvalidArgumentError: ValueError,
    gpt4all.ModelNotFoundError: FileNotFoundError,
    gpt4all.LLModelIOError: OSError,
    gpt4all.OutOfMemoryError: MemoryError,
    gpt4all.ContextOverflowError: ValueError,
    gpt4all.LibraryNotFoundError: ImportError,
}


@pytest.mark.parametrize("class_", [*_errors.CLASSES.values(), gpt4all.LibraryNotFoundError])
def test_each_class(class_: type[gpt4all.LLModelError]) -> None:
    error = class_("what happened", {"path": "/temperature"})
    assert isinstance(error, gpt4all.LLModelError)
    assert isinstance(error, BUILT_IN.get(class_, Exception))
    assert str(error) == "what happened"
    assert error.detail == {"path": "/temperature"}
    assert getattr(gpt4all, class_.__name__) is class_
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is class_
        assert (str(twin), twin.detail, twin.status) == (str(error), error.detail, error.status)


def test_the_guide_lists_every_error() -> None:
    """With its status, and with the built-in kinds that it is."""
    guide = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*?)\| (.+) \|$", guide, re.MULTILINE)
    listed = {name: (status, set(re.findall(r"`(\w+)`", kinds))) for name, status, kinds, _ in rows}
    assert len(listed) == len(rows)
    classes: dict[str, type[gpt4all.LLModelError]] = {
        name: each
        for module in (gpt4all, models)
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, gpt4all.LLModelError) and name != "LLModelError"
    }
    assert listed == {name: (each.status.name, _built_in(each)) for name, each in classes.items()}


def _built_in(class_: type[Exception]) -> set[str]:
    """The nearest built-in exceptions that a class is."""
    found = [each for each in class_.__mro__ if each.__module__ == "builtins"]
    general = (Exception, BaseException, object)
    nearest = [each for each in found if not any(each is not other and issubclass(other, each) for other in found)]
    return {each.__name__ for each in nearest if each not in general}
