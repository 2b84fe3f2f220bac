"""Reading a step's configuration: YAML, checked against the step's model, with errors that name the key."""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import ConfigurationError

LARGEST = 1 << 20  # bytes; what a person writes is far smaller


class Settings(BaseModel):
    """Part of a configuration. What it does not know is refused, as a misspelt key would otherwise do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


Model = TypeVar("Model", bound=Settings)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML without what hides or multiplies things: keys given twice, and aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not taken; write the value out", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(key.value if isinstance(key.value, str) else id(key))
        return dict(super().construct_mapping(node, deep=deep))


def read_configuration(path: Path, model: type[Model]) -> Model:
    """The configuration in a file. Raises ConfigurationError."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError("is larger than 1 MB", file=path, remedy="Name the YAML file of this step")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        remedy = "Name a YAML file that can be read"
        raise ConfigurationError(error.strerror or str(error), file=path, remedy=remedy) from error
    except UnicodeDecodeError as error:
        remedy = "Save it as UTF-8"
        raise ConfigurationError(f"is not UTF-8 (byte {error.start:,})", file=path, remedy=remedy) from error
    try:
        values = json.dumps(yaml.load(text, Loader=_Loader), default=str)  # default: of dates, which become texts
    except (yaml.YAMLError, RecursionError, TypeError, ValueError) as error:
        raise ConfigurationError(f"is not valid YAML: {_one_line(error)}", file=path, remedy="Correct it") from error
    try:
        return model.model_validate_json(values)
    except ValidationError as error:
        wrong = "; ".join(f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()[:5])
        remedy = "`gpt4all-train schema` lists every key, with what it takes"
        raise ConfigurationError(f"is not valid: {wrong}", file=path, remedy=remedy) from error


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(map(str, parts)) or "the whole"


def _one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return where + (getattr(error, "problem", None) or " ".join(str(error).split()) or type(error).__name__)
