"""gpt4all serve: the local server."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from .._errors import InvalidArgumentError
from . import output

PANEL = "GPT4ALL_SERVE_"


def _variable(name: str) -> str:
    return f"{PANEL}{name}"


def serve(
    preload: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Models to open at the start, and to keep open.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(envvar=_variable("CONFIG"), metavar="FILE", help="Settings in TOML; options go before them."),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(envvar=_variable("HOST"), help="Address to listen on [default: 127.0.0.1 and ::1]."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(envvar=_variable("PORT"), min=0, max=65535, help="Port; 0 for a free one [default: 4891]."),
    ] = None,
    api_key: Annotated[
        list[str] | None,
        typer.Option(envvar=_variable("API_KEY"), metavar="KEY", help="Key to ask for; several may be given."),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(envvar=_variable("API_KEY_FILE"), metavar="FILE", help="Keys, a line each, or their sha256:HASH."),
    ] = None,
    generate_key: Annotated[
        bool, typer.Option("--generate-key", help="Print a new key and the line for the file of keys, and end.")
    ] = False,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(envvar=_variable("ALLOW_ORIGIN"), metavar="ORIGIN", help="Web pages that may use the server."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(envvar=_variable("ALLOW_HOST"), metavar="NAME", help="Further names that it is addressed by."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(envvar=_variable("CERTIFICATE"), metavar="FILE", help="Certificate in PEM, for TLS.")
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(envvar=_variable("CERTIFICATE_KEY"), metavar="FILE", help="The certificate's key.")
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(envvar=_variable("PIN"), metavar="MODEL", help="Models that stay open once they are."),
    ] = None,
    memory_budget: Annotated[
        str | None,
        typer.Option(envvar=_variable("MEMORY_BUDGET"), metavar="SIZE", help="Memory for all open models, as 8GB."),
    ] = None,
    keep_alive: Annotated[
        str | None,
        typer.Option(
            envvar=_variable("KEEP_ALIVE"), metavar="TIME", help="How long an unused model stays open [default: 5m]."
        ),
    ] = None,
    max_waiting: Annotated[
        int | None,
        typer.Option(envvar=_variable("MAX_WAITING"), min=0, help="Requests that may wait for a model [default: 64]."),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(envvar=_variable("MAX_TOKENS"), min=1, help="Most tokens that an answer may have.")
    ] = None,
    request_seconds: Annotated[
        float | None,
        typer.Option(envvar=_variable("REQUEST_SECONDS"), min=0.001, help="Longest time for one request."),
    ] = None,
    stored_responses: Annotated[
        int | None,
        typer.Option(
            envvar=_variable("STORED_RESPONSES"),
            min=0,
            help="Responses that are kept for each key, for /v1/responses [default: 1000].",
        ),
    ] = None,
    stored_bytes: Annotated[
        str | None,
        typer.Option(
            envvar=_variable("STORED_BYTES"),
            metavar="SIZE",
            help="How large they may be together, for each key [default: 64MiB].",
        ),
    ] = None,
    stored_seconds: Annotated[
        str | None,
        typer.Option(
            envvar=_variable("STORED_SECONDS"), metavar="TIME", help="How long they are kept, or forever [default: 1d]."
        ),
    ] = None,
    n_ctx: Annotated[
        int | None, typer.Option("--n-ctx", envvar=_variable("N_CTX"), min=1, help="Context of each model, in tokens.")
    ] = None,
    n_parallel: Annotated[
        int | None,
        typer.Option(
            "--n-parallel", envvar=_variable("N_PARALLEL"), min=1, max=64, help="Answers at a time per model."
        ),
    ] = None,
    worker: Annotated[
        list[str] | None,
        typer.Option(
            "--worker",
            envvar=_variable("WORKER"),
            metavar="HOST:PORT",
            help="Machine running `gpt4all worker` that all models are split over; several may be given.",
        ),
    ] = None,
    open_options: Annotated[
        str | None,
        typer.Option("--open", envvar=_variable("OPEN"), metavar="JSON", help="More options for opening models."),
    ] = None,
    downloads: Annotated[
        bool | None,
        typer.Option("--downloads", envvar=_variable("DOWNLOADS"), help="Let requests download and delete models."),
    ] = None,
) -> None:
    """Serves models over HTTP, with the APIs of OpenAI and Anthropic.

    It needs no model to start: requests name them, and each is opened when it is first used. Only this machine can
    reach the server unless --host says otherwise, which needs a key.

    \b
    Examples:
      gpt4all serve
      gpt4all serve smollm2 --n-parallel 8
      gpt4all serve --host 0.0.0.0 --api-key-file keys.txt
      gpt4all serve --allow-origin https://chat.example.org
      curl http://127.0.0.1:4891/v1/models

    \b
    Each option can also be set in the environment, as GPT4ALL_SERVE_PORT, and in a file for --config.
    """
    if generate_key:
        _print_key()
        return
    try:
        from .._server import configuration, run
    except ImportError as error:
        raise InvalidArgumentError(
            f"the server needs the package {error.name}; install it with: pip install 'gpt4all[server]'"
        ) from error
    options: dict[str, Any] = {
        "preload": preload,
        "host": host,
        "port": port,
        "api_keys": api_key,
        "api_key_file": api_key_file,
        "allowed_origins": allow_origin,
        "allowed_hosts": allow_host,
        "certificate": certificate,
        "certificate_key": certificate_key,
        "pin": pin,
        "memory_budget": memory_budget,
        "keep_alive": keep_alive,
        "max_waiting": max_waiting,
        "max_tokens": max_tokens,
        "request_seconds": request_seconds,
        "stored_responses": stored_responses,
        "stored_bytes": stored_bytes,
        "stored_seconds": stored_seconds,
        "open": _open_options(open_options, n_ctx, n_parallel, worker),
        "downloads": downloads,
    }
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run.serve(
        configuration.settings(options, config), lambda addresses: output.note(f"serving on {' and '.join(addresses)}")
    )


def _print_key() -> None:
    from .._server.access.keys import hashed, new_key

    key = new_key()
    output.note("give the key to the client, and the other line to --api-key-file")
    print(key)
    print(f"sha256:{hashed(key)}")


def _open_options(
    text: str | None, n_ctx: int | None, n_parallel: int | None, workers: list[str] | None
) -> dict[str, Any] | None:
    try:
        options = json.loads(text) if text else {}
    except ValueError as error:
        raise typer.BadParameter(f"--open is not JSON: {error}") from error
    if not isinstance(options, dict):
        raise typer.BadParameter("--open must be an object in JSON")
    given = {"n_ctx": n_ctx, "n_parallel": n_parallel, "workers": workers or None}
    options.update({name: value for name, value in given.items() if value is not None})
    return options or None
