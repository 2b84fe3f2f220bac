"""What the site shows of the code and of files beside it. A page has it where it says `<!-- generate: NAME -->`."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BINDING = ROOT / "gpt4all-bindings" / "python"

Generator = Callable[..., str]


def row(*cells: object) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", str(cell)).replace("\n", " ") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: list[str]) -> str:
    return "\n".join([row(*head), row(*["---"] * len(head)), *rows])


# ------------------------------------------------------------------------------------------------------------ catalogue


def catalogue() -> str:
    """The models of the catalogue, a table for each kind."""
    from gpt4all import models

    entries = models.catalogue()
    titles = {"chat": "For chat", "completion": "For completion", "embedding": "For embeddings"}
    parts = []
    for kind, title in titles.items():
        rows = [_model(entry) for entry in entries if entry.kind == kind]
        head = ("Model", "Download", "Memory", "Context")
        parts.append(f'### {title}\n\n<div class="models" markdown>\n\n{table(head, rows)}\n\n</div>')
    return "\n\n".join(parts)


def _model(entry: Any) -> str:
    plain = "-".join(entry.name.lower().split())
    name = min(entry.aliases, key=len).lower() if entry.aliases else plain
    name = name if re.fullmatch(r"[\w.-]+", name) else entry.file
    licence = f"[{entry.license.name.removeprefix('LicenseRef-')}]({entry.license.url})"
    about = f"**{entry.name}** `{name}`<br>{entry.description} Licence: {licence}."
    size = f"{entry.size / 1e9:.1f} GB" if entry.size >= 1e9 else f"{entry.size / 1e6:.0f} MB"
    return row(about, size, f"{entry.ram_gb:g} GB", f"{entry.context_length:,}")


# --------------------------------------------------------------------------------------------------------- command line


def command_line() -> str:
    """Each command with its arguments, options and examples, from the typer app."""
    import typer
    from gpt4all._cli.app import app

    group: Any = typer.main.get_command(app)
    return "\n\n".join(_commands(group, "gpt4all"))


def _commands(group: Any, name: str) -> Iterator[str]:
    yield _command(group, name)
    for own, command in getattr(group, "commands", {}).items():
        yield from _commands(command, f"{name} {own}")


def _command(command: Any, name: str) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    text, _, examples = command.help.partition("\b\nExamples:\n")
    examples, _, rest = examples.partition("\n\b\n")
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parameters = [_parameter(each, context) for each in command.get_params(context) if not each.hidden]
    parts = [
        f"## {name}",
        _prose(text),
        f"```text\n{usage}\n```",
        table(("Argument or option", ""), parameters),
        "```sh\n" + "\n".join(line.strip() for line in examples.strip().splitlines()) + "\n```",
        _prose(rest),
    ]
    return "\n\n".join(part for part in parts if part)


def _prose(text: str) -> str:
    return html.escape(" ".join(text.replace("\b", "").split()), quote=False)


def _parameter(parameter: Any, context: Any) -> str:
    names, text = parameter.get_help_record(context)
    if parameter.param_type_name == "argument":
        names = parameter.metavar
    text, _, bounds = text.partition("  [")  # which the help line ends with: "[default: 0; x>=0]"
    default = re.match(r"default: (.+?)(?:;|]$)", bounds)
    names = re.sub(r"<(?:list\[)?(\w+)[^>]*>", r"<\1>", names)
    return row(f"`{names}`", _prose(text) + (f" Default: `{default[1]}`." if default else ""))


def chat_commands() -> str:
    """The /commands of `gpt4all chat`."""
    from gpt4all._cli.chat_commands import COMMANDS

    rows = []
    for each in COMMANDS.values():
        aliases = "".join(f", `/{alias}`" for alias in each.aliases)
        rows.append(row(f"`{f'/{each.name} {each.takes}'.strip()}`{aliases}", each.help[:1].upper() + each.help[1:]))
    return table(("Command", ""), rows)


# ------------------------------------------------------------------------------------------------------------------ API


def public_names() -> str:
    """The names of the package and of gpt4all.models, each with the first sentence of its docstring."""
    import gpt4all
    from gpt4all import models

    parts = []
    for title, module in (("gpt4all", gpt4all), ("gpt4all.models", models)):
        rows = [
            row(f"[`{name}`][{title}.{name}]", _summary(getattr(module, name)))
            for name in sorted(module.__all__, key=str.casefold)
        ]
        parts.append(f"## {title}\n\n" + table(("Name", ""), rows))
    return "\n\n".join(parts)


def _summary(thing: Any) -> str:
    if not callable(thing):
        return f"`{thing!r}`" if isinstance(thing, str) else ""
    text = " ".join((getattr(thing, "__doc__", None) or "").split("\n\n")[0].split())
    if getattr(thing, "__module__", "").startswith(("typing", "collections")):
        return ""
    sentence = re.match(r".*?[.:](?= [A-Z]|$)", text)
    return html.escape(sentence[0] if sentence else text, quote=False)


# ---------------------------------------------------------------------------------------------------------------- files


def include(path: str, section: str = "") -> str:
    """A Markdown file of the repository, or one section of it without the heading."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if section:
        match = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        if match is None:
            raise ValueError(f"{path} has no section {section!r}")
        text = match[1]
    return text.strip()


def conversions() -> str:
    """The smallest cosines that the check of conversions found, by type and architecture."""
    path = ROOT / "gpt4all-bindings" / "corpus" / "results" / "conversions.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    architectures = found["architectures"]
    types = next(iter(architectures.values()))["types"]
    names = {"gptj": "GPT-J", "mpt": "MPT", "llama": "LLaMA"}
    rows = [
        row(type, *(f"{each['types'][type]['cosine_transformers']:.6f}" for each in architectures.values()))
        for type in types
    ]
    versions = found["versions"]
    told = f"Of {found['date']}, with transformers {versions['transformers']} and PyTorch {versions['torch']}."
    return table(("Type", *(names[name] for name in architectures)), rows) + f"\n\n{told}"


def schema_keywords() -> str:
    """What becomes of each keyword of JSON Schema. A test of the lane `schemas` tries every row."""
    path = ROOT / "gpt4all-bindings" / "corpus" / "tools" / "corpus_tools" / "schemas" / "keywords.json"
    rows = []
    for each in json.loads(path.read_text(encoding="utf-8")):
        names = ", ".join(f"`{name}`" for name in each["keywords"])
        names += f", {each['also']}" if each.get("also") else ""
        otherwise = each.get("otherwise", "")
        rows.append(row(names, each["holds"], "checked afterwards" if otherwise == "checked" else otherwise))
    return table(("Keywords", "Enforced", "Otherwise, with `strict` false"), rows)


def retrieval() -> str:
    """What a search of documents finds. The lane `retrieval` fails if it is less."""
    measured = _retrieval_results()["held_out"]
    names = {"words": "Words (BM25)", "vectors": "Meaning (vectors)", "hybrid": "All together"}
    rows = [row(name, *_shares(measured["quality"][method]["all"])) for method, name in names.items()]
    kinds = {"question": "Questions", "identifier": "Identifiers", "language": "Across languages"}
    asked, refusal = measured["questions"], measured["refusal"]
    by_kind = [
        row(f"{name} ({asked[kind]})", *(f"{measured['quality'][each][kind]['recall_5']:.1%}" for each in names))
        for kind, name in kinds.items()
    ]
    told = (
        f"Of the {asked['all']} questions with an answer in these {measured['chunks']:,} chunks, "
        f"{refusal['answered']:.0%} count as answerable, and of the {asked['elsewhere']} without one "
        f"{1 - refusal['refused']:.0%}; the area under the curve of relevance is {refusal['auc']:.3f}."
    )
    return "\n\n".join([table(_MEASURES, rows), table(("Recall@5", *names.values()), by_kind), told])


def chunk_sizes() -> str:
    """What a search finds with chunks of other sizes."""
    rows = []
    for size, each in _retrieval_results()["sizes"].items():
        numbers = each["quality"]["hybrid"]["all"]
        rows.append(
            row(size, f"{each['chunks']:,}", *_shares(numbers), f"{numbers['recall']:.1%} of {each['passages']}")
        )
    return table(("Tokens", "Chunks", *_MEASURES[1:], "Recall of as much text"), rows)


_MEASURES = ("", "Recall@5", "Recall@20", "nDCG@10", "Overlap@5")


def _retrieval_results() -> Any:
    path = BINDING / "tests" / "documents" / "retrieval" / "results.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _shares(numbers: dict[str, float]) -> list[str]:
    return [f"{numbers[name]:.1%}" for name in ("recall_5", "recall_20", "ndcg_10", "overlap_5")]


GENERATORS: dict[str, Generator] = {
    each.__name__: each
    for each in (
        catalogue,
        chat_commands,
        chunk_sizes,
        command_line,
        conversions,
        include,
        public_names,
        retrieval,
        schema_keywords,
    )
}
