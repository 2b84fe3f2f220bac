"""What an application of Ray Serve is told: settings of the server, and how many replicas there are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..._errors import InvalidArgumentError
from .. import configuration
from ..settings import ServerSettings

DEFAULT_PARALLEL = 4
"""The library's own default of n_parallel."""

# What replicas cannot have, and why.
_WITHOUT = {
    "port": "Ray Serve listens; set http_options.port",
    "certificate": "Ray Serve listens; set http_options.ssl_certfile",
    "certificate_key": "Ray Serve listens; set http_options.ssl_keyfile",
    "downloads": "a model would come to one replica's machine alone; use `gpt4all pull` on each, or a shared folder",
    "stored_responses": "replicas do not know each other's responses, so that none are stored",
    "stored_bytes": "replicas do not know each other's responses, so that none are stored",
    "stored_seconds": "replicas do not know each other's responses, so that none are stored",
}


class Arguments(BaseModel):
    """Arguments of `gpt4all.ray.app`. On the command line of `serve run`, lists are separated by commas, and objects
    are JSON. Ray logs them all, so that none is a key.

    config: a configuration file of `gpt4all serve`; arguments go before it.
    preload, pin, host, api_key_file, allowed_origins, allowed_hosts, memory_budget, keep_alive, max_waiting,
        max_request_bytes, max_tokens, request_seconds, drain_seconds, open: as in that file.
    n_ctx, n_parallel: context of each model in tokens, and answers that it gives at a time.
    min_replicas, max_replicas: how many replicas there are with little to do, and with much.
    target_ongoing_requests: requests for each replica, waiting ones included, above which there are to be more
        replicas; None: n_parallel.
    autoscaling: further settings of Ray Serve's AutoscalingConfig, such as upscale_delay_s.
    num_cpus: cores of each replica, and threads of each of its models; below 1, one thread.
    num_gpus: GPUs of each replica.
    session_affinity: whether requests with the same header X-Session-Id go to the same replica, which remembers what
        they begin with.
    """

    model_config = ConfigDict(extra="forbid")

    config: Path | None = None
    preload: tuple[str, ...] | None = None
    pin: tuple[str, ...] | None = None
    host: tuple[str, ...] | None = None
    api_key_file: Path | None = None
    allowed_origins: tuple[str, ...] | None = None
    allowed_hosts: tuple[str, ...] | None = None
    memory_budget: str | int | None = None
    keep_alive: str | float | None = None
    max_waiting: int | None = Field(default=None, ge=0)
    max_request_bytes: str | int | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    request_seconds: float | None = Field(default=None, gt=0)
    drain_seconds: float | None = Field(default=None, ge=0)
    open: dict[str, Any] | None = None
    n_ctx: int | None = Field(default=None, ge=1)
    n_parallel: int | None = Field(default=None, ge=1, le=64)
    min_replicas: int = Field(default=1, ge=0)
    max_replicas: int = Field(default=1, ge=1)
    target_ongoing_requests: float | None = Field(default=None, gt=0)
    autoscaling: dict[str, Any] = {}
    num_cpus: float = Field(default=1.0, ge=0)
    num_gpus: float = Field(default=0.0, ge=0)
    session_affinity: bool = False

    @field_validator("preload", "pin", "host", "allowed_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given

    @field_validator("open", "autoscaling", mode="before")
    @classmethod
    def _parse(cls, given: object) -> object:
        return json.loads(given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _check(self) -> Arguments:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas is {self.min_replicas}, and max_replicas only {self.max_replicas}")
        return self


def settings_of(arguments: Arguments) -> ServerSettings:
    """The settings of each replica. Raises InvalidArgumentError."""
    of_server = {field.name for field in fields(ServerSettings)} | {"api_key_file"}
    given = {name: value for name, value in arguments if name in of_server and value is not None}
    in_file = configuration.read_file(arguments.config) if arguments.config is not None else {}
    for name, why in _WITHOUT.items():
        if name in in_file:
            raise InvalidArgumentError(f"{arguments.config}: replicas have no {name!r}: {why}")
    given["open"] = _open(arguments, given.get("open", in_file.get("open", {})))
    return replace(configuration.settings(given, arguments.config), stored_responses=0)


def _open(arguments: Arguments, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of Model. Replicas on one machine must not all take the threads of the whole machine."""
    options = {"threads": max(1, int(arguments.num_cpus)), **given}
    for name in ("n_ctx", "n_parallel"):
        value = getattr(arguments, name)
        if value is not None:
            options[name] = value
    return options


def slots_of(settings: ServerSettings) -> int:
    """Answers that a model gives at a time."""
    slots: int = settings.open.get("n_parallel", DEFAULT_PARALLEL)
    return slots
