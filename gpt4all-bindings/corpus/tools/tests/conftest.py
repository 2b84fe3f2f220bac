"""Which modules the tests are about."""

from __future__ import annotations

import pytest
from corpus_tools.processors.modules import Module, modules


@pytest.fixture
def module(request: pytest.FixtureRequest) -> Module:
    """The module whose name is the test's parameter."""
    name: str = request.param
    assert name in modules(), f"the library has no module {name}"
    return modules()[name]
