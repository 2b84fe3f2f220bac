"""Writes down the public signatures of the installed gpt4all package: what test_gpt4all_signatures.py compares with.

Run it where release 2.8.2 of the old package is installed, and nothing of this repository is in the path:

    python -m venv old && old/bin/pip install gpt4all==2.8.2
    old/bin/python record_signatures.py > ../gpt4all_2_8_2_signatures.json
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any


def parameters(function: Any) -> list[dict[str, Any]]:
    """Name, kind and default of each parameter. Defaults that are no JSON are written as what they are called."""
    rows = []
    for parameter in inspect.signature(function).parameters.values():
        row: dict[str, Any] = {"name": parameter.name, "kind": parameter.kind.name}
        if parameter.default is not parameter.empty:
            default = parameter.default
            row["default"] = default.__name__ if callable(default) else default
        rows.append(row)
    return rows


def members(owner: type) -> dict[str, Any]:
    """The members of a class that have no underscore in front, and its constructor."""
    found: dict[str, Any] = {}
    for name, member in vars(owner).items():
        if name.startswith("_") and name not in ("__init__", "_format_chat_prompt_template"):
            continue
        if isinstance(member, property):
            found[name] = {"is": "property"}
        elif isinstance(member, (staticmethod, classmethod)):
            found[name] = {"is": type(member).__name__, "parameters": parameters(getattr(owner, name))}
        elif callable(member):
            found[name] = {"is": "method", "parameters": parameters(member)}
        else:
            found[name] = {"is": "constant", "value": member}
    return found


def main() -> None:
    import gpt4all
    import gpt4all._pyllmodel
    import gpt4all.gpt4all

    table = {
        "package": "gpt4all",
        "release": "2.8.2",
        "exports": sorted(name for name in ("GPT4All", "Embed4All", "CancellationError") if hasattr(gpt4all, name)),
        "gpt4all.gpt4all": {
            "DEFAULT_PROMPT_TEMPLATE": gpt4all.gpt4all.DEFAULT_PROMPT_TEMPLATE,
            "names": [
                "CancellationError",
                "DEFAULT_MODEL_DIRECTORY",
                "DEFAULT_PROMPT_TEMPLATE",
                "Embed4All",
                "GPT4All",
            ],
        },
        "GPT4All": members(gpt4all.GPT4All),
        "Embed4All": members(gpt4all.Embed4All),
        "LLModel": members(gpt4all._pyllmodel.LLModel),
    }
    json.dump(table, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
