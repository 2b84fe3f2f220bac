"""gpt4all/types.py: TypedDicts of options and results.

Options become TypedDicts for the keyword arguments of Model's methods, without what those methods take by name;
objects within them are plain mappings. Results become TypedDicts all the way down.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from generate.definitions import Alternatives, Array, Choice, Field, Map, Object, Scalar, Tuple, Type
from generate.description import Description
from generate.text import SCHEMA, described, notice, pascal, unique

PATH = "gpt4all-bindings/python/gpt4all/types.py"

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
    "score_batch_request": ("ScoreBatchOptions", ("inputs",)),
    "tokenize_request": ("TokenizeOptions", ("content", "with_pieces")),
    "detokenize_request": ("DetokenizeOptions", ("tokens",)),
    "apply_template_request": ("ApplyTemplateOptions", ("return_tokens",)),
    "count_tokens_request": ("CountTokensOptions", ("prompt",)),
    "state_request": ("StateOptions", ()),
    "quantize_options": ("QuantizeOptions", ()),
    "imatrix_options": ("ImatrixOptions", ()),
    "convert_options": ("ConvertOptions", ()),
    "worker_options": ("WorkerOptions", ()),
}
UNNAMED = ("adapters_request", "save_state_request")  # which Python's methods take apart

# In the order in which they are written, so that each stands after what it is made of.
RESULTS = (
    "usage",
    "timings",
    "top_token",
    "token_logprob",
    "logprobs",
    "tool_call",
    "invalid",
    "choice",
    "text_result",
    "chat_result",
    "embed_result",
    "rerank_result",
    "score_result_continuation",
    "score_result",
    "score_batch_result",
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
    "worker_event",
)

HEAD = '''"""The types of options, and of results as the library gives them.
{notice}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict
'''

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "any": "Any"}


def emit(description: Description) -> dict[str, str]:
    classes = [each.source() for each in python_classes(description)]
    return {PATH: "\n\n".join([HEAD.format(notice=notice(SCHEMA)), *classes])}


@dataclass(frozen=True)
class Member:
    """A key of a TypedDict."""

    name: str
    kind: str
    documentation: str
    required: bool

    def source(self) -> str:
        return f"    {self.name}: {self.kind}\n" + docstring(self.documentation, "    ")


@dataclass(frozen=True)
class TypedDict:
    """A class of the module."""

    name: str
    given: bool  # options, rather than a result
    bases: tuple[str, ...]
    documentation: str
    members: tuple[Member, ...]

    def source(self) -> str:
        """The class, or two where only some keys must be there: this way Python 3.10 needs no NotRequired."""
        required = [member.source() for member in self.members if member.required]
        optional = [member.source() for member in self.members if not member.required]
        summary = docstring(self.documentation, "    ")
        if not required:
            return class_(self.name, self.bases, [summary, *optional], total=False)
        if not optional:
            return class_(self.name, self.bases, [summary, *required], total=True)
        needed = f"_{self.name}Required"
        first = class_(needed, self.bases, required, total=True)
        return f"{first}\n\n{class_(self.name, (needed,), [summary, *optional], total=False)}"


def class_(name: str, bases: tuple[str, ...], parts: list[str], total: bool) -> str:
    inherits = ", ".join(bases or ("TypedDict",)) + ("" if total else ", total=False")
    return f"class {name}({inherits}):\n" + ("\n".join(part for part in parts if part) or "    pass\n")


def python_classes(description: Description) -> list[TypedDict]:
    """All classes, each after those that it needs."""
    for each in description.objects():
        if each.name.endswith(("_request", "_options")) and each.name not in (*OPTIONS, *UNNAMED):
            raise ValueError(f"no Python name is decided for {each.name}: add it to OPTIONS of {__file__}")
    collector = _Collector(description)
    for key, (name, without) in OPTIONS.items():
        collector.add(name, description.object(key), True, without)
    for key in RESULTS:
        collector.add(pascal(key), description.object(key), False)
    return collector.classes


class _Collector:
    """Collects classes in the order in which they are written."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.classes: list[TypedDict] = []
        self.collected: set[str] = set()

    def type_of(self, type: Type, given: bool) -> str:
        """The Python type. `given`: by the caller, so that any mapping and sequence will do."""
        type = self.description.resolve(type)
        if isinstance(type, Scalar):
            return SCALARS[type.kind]
        if isinstance(type, Choice):
            return f"Literal[{', '.join(json.dumps(v) if isinstance(v, str) else repr(v) for v in type.values)}]"
        if isinstance(type, Alternatives):
            return join(self.type_of(variant, given) for variant in type.variants)
        if isinstance(type, (Array, Tuple)):
            items = type.items if isinstance(type, Tuple) else (type.items,)
            return f"{'Sequence' if given else 'list'}[{join(self.type_of(item, given) for item in items)}]"
        if given:
            return "Mapping[str, Any]"
        if isinstance(type, Map):
            return f"dict[str, {self.type_of(type.values, given)}]"
        return self.class_of(self.description.object(type.name))

    def class_of(self, object: Object) -> str:
        """The class of an object that the library gives; one that is described in place is collected here."""
        if object.name not in RESULTS and not object.owner:
            raise ValueError(f"{object.name} is part of a result: add it to RESULTS of {__file__}")
        if object.owner and object.name not in self.collected:
            self.collected.add(object.name)
            self.add(pascal(object.name), object, False)
        return pascal(object.name)

    def add(self, name: str, object: Object, given: bool, without: tuple[str, ...] = ()) -> None:
        bases = tuple(OPTIONS[base][0] if given else pascal(base) for base in object.bases)
        members = tuple(
            Member(field.name, self.kind(field, given), described(field), field.required)
            for field in object.fields
            if field.name not in without
        )
        self.classes.append(TypedDict(name, given, bases, object.documentation, members))

    def kind(self, field: Field, given: bool) -> str:
        """The type of a field. What a caller may leave out may be None, too, which is as good as not given."""
        kind = self.type_of(field.type, given)
        return join([kind, "None"]) if field.nullable or (given and not field.required) else kind


def join(types: Iterable[str]) -> str:
    return " | ".join(unique(types))


def docstring(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = textwrap.wrap(text.replace("\\", "\\\\"), 120 - len(indent) - 6, break_long_words=False)
    end = ' """' if lines[-1].endswith('"') else '"""'
    return f'{indent}"""' + f"\n{indent}".join(lines) + end + "\n"
