"""Writes cases/*.json: what sources/ says, with what the Python binding answers as the expected values.

A float of a former run is kept where it is within its tolerance, and a lead where it is large enough, so that another
machine changes nothing.

A case is refused whose answer might be another one on another machine:
- where a greedily chosen token is less than MARGIN nats ahead of the next one, or MARGIN_QUANTIZED (constrained
  answers, in which the next one may be forbidden, are left to the second rule, and to check_independently.py);
- where an expectation does not hold when the model computes in other ways (VARIANTS);
- where any of this is so with another of the library's CPU modules that this processor can run.
A case that was admitted stays if it has half the lead on another machine.

Needs the gpt4all package, and the models. GPT4ALL_LIBRARY may name its library; that of `ci.build modules llmodel`
has a CPU module for each set of instructions, which the third rule needs.

Usage: python -m corpus_tools.generate [--check | --admit] [--one-way] [TOPIC ...]
"""

from __future__ import annotations

import argparse
import copy
import enum
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from gpt4all import LLModelError, devices

from . import sources
from .expectations import at, check, check_status
from .places import CORPUS, Json
from .runner import Case, MissingModelError, model_path

MARGIN = 0.02
# Kernels for quantised weights round activations, each in its own way; implementations were seen to differ by 0.25.
MARGIN_QUANTIZED = 0.35
QUANTIZED = (
    "smollm2",
    "tiny-llama-q8_0",
    "tiny-llama-q4_0",
    "tiny-llama-advice",
    *(f"shakespeare-{n}" for n in ("gptj", "mpt", "llama")),
)
VARIANTS: list[Json] = [
    {"flash_attn": "off"},
    {"cache_type_k": "f32", "cache_type_v": "f32"},
    {"repack": False, "threads": 2},
]
VALUES = ("equals", "near", "cosine", "contains", "absent", "same_as", "differs_from")
CONSTRAINTS = ("grammar", "json_schema", "response_format", "tools", "logit_bias")
EXACT = ("tokenize", "detokenize", "count_tokens", "apply_template", "adapters")  # nothing is computed in floats
PENALTIES = ("repeat_penalty", "frequency_penalty", "presence_penalty", "dry_multiplier", "ignore_eos")


class RefusedError(Exception):
    """A case that must not be in the corpus as it is."""


def value_of(expectation: Json, found: Any) -> Json:
    """The expectation with the value that was found, rounded where it is compared with a tolerance."""
    if "at_least" in expectation:
        return {"at": expectation["at"], "cosine": rounded(found, 4), "at_least": expectation["at_least"]}
    if "tolerance" in expectation:
        return {"at": expectation["at"], "near": rounded(found, 6), "tolerance": expectation["tolerance"]}
    return {**expectation, "equals": found}


def rounded(value: Any, digits: int) -> Any:
    return [rounded(item, digits) for item in value] if isinstance(value, list) else round(value, digits)


def fill(source: Json, former: Json | None) -> Json:
    """The case with the values that the binding gives."""
    case = copy.deepcopy(source)
    with tempfile.TemporaryDirectory() as scratch:
        running = Case(case, Path(scratch))
        for number, (step, outcome) in enumerate(running.run()):
            check_status(step, outcome)
            target = case["steps"][number]
            for place, expectation in enumerate(target.get("expect", [])):
                if not any(key in expectation for key in VALUES):
                    try:
                        found = at(outcome, expectation["at"])
                    except (KeyError, IndexError, TypeError):
                        raise RefusedError(f"nothing at {expectation['at']} in {outcome}") from None
                    kept = former_expectation(former, number, place, expectation)
                    filled = kept if kept and holds(kept, outcome) else value_of(expectation, found)
                    target["expect"][place] = filled
                check(target["expect"][place], outcome, running.outcomes)
    return case


def former_expectation(former: Json | None, number: int, place: int, expectation: Json) -> Json | None:
    """What a former run found, if it was for the same expectation on floats."""
    try:
        kept: Json = (former or {})["steps"][number]["expect"][place]
    except (KeyError, IndexError):
        return None
    values = {key: value for key, value in kept.items() if key not in VALUES}
    return kept if values == expectation and ("near" in kept or "cosine" in kept) else None


def holds(expectation: Json, outcome: Any) -> bool:
    try:
        check(expectation, outcome, [])
    except (AssertionError, ValueError, TypeError):
        return False
    return True


def try_variants(case: Json) -> None:
    """Refuses a case whose expectations do not hold when the model computes in another way."""
    # a large model takes long to open: all at once
    variants = [{k: v for each in VARIANTS for k, v in each.items()}] if case["model"] == "smollm2" else VARIANTS
    for variant in variants:
        changed = copy.deepcopy(case)
        for step in changed["steps"]:
            if step["do"] == "open":
                # what a case is about stays as it is; the number of threads is in every case, and never that
                threads = {"threads": variant["threads"]} if "threads" in variant else {}
                step["options"] = {**variant, **step["options"], **threads}
        with tempfile.TemporaryDirectory() as scratch:
            running = Case(changed, Path(scratch))
            try:
                for step, outcome in running.run():
                    check_status(step, outcome)
                    for expectation in step.get("expect", []):
                        check(expectation, outcome, running.outcomes)
            except AssertionError as error:
                raise RefusedError(f"with {variant}: {error}") from None


def margin(case: Json) -> float | None:
    """The smallest distance of a greedily chosen token from the next one, in nats; None if nothing is so chosen."""
    asked = copy.deepcopy(case)
    greedy: list[int] = []
    for number, step in enumerate(asked["steps"]):
        request = step.get("request", {})
        chat = step.get("operation") == "chat" or step["do"] == "say"
        if not (chat or step.get("operation") == "complete") or request.get("temperature") != 0:
            continue
        if step.get("status", "ok") != "ok" or any(key in request for key in CONSTRAINTS):
            continue
        request |= {"logprobs": True, "top_logprobs": 20} if chat else {"n_probs": 20}
        if not chat:
            request.pop("logprobs", None)
        request.pop("post_sampling_probs", None)
        greedy.append(number)
    with tempfile.TemporaryDirectory() as scratch:
        running = Case(asked, Path(scratch))
        for _ in running.run():
            pass
    found = [
        token_margin(token, free=not any(key in asked["steps"][number]["request"] for key in PENALTIES))
        for number in greedy
        for choice in running.outcomes[number]["result"]["choices"]
        for token in choice["logprobs"]["content"]
    ]
    return min(found) if found else None


def token_margin(token: Json, free: bool) -> float:
    """How far the token is ahead; where penalties may have put it there (not free), how far from its neighbours."""
    others = [other["logprob"] for other in token["top_logprobs"] if other["id"] != token["id"]]
    lead = float(token["logprob"]) - max(others)
    return lead if free else float(min(abs(token["logprob"] - other) for other in others))


def computes(step: Json) -> bool:
    """Whether a step has the model computed."""
    calls = step.get("requests", [step])
    return step["do"] == "say" or any(call.get("operation", EXACT[0]) not in EXACT for call in calls)


class Mode(enum.Enum):
    """What is done with what comes out."""

    WRITE = "write"
    ADMIT = "admit"  # compare it with the file, on a module that the author had
    CHECK = "check"  # compare it with the file, on any machine


def generate(source: Json, former: Json | None, mode: Mode, variants: bool = True) -> Json:
    case = fill(source, former)
    if not any(computes(step) for step in case["steps"]):
        return case
    least = margin(case)
    if least is not None:
        needed = MARGIN_QUANTIZED if case["model"] in QUANTIZED else MARGIN
        if least < (needed / 2 if mode is Mode.CHECK else needed):
            raise RefusedError(f"a token is chosen by a margin of {least:.4f} nats only")
        kept = (former or {}).get("margin")
        same = kept is not None and (mode is not Mode.WRITE or abs(kept - least) <= 0.25 * kept)
        least = kept if same else round(least, 2)
    if variants:
        try_variants(case)
    head = {key: case[key] for key in ("id", "title", "model")}
    return {**head, **({} if least is None else {"margin": least}), **case}


def generate_file(topic: str, path: Path, mode: Mode, variants: bool = True) -> tuple[str, list[str]]:
    """The text of a topic's file, and what was refused."""
    module = importlib.import_module(f"{sources.__name__}.{topic}")
    former: dict[str, Json] = {}
    if path.is_file():
        former = {case["id"]: case for case in json.loads(path.read_text(encoding="utf-8"))["cases"]}
    cases, refused = [], []
    for source in module.cases():
        source = {**source, "id": f"{topic}-{source['id']}"}
        try:
            model_path(source["model"])
            cases.append(generate(source, former.get(source["id"]), mode, variants))
        except MissingModelError as error:
            if source["id"] not in former:
                refused.append(f"{source['id']}: {error}")
            else:
                print(f"{source['id']}: kept, as {error}")
                cases.append(former[source["id"]])
        except (RefusedError, AssertionError, LLModelError) as error:
            refused.append(f"{source['id']}: {error}")
    cases.sort(key=lambda case: str(case["id"]))
    file = {"$schema": "../cases.schema.json", "topic": topic, "description": module.DESCRIPTION, "cases": cases}
    return dump(file) + "\n", refused


def dump(value: Any, indent: str = "") -> str:
    """JSON with everything on one line that fits there, and arrays of numbers always."""
    line = json.dumps(value, ensure_ascii=False)
    numbers = isinstance(value, list) and all(isinstance(item, int | float) for item in value)
    if len(indent) + len(line) <= 120 or numbers or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key, ensure_ascii=False)}: {dump(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + dump(item, inner) for item in value) + f"\n{indent}]"


def check_topic(topic: str, path: Path, mode: Mode, variants: bool) -> bool:
    """Whether a topic's file is what comes out now; prints what is not."""
    text, refused = generate_file(topic, path, mode, variants)
    there = path.read_text(encoding="utf-8") if path.is_file() else ""
    cases = json.loads(text)["cases"]
    known = [dump(case) for case in (json.loads(there)["cases"] if there else [])]
    changed = [case["id"] for case in cases if dump(case) not in known]
    for line in [*refused, *(f"{id_}: comes out otherwise than it is in the file" for id_ in changed)]:
        print(line, file=sys.stderr)
    same = text == there
    print(f"{topic}: {len(cases)} cases, {'as they should be' if same else 'not as they are in the file'}", flush=True)
    return same and not refused


def write_topic(topic: str, path: Path) -> bool:
    """Writes a topic's file; False if a case was refused."""
    text, refused = generate_file(topic, path, Mode.WRITE)
    for line in refused:
        print(line, file=sys.stderr)
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{topic}: {len(json.loads(text)['cases'])} cases", flush=True)
    return not refused


def check_on_modules(topics: list[str]) -> bool:
    """Checks what was written with each CPU module, in processes of their own, as a process loads one only."""
    usable = [module for module in devices()["backends"] if module["name"] == "cpu" and module.get("score", 0) > 0]
    names = [module["variant"] for module in usable if "variant" in module]
    if not names:
        print("not tried with other CPU modules: the library has none", file=sys.stderr)
    wrong = []
    for name in names:
        print(f"with the CPU module {name}:", flush=True)
        variables = {**os.environ, "GPT4ALL_CPU_MODULE": name}
        command = [sys.executable, "-m", "corpus_tools.generate", "--admit", *topics]
        if subprocess.run(command, env=variables, check=False).returncode:
            wrong.append(name)
    if wrong:
        print(f"there are cases that do not hold with {', '.join(wrong)}: mend them in sources/", file=sys.stderr)
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_mutually_exclusive_group()
    text = "write nothing, fail if a file would change"
    modes.add_argument("--check", dest="mode", action="store_const", const=Mode.CHECK, default=Mode.WRITE, help=text)
    text = "as --check, with the leads that a new case must have"
    modes.add_argument("--admit", dest="mode", action="store_const", const=Mode.ADMIT, help=text)
    text = "with --check or --admit: without the second rule, that the model may compute in other ways"
    parser.add_argument("--one-way", action="store_true", help=text)
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    arguments = parser.parse_args()
    if arguments.one_way and arguments.mode is Mode.WRITE:
        parser.error("--one-way needs --check or --admit: what is written must hold in every way")
    every = sorted(name for _, name, _ in pkgutil.iter_modules(sources.__path__) if not name.startswith("_"))
    topics = arguments.topics or every
    mode: Mode = arguments.mode
    paths = {topic: CORPUS / "cases" / f"{topic}.json" for topic in topics}
    if mode is Mode.WRITE:
        done = [*(write_topic(topic, path) for topic, path in paths.items()), check_on_modules(topics)]
    else:
        done = [check_topic(topic, path, mode, not arguments.one_way) for topic, path in paths.items()]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
