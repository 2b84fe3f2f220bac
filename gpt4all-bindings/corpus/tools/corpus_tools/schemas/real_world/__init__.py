"""Schemas as they are met in practice: more than 200, none of them written for our compiler.

* pydantic/…: models of applications in pydantic_models, as Pydantic writes their schemas;
* zod/…: the same of TypeScript's applications, in zod_schemas.mjs, which makes zod.json with zod;
* openapi/…: components of web APIs in the manner of OpenAPI 3.0 and 3.1, in openapi.json, each in its whole document;
* configuration/…: files of tools, as catalogues of schemas describe them, in configuration.json.

A validator that does not know OpenAPI's dialect, or ECMA-262's patterns, needs dialects.for_validators().

They were written for this set, after the kinds of schemas that are published; no schema is another project's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import pydantic_models

FOLDER = Path(__file__).parent


def schemas() -> Iterator[tuple[str, str, Any]]:
    """Each schema's name, the draft that it follows ("draft2020-12" or "draft7"), and itself."""
    for name, schema in pydantic_models.schemas():
        yield f"pydantic/{name}", "draft2020-12", schema
    for name, schema in _read("zod.json").items():
        yield f"zod/{name}", _draft(schema), schema
    for document in _read("openapi.json"):
        for name in document["components"]["schemas"]:
            schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            yield f"openapi/{document['openapi'][:3]}/{name}", "draft2020-12", schema
    for name, schema in _read("configuration.json").items():
        yield f"configuration/{name}", "draft7", schema


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def _draft(schema: Any) -> str:
    return "draft7" if "draft-07" in schema.get("$schema", "") else "draft2020-12"
