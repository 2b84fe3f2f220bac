"""What a lane of `make test` is. A component describes its own in a file lanes.py, as LANES: a Lane for each name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ci.common import NoNetwork, say
from ci.fetch.default_model import fetch
from ci.setup import BUILD_TOOLS, Tool, ensure_tools, ensure_venv
from ci.testing.reports import Outcome


@dataclass(frozen=True)
class Settings:
    """What the command line may change."""

    fuzz_seconds: int = 30
    fuzz_runs: int = 0  # for each target, instead of the seconds
    fuzz_targets: Sequence[str] = ()  # all of them
    mutations: int = 2000


@dataclass(frozen=True)
class Lane:
    """A group of tests with needs of its own. A lane whose needs cannot be met is skipped, with the reason.

    title: what is tested.
    run: builds what the tests need and runs them. What it raises fails the lane.
    tools: what must be on the machine: names in ci.setup.TOOLS, or a Tool of the component's own.
    python: whether it needs build/venv, with all of ci/requirements.txt.
    model: whether it has tests that need the default model; without a network those skip themselves.
    venv: makes a virtual environment of the lane's own, or gets from a registry what else it needs; raises NoNetwork if
        that is not available, MissingTool if something is not installed.
    minutes: how long it takes with nothing built, on two cores.
    place: where among the lanes it comes; they run in this order.
    beside: whether it may run at the same time as the lanes before and after it that say so too: it leaves processors
        idle by itself, and writes to no file that these write to.
    optional: why `make test` leaves it out if no lane is named; empty if it does not.
    """

    title: str
    run: Callable[[Settings], Outcome]
    tools: Sequence[str | Tool] = BUILD_TOOLS
    python: bool = False
    model: bool = False
    venv: Callable[[], object] | None = None
    minutes: float = 1
    place: int = 1000
    beside: bool = False
    optional: str = ""

    def prepare(self) -> None:
        """Gets what the lane needs; raises MissingTool, NoNetwork or another Failure if it is not available.

        Without the default model a lane is still worth running: the tests that need it skip themselves.
        """
        ensure_tools(self.tools)
        if self.python:
            ensure_venv()
        if self.venv:
            self.venv()
        if self.model:
            try:
                fetch()
            except NoNetwork as failure:
                say(f"      without the default model: {failure}")
