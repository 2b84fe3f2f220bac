"""What the exceptions are, apart from where they come from."""

from __future__ import annotations

import copy
import pickle

import pytest

import gpt4all
from gpt4all import _errors

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
