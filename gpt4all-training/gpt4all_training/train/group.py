"""The processes that train together, which accelerate or torchrun has started; or the only one."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from .settings import Train

Told = TypeVar("Told")

# With the first process, which reads the data and measures. Of its death they learn from who started them.
_PATIENCE = timedelta(days=7)


def is_one_of_several() -> bool:
    """Whether the environment says so, as it does before PyTorch has looked at the GPUs."""
    return "LOCAL_RANK" in os.environ


class Group:
    """This process and the others. The first one alone reads data, measures and writes.

    first: whether this is it. size: how many there are. device: what this one computes on.
    """

    def __init__(self, settings: Train) -> None:
        import accelerate

        waits = {"timeout": _PATIENCE} if is_one_of_several() else {}
        self._state = accelerate.PartialState(cpu=settings.device == "cpu", **waits)
        self.first: bool = self._state.is_main_process
        self.size: int = self._state.num_processes
        self.device: Any = self._state.device

    def tell(self, make: Callable[[], Told]) -> Told:
        """What the first process makes, in all of them. If it fails, whoever started the others ends them."""
        from accelerate.utils import broadcast_object_list

        made: list[Any] = [make() if self.first else None]
        if self.size > 1:
            broadcast_object_list(made)
        return made[0]  # type: ignore[no-any-return]

    def wait(self) -> None:
        """Until all processes are here."""
        self._state.wait_for_everyone()

    def leave(self) -> None:
        """There is nothing left to do together."""
        if self.size > 1:
            self._state.destroy_process_group()
