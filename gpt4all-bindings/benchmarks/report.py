"""Turns results.json into docs/benchmarks.md: a table for each question, and how far the targets are met."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

C_API, PYTHON, TYPESCRIPT = "libllmodel, C API", "libllmodel, Python", "libllmodel, TypeScript"
BENCH, SERVER, LCP, NODE = "llama-bench", "llama-server", "llama-cpp-python", "node-llama-cpp"
LOOP = "a loop in C"
OUR_GRAMMARS, CONVERTER, LLGUIDANCE = "libllmodel, grammars", "llama.cpp's converter", "llguidance"
SCHEMAS = ("1,000 properties", "depth 30", "Pydantic model", "GitHub issue", "enum of 2,000", "pattern")
# How each language reads streams, by what its worker calls it; a worker calls the loop in C "c".
WAYS = {
    "Python": {"threads": "Python, threads", "asyncio": "Python, asyncio"},
    "TypeScript": {"promises": "TypeScript, promises"},
    "Go": {"goroutines": "Go, goroutines"},
    "Java": {"threads": "Java, threads", "virtual": "Java, virtual threads"},
}
ORDER = (
    C_API,
    PYTHON,
    TYPESCRIPT,
    BENCH,
    SERVER,
    LCP,
    NODE,
    LOOP,
    *(way for ways in WAYS.values() for way in ways.values()),
    OUR_GRAMMARS,
    CONVERTER,
    LLGUIDANCE,
)

MIB = float(1 << 20)


@dataclass(frozen=True)
class Column:
    """One measure of a question, with its unit and whom the others are compared with.

    against: another measure of the question, with whose value for the same contender this one is compared instead.
    """

    question: str
    measure: str
    head: str
    reference: str
    scale: float = 1.0
    against: str = ""


@dataclass(frozen=True)
class Table:
    """One section of the page."""

    title: str
    text: str
    columns: Sequence[Column]


TABLES = (
    Table(
        "One stream",
        "A prompt of {n_prompt} tokens that is not cached anywhere, computed in one batch, and {n_gen} tokens decoded "
        "after a short prompt, several times a round. Our numbers are measured by the consumer's clock, from sending "
        "a request to its first piece of text and from there to the last: they include JSON, sampling, detokenising "
        "and, for Python, the binding. llama-bench does none of these; it feeds random tokens to the model.",
        (
            Column("prefill", "prefill", "prefill, tokens/s", BENCH),
            Column("decode", "decode", "decode, tokens/s", BENCH),
        ),
    ),
    Table(
        "Decode beside busy neighbours",
        "The same decoding while no, one or two other processes compute without pause, as on a computer that is in "
        "use. They are not pinned to a core.",
        tuple(
            Column("neighbours", f"decode_{level}", f"{beside}, tokens/s", LCP)
            for level, beside in enumerate(("alone", "beside one", "beside two"))
        ),
    ),
    Table(
        "Eight chats at once",
        "Eight conversations sent together, {n_gen} tokens each, in eight sequences that share a cache; all tokens of "
        "all answers divided by the time until the last has ended. llama-server is called over HTTP by a small C++ "
        "client that looks for text in its events but does not parse their JSON.",
        (Column("parallel", "total", "together, tokens/s", SERVER),),
    ),
    *(
        Table(
            f"Streaming from {language}",
            "One model, open in one process, whose streams are read in turn by a loop in C and by each way of the "
            "language, so that any difference is the cost of the binding: one chat, then eight at once, whose pieces "
            "are counted while all eight are being written.",
            (
                Column("streaming", f"{language} single", "one stream, pieces/s", LOOP),
                Column("streaming", f"{language} eight", "eight streams, pieces/s", LOOP),
            ),
        )
        for language in WAYS
    ),
    Table(
        "Beside another SDK in one process",
        "Decoding of one stream, as above, through a binding of ours and another SDK for the same language: each in a "
        "process of its own, and both in one, where they answer in turn. Each brings its own build of llama.cpp; the "
        "one that is loaded first would lend the other its functions if these were not kept apart. An SDK that gave "
        "another answer than alone, or ended the process, would be named as not measured instead. × is the ratio to "
        "the same SDK alone in the same round.",
        (
            Column("beside", "alone", "alone, tokens/s", ""),
            Column("beside", "first", "loaded first, tokens/s", "", against="alone"),
            Column("beside", "second", "loaded second, tokens/s", "", against="alone"),
        ),
    ),
    Table(
        "Grammars of JSON Schemas",
        "From a JSON Schema to what a model can be held to, without anything remembered: by our compiler, by "
        "llama.cpp's own converter, and by llguidance. The first two include llama.cpp's reading of the grammar. They "
        "do not promise the same: the converter leaves out keywords in silence, and llguidance does its work later, "
        "for each token. XGrammar is not measured, since it cannot be imported without PyTorch.",
        tuple(Column("schemas", f"compile {name}", f"{name}, ms", OUR_GRAMMARS, 1e3) for name in SCHEMAS),
    ),
    Table(
        "Masks of grammars",
        "The time for a mask of the whole vocabulary, on one thread, at the tokens of a valid text: the median over "
        "the tokens. Generation asks for one only where the grammar refuses the token that was drawn without it.",
        tuple(Column("schemas", f"mask {name}", f"{name}, ms", OUR_GRAMMARS, 1e3) for name in SCHEMAS),
    ),
    Table(
        "The first token",
        "The wait for the first piece of text after {n_prefix} new tokens (cold), and after the same tokens with a "
        "different ending of {n_tail} tokens (warm), when the prefix is reused.",
        (
            Column("first_token", "cold", "cold, ms", SERVER),
            Column("first_token", "warm", "warm, ms", SERVER),
        ),
    ),
    Table(
        "Loading",
        "From the start of a process until the model is ready, and until one token has been generated and the process "
        "has ended. The file is in the page cache. The interpreter's own start-up is included. llama-server runs with "
        "`--no-warmup`, because the library does not warm up automatically either.",
        (
            Column("load", "ready", "ready, ms", SERVER),
            Column("load", "whole", "one token, ms", BENCH),
        ),
    ),
    Table(
        "Memory",
        "Peak resident memory of the process that holds the model, including the mapped file: during the run of the "
        "first table, with a context of {n_ctx} tokens (llama-bench creates one no longer than each test needs), and "
        "during the eight chats.",
        (
            Column("prefill", "rss", "one stream, MiB", BENCH, 1 / MIB),
            Column("parallel", "rss", "eight chats, MiB", SERVER, 1 / MIB),
        ),
    ),
)


def values(results: dict[str, Any], column: Column, name: str) -> list[float]:
    """A contender's values of a measure, one per turn."""
    measured = results["questions"].get(column.question, {}).get("values", {}).get(column.measure, {})
    return [value * column.scale for value in measured.get(name, [])]


def ratio(results: dict[str, Any], column: Column, name: str, reference: str) -> float | None:
    """The median over the turns of a contender's value divided by the reference's in the same turn."""
    other = values(results, column, reference)
    if column.against:
        other = values(results, replace(column, measure=column.against), name)
    pairs = zip(values(results, column, name), other, strict=False)
    ratios = [ours / theirs for ours, theirs in pairs]
    return statistics.median(ratios) if ratios else None


def number(value: float) -> str:
    """With three digits or more."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(results: dict[str, Any], column: Column, name: str) -> str:
    """Median, range, and the ratio to the reference."""
    found = values(results, column, name)
    if not found:
        return "–"
    text = f"**{number(statistics.median(found))}** ({number(min(found))} to {number(max(found))})"
    compared = ratio(results, column, name, column.reference)
    if compared is None or name == column.reference:
        return text
    return f"{text} × {compared:.2f}" if compared >= 0.01 else f"{text} × {compared:.4f}"


def table(results: dict[str, Any], spec: Table) -> Iterator[str]:
    """The lines of a section; none if its question was not asked."""
    present = [name for name in ORDER if any(values(results, column, name) for column in spec.columns)]
    if not present:
        return
    yield f"## {spec.title}"
    yield ""
    yield spec.text.format(**results["settings"])
    yield ""
    yield "| | " + " | ".join(column.head for column in spec.columns) + " |"
    yield "| --- |" + " ---: |" * len(spec.columns)
    for name in present:
        yield f"| {name} | " + " | ".join(cell(results, column, name) for column in spec.columns) + " |"
    references = sorted({column.reference for column in spec.columns if column.reference in present})
    if references:
        yield ""
        yield f"× is the ratio to {' and '.join(references)} in the same turn."
    yield ""


@dataclass(frozen=True)
class Target:
    """What a ratio must be."""

    what: str
    column: Column
    name: str
    reference: str
    least: float


_DECODE = Column("decode", "decode", "", BENCH)
_TOTAL = Column("parallel", "total", "", SERVER)
TARGETS = (
    Target("Decoding through Python, compared with llama-bench", _DECODE, PYTHON, BENCH, 0.95),
    Target(
        "Decoding through Python beside one busy neighbour, compared with llama-cpp-python",
        Column("neighbours", "decode_1", "", LCP), PYTHON, LCP, 1.5,
    ),
    Target("Decoding through TypeScript, compared with node-llama-cpp", _DECODE, TYPESCRIPT, NODE, 1.0),
    Target("Eight chats through the C API, compared with llama-server", _TOTAL, C_API, SERVER, 1.0),
    *(
        Target(
            f"{count.capitalize()} through {way}, compared with the loop in C",
            Column("streaming", f"{language} {measure}", "", LOOP), way, LOOP, least,
        )
        for language, ways, least in ((each, ways, 0.97 if each == "Python" else 0.95) for each, ways in WAYS.items())
        for way in ways.values()
        for count, measure in (("one stream", "single"), ("eight streams", "eight"))
    ),
)  # fmt: skip


def targets(results: dict[str, Any]) -> Iterator[str]:
    """The lines of the section that says what is reached."""
    rows = []
    for target in TARGETS:
        found = ratio(results, target.column, target.name, target.reference)
        if found is not None:
            reached = "yes" if found >= target.least else "**no**"
            rows.append(f"| {target.what} | {target.least:.2f} | {found:.3f} | {reached} |")
    if rows:
        yield from ("## Targets", "", "| | at least | measured | reached |", "| --- | ---: | ---: | --- |", *rows, "")


def facts(results: dict[str, Any]) -> Iterator[str]:
    """Where, when and with what it was measured."""
    machine, versions, settings = results["machine"], results["versions"], results["settings"]
    yield f"* **Date** {results['date']}, {results['rounds']} rounds"
    sets = ", ".join(machine["instruction_sets"]) or "not known"
    size = f"{machine['cores']} cores, {machine['memory_gib']:.0f} GiB"
    yield f"* **Machine** {machine['cpu']}, {size}, {machine['system']}"
    yield f"* **Instruction sets** {sets}"
    yield f"* **Load** {machine['load']:.2f} before the first round"
    yield (
        f"* **Model** {settings['model']}; {settings['threads']} threads; n_batch and n_ubatch {settings['n_prompt']};"
        " flash attention on; temperature 0"
    )
    yield "* **Versions** " + ", ".join(f"{name} {version}" for name, version in versions.items())
    for question, entry in results["questions"].items():
        if "date" in entry:
            there, threads = entry["machine"], entry["threads"]
            told = f"{entry['rounds']} rounds, {threads} thread{'s' if threads > 1 else ''}, {there['cpu']}"
            told += f", load {there['load']:.2f} before it"
            if there["load"] > 0.5:
                told += " (other programs were running: a ratio is only as good as the ranges are narrow)"
            yield f'* **Asked again** "{question}" on {entry["date"]}, {told}'
        for name, failure in entry.get("failures", {}).items():
            yield f'* **Not measured** {name} in "{question}": {failure.splitlines()[-1] if failure else "failed"}'


def page(results: dict[str, Any], plot: str | None) -> str:
    """docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. The underlying numbers are in",
        "[benchmarks/results.json](benchmarks/results.json).",
        "",
        *facts(results),
        "",
        "Everything was measured in one run, but for what was asked again. In each round, every contender runs in",
        "turn, in a process of its own, and each turn begins with a different one, so that what disturbs the",
        "machine disturbs all of them. Numbers are medians over the turns, with the minimum and maximum in",
        "brackets; ratios are medians of the turns' ratios. libllmodel, llama-bench and llama-server are built from",
        "the same source with the same flags; the other two are built the way their makers publish them.",
        "",
    ]
    if plot:
        lines += [f"![Decode speed with 0, 1 and 2 busy neighbour processes]({plot})", ""]
    lines += targets(results)
    for spec in TABLES:
        lines += table(results, spec)
    return "\n".join(lines).rstrip("\n") + "\n"
