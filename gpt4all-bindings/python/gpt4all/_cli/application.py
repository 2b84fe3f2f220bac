"""gpt4all app: the chat application."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from .._errors import InvalidArgumentError
from . import output


def app(
    port: Annotated[
        int | None,
        typer.Option(envvar="GPT4ALL_APP_PORT", min=0, max=65535, help="Port [default: 4891, or a free one]."),
    ] = None,
    data_folder: Annotated[
        Path | None,
        typer.Option(envvar="GPT4ALL_DATA", metavar="FOLDER", help="Where chats, settings and documents are kept."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    desktop: Annotated[bool, typer.Option("--desktop", help="Open it in a window of its own.")] = False,
) -> None:
    """Opens the chat application in the browser: chats, models, and answers from your documents.

    It listens on this machine alone, and needs no internet once there is a model. If it runs already, its page is
    opened.

    \b
    Examples:
      gpt4all app
      gpt4all app --no-browser --port 8000
      gpt4all app --data-folder ~/private-chats
    """
    try:
        from ..app import AppSettings, run
    except ImportError as error:
        raise InvalidArgumentError(
            f"the application needs the package {error.name}; install it with: pip install 'gpt4all[app]'"
        ) from error
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    run(AppSettings(folder=data_folder, port=port, browser=browser, desktop=desktop), output.note)
