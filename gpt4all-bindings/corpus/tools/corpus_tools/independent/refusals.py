"""Which requests, options and files another implementation refuses, and what the status for that is."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import referencing.exceptions

from ..places import SCHEMA
from . import templates
from .llama_cpp_engine import LlamaCppEngine
from .model_files import open_file
from .opened import Opened
from .values import Json

OPTIONS = {"open": "open_options", "inspect": "open_options", "quantize": "quantize_options"}


@lru_cache
def validator(definition: str) -> Any:
    """The published schema of an object of the C API."""
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator({**whole, "$ref": f"#/$defs/{definition}"})


def refused(what: str, path: Path, given: Json, model: Opened | None = None) -> str | None:
    """The status of a step that must fail; None if nothing here says that it must. what: a step or an operation."""
    if not validator(OPTIONS.get(what, f"{what}_request")).is_valid(given):
        return "invalid_argument"
    if "chat_template" in given and not templates.is_template(given["chat_template"]):
        return "invalid_argument"
    if model is None:
        return refused_file(path) or next(
            (status for item in given.get("lora", []) if (status := refused_file(Path(item["path"]), adapter=True))),
            None,
        )
    return refused_request(what, given, model)


def refused_file(path: Path, *, adapter: bool = False) -> str | None:
    if not path.exists():
        return "not_found"
    try:
        file = open_file(path)
    except (OSError, ValueError, IndexError, KeyError):
        return "invalid_model"
    end = max((int(tensor.data_offset) + int(tensor.n_bytes) for tensor in file.reader.tensors), default=0)
    if end > path.stat().st_size:
        return "invalid_model"
    is_adapter = file.value("general.type") == "adapter"
    return "unsupported" if is_adapter != adapter else None


def refused_request(operation: str, request: Json, model: Opened) -> str | None:
    size = len(model.vocabulary.texts)
    tokens = request.get("tokens", request.get("prompt", request.get("content", [])))
    if isinstance(tokens, list) and any(isinstance(token, int) and token >= size for token in tokens):
        return "invalid_argument"
    generates = model.file.architecture != "bert"
    if operation in ("chat", "complete", "score", "score_batch", "infill", "state") and not generates:
        return "unsupported"
    if operation == "rerank" and "cls.weight" not in model.file.weights:
        return "unsupported"
    if operation == "infill" and model.file.value("tokenizer.ggml.fim_pre_token_id") is None:
        return "unsupported"
    if operation == "chat" and request.get("tools"):
        names = [tool["function"]["name"] for tool in request["tools"]]
        choice = request.get("tool_choice", "auto")
        if isinstance(choice, dict) and choice["function"]["name"] not in names:
            return "invalid_argument"
        if "tools" not in templates.variables(model.file, model.options):
            return "unsupported"
    if "grammar" in request and "json_schema" not in request and generates:
        engine = model.engine(None)
        if isinstance(engine, LlamaCppEngine) and engine.refuses_grammar(request["grammar"]):
            return "grammar_error"
    schema = request.get("json_schema")
    return "grammar_error" if schema is not None and refused_schema(schema) else None


def refused_schema(schema: Any) -> bool:
    """Whether a JSON Schema is none, or refers to what is not there, or has a pattern that is none."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        if isinstance(schema, dict):
            re.compile(schema.get("pattern", ""))
        list(jsonschema.Draft202012Validator(schema).iter_errors("text"))
    except (
        jsonschema.SchemaError,
        re.error,
        referencing.exceptions.Unresolvable,
        referencing.exceptions.NoSuchResource,
    ):
        return True
    except Exception as error:  # what jsonschema wraps unresolvable references in is not public
        return "Unresolvable" in type(error).__name__
    return False
