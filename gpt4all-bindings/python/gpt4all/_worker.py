"""Lets models of other machines compute on this one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._library import encode, load

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from . import types


def serve_worker(
    notify: Callable[[types.WorkerEvent | None], bool | None] | None = None, **options: Unpack[types.WorkerOptions]
) -> None:
    """Offers this machine's devices to models of other machines, which name it in their option `workers`, until
    `notify` returns False or raises, or Ctrl-C comes. It is called with what happened, and ten times a second with
    None.

    It listens on this machine alone unless host="192.168.1.20" or the like says otherwise; a private network, since
    there is neither a password nor encryption, and whoever can connect can use and crash it. Raises
    InvalidArgumentError for an address that strangers may reach, unless any_address=True; LLModelIOError if the address
    cannot be listened on.
    """
    library = load()
    raised: list[BaseException] = []

    def failed(_type: object, value: BaseException, _traceback: object) -> int:
        raised.append(value)
        return 1

    def forward(event: Any, _user: object) -> int:
        told = None if event == library.ffi.NULL else json.loads(library.text(event))
        return 1 if notify is not None and notify(told) is False else 0

    callback = library.ffi.callback("llmodel_worker_fn", forward, onerror=failed)
    try:
        library.call(library.c.llmodel_serve_worker, encode(options), callback, library.ffi.NULL)
    finally:
        if raised:
            raise raised[0]
