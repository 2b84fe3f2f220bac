#!/usr/bin/env python3
"""Writes gpt4all/types.py, the types of options and results, from the library's JSON Schema.

    python generate_types.py            write the file
    python generate_types.py --check    exit with 1 if the file is not what the schema gives

Options become TypedDicts for the keyword arguments of Model's methods, without what those methods take by name;
objects within them are plain mappings. Results become TypedDicts all the way down.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parents[1] / "gpt4all-backend" / "schema" / "llmodel.schema.json"
OUTPUT = HERE / "gpt4all" / "types.py"

# Our name, and what the Python method takes by a parameter of its own.
OPTIONS = {
    "sampling": ("Sampling", ()),
    "generation": ("Generation", ("stream",)),
    "constraints": ("Constraints", ("response_format",)),
    "conversation": ("Conversation", ("messages", "tools")),
    "open_options": ("OpenOptions", ()),
    "chat_request": ("ChatOptions", ()),
    "complete_request": ("CompleteOptions", ("prompt",)),
    "infill_request": ("InfillOptions", ("input_prefix", "input_suffix")),
    "embed_request": ("EmbedOptions", ("input",)),
    "rerank_request": ("RerankOptions", ("query", "documents")),
    "score_request": ("ScoreOptions", ("context", "continuations")),
    "tokenize_request": ("TokenizeOptions", ("content", "with_pieces")),
    "detokenize_request": ("DetokenizeOptions", ("tokens",)),
    "apply_template_request": ("ApplyTemplateOptions", ("return_tokens",)),
    "count_tokens_request": ("CountTokensOptions", ("prompt",)),
    "state_request": ("StateOptions", ()),
    "quantize_options": ("QuantizeOptions", ()),
    "imatrix_options": ("ImatrixOptions", ()),
    "convert_options": ("ConvertOptions", ()),
}

# In the order in which they are written, so that each stands after what it is made of.
RESULTS = (
    "usage",
    "timings",
    "top_token",
    "token_logprob",
    "logprobs",
    "tool_call",
    "choice",
    "text_result",
    "chat_result",
    "embed_result",
    "rerank_result",
    "score_result",
    "adapters_result",
    "state_result",
    "quantize_result",
    "imatrix_result",
    "convert_result",
    "memory_estimate",
    "special_token",
    "sampling_default",
    "inspect_result",
    "info_result",
    "devices_result",
    "build_info",
    "progress_event",
    "tool_call_event",
)

HEAD = '''"""The types of options, and of results as the library gives them. Generated from llmodel.schema.json by
generate_types.py: do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict
'''

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


class Writer:
    def __init__(self, schema: dict[str, Any]) -> None:
        self.definitions: dict[str, dict[str, Any]] = schema["$defs"]
        self.classes: list[str] = []

    def definition(self, reference: str) -> tuple[str, dict[str, Any]]:
        name = reference.rsplit("/", 1)[-1]
        return name, self.definitions[name]

    def type_of(self, node: dict[str, Any], name: str, given: bool) -> str:
        """The Python type of a schema. `given`: by the caller, so that any mapping and sequence will do."""
        if "$ref" in node:
            key, target = self.definition(node["$ref"])
            if not given and key in RESULTS:
                return camel(key)
            return self.type_of(target, camel(key), given)
        if "const" in node:
            return f"Literal[{node['const']!r}]".replace("'", '"')
        if "enum" in node:
            return "Literal[" + ", ".join(json.dumps(v) if isinstance(v, str) else repr(v) for v in node["enum"]) + "]"
        if "anyOf" in node:
            return join(self.type_of(variant, name, given) for variant in node["anyOf"])
        kinds = node.get("type", "object")
        return join(
            self.type_of_kind(kind, node, name, given) for kind in ([kinds] if isinstance(kinds, str) else kinds)
        )

    def type_of_kind(self, kind: str, node: dict[str, Any], name: str, given: bool) -> str:
        if kind == "array":
            item = self.type_of(node.get("items", {}), name.removesuffix("s"), given)
            return f"{'Sequence' if given else 'list'}[{item}]"
        if kind != "object":
            return SCALARS[kind]
        if given:
            return "Mapping[str, Any]"
        if "properties" in node or "allOf" in node:
            self.write(name, node, given)
            return name
        values = node.get("additionalProperties", True)
        return f"dict[str, {self.type_of(values, name + 'Value', given) if isinstance(values, dict) else 'Any'}]"

    def write(self, name: str, node: dict[str, Any], given: bool, without: tuple[str, ...] = ()) -> None:
        """Appends the class, or two where some keys must be there: this way Python 3.10 needs no NotRequired."""
        bases = [self.base(part["$ref"], given) for part in node.get("allOf", ())]
        required = set(node.get("required", ()))
        members: dict[bool, list[str]] = {True: [], False: []}
        for key, value in node.get("properties", {}).items():
            if key not in without:
                kind = self.type_of(value, name + camel(key), given)
                if given and key not in required:
                    kind = join([*kind.split(" | "), "None"])  # as good as not given
                line = f"    {key}: {kind}\n"
                members[key in required].append(line + docstring(describe(value), "    "))
        summary = docstring(node.get("description", ""), "    ")
        if members[True]:
            needed = f"_{name}Required" if members[False] else name
            bases = [self.class_(needed, bases, "" if members[False] else summary, members[True], total=True)]
        if members[False] or not members[True]:
            self.class_(name, bases, summary, members[False], total=False)

    def base(self, reference: str, given: bool) -> str:
        key, _ = self.definition(reference)
        return OPTIONS[key][0] if given else camel(key)

    def class_(self, name: str, bases: list[str], summary: str, members: list[str], total: bool) -> str:
        inherits = ", ".join(bases or ["TypedDict"]) + ("" if total else ", total=False")
        parts = ([summary] if summary else []) + members
        self.classes.append(f"class {name}({inherits}):\n" + ("\n".join(parts) or "    pass\n"))
        return name


def join(types: Any) -> str:
    return " | ".join(dict.fromkeys(types))


def describe(node: dict[str, Any]) -> str:
    text: str = node.get("description", "")
    if "default" in node and node["default"] not in ([], {}):
        text += f" Default: {json.dumps(node['default'])}."
    if "minimum" in node and "maximum" in node and node["maximum"] < 2**31 - 1:
        text += f" From {node['minimum']} to {node['maximum']}."
    return text.strip()


def docstring(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = textwrap.wrap(text.replace("\\", "\\\\"), 120 - len(indent) - 6, break_long_words=False)
    end = ' """' if lines[-1].endswith('"') else '"""'
    return f'{indent}"""' + f"\n{indent}".join(lines) + end + "\n"


def generate(schema: dict[str, Any]) -> str:
    writer = Writer(schema)
    known = {*OPTIONS, *RESULTS}
    for key in writer.definitions:
        if key.endswith(("_request", "_options")) and key not in known and key != "adapters_request":
            raise ValueError(f"no Python name is decided for {key}: add it to OPTIONS")
    for key, (name, without) in OPTIONS.items():
        writer.write(name, writer.definitions[key], True, without)
    for key in RESULTS:
        writer.write(camel(key), writer.definitions[key], False)
    return "\n\n".join([HEAD, *writer.classes])


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes gpt4all/types.py from llmodel.schema.json.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if the file is out of date")
    arguments = parser.parse_args()
    text = generate(json.loads(SCHEMA.read_text(encoding="utf-8")))
    if not arguments.check:
        OUTPUT.write_text(text, encoding="utf-8")
        return 0
    if OUTPUT.is_file() and OUTPUT.read_text(encoding="utf-8") == text:
        return 0
    print(f"{OUTPUT} is not what {SCHEMA} gives; run {Path(__file__).name}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
