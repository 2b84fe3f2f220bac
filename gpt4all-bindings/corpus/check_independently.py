"""Compares the corpus's expected values with other implementations, and writes results/independent_check.json.

It does not use the library at all: the values in cases/*.json are compared with
- jinja2 (ImmutableSandboxedEnvironment with trim_blocks and lstrip_blocks) for templates,
- Hugging Face tokenizers, built from the vocabularies in the GGUF files, for tokens,
- transformers on the F32 weights for greedy continuations and log-likelihoods,
- jsonschema and Python's regular expressions for constrained answers.

Needs: pip install torch transformers tokenizers jinja2 jsonschema gguf numpy; and for
check_score_against_transformers.py, whose reading of weights it shares, the gpt4all package (or its needs: cffi).

Usage: python check_independently.py [--date YYYY-MM-DD]
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import platform
import re
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import gguf
import jinja2.sandbox
import jsonschema
import numpy as np
import tokenizers

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]

Json = dict[str, Any]
RESULTS = HERE / "results" / "independent_check.json"
TINY = "tiny-llama-f32"
TEXT = "/result/choices/0/text"
CONTENT = "/result/choices/0/message/content"


class NotCoveredError(Exception):
    """Nothing here can tell what the value should be."""


@lru_cache
def reader(model: str) -> gguf.GGUFReader:
    entry = json.loads((HERE / "models.json").read_text(encoding="utf-8"))["models"][model]
    folder = Path.home() / ".cache" / "gpt4all" / "models" if "source" in entry else HERE
    if not (folder / entry["file"]).is_file():
        raise NotCoveredError(f"{folder / entry['file']} is not there")
    return gguf.GGUFReader(folder / entry["file"])


@cache
def value(model: str, key: str) -> Any:
    field = reader(model).fields.get(key)
    return None if field is None else field.contents()


@lru_cache
def tokenizer(model: str) -> tokenizers.Tokenizer:
    """The model's vocabulary as a Hugging Face tokenizer."""
    kind, texts = value(model, "tokenizer.ggml.model"), value(model, "tokenizer.ggml.tokens")
    types = value(model, "tokenizer.ggml.token_type")
    ids = {text: index for index, text in enumerate(texts)}
    if kind == "llama":
        scores = value(model, "tokenizer.ggml.scores")
        pairs = []
        for text, index in ids.items():
            if types[index] == gguf.TokenType.NORMAL:
                cuts = [(text[:cut], text[cut:]) for cut in range(1, len(text))]
                pairs += [(-scores[index], left, right) for left, right in cuts if left in ids and right in ids]
        merges = [(left, right) for _, left, right in sorted(pairs)]
        made = tokenizers.Tokenizer(
            tokenizers.models.BPE(ids, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
        )
        steps = [tokenizers.normalizers.Prepend("\u2581"), tokenizers.normalizers.Replace(" ", "\u2581")]
        made.normalizer = tokenizers.normalizers.Sequence(steps)
    elif kind == "gpt2":
        merges = [tuple(merge.split(" ")) for merge in value(model, "tokenizer.ggml.merges")]
        made = tokenizers.Tokenizer(tokenizers.models.BPE(ids, merges))
        before = [tokenizers.pre_tokenizers.Digits(individual_digits=True), tokenizers.pre_tokenizers.ByteLevel(False)]
        made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(before)
        special = [text for text, index in ids.items() if types[index] == gguf.TokenType.CONTROL]
        made.add_special_tokens(special)
    else:
        raise NotCoveredError(f"no tokenizer here for a vocabulary of the kind {kind}")
    return made


def tokens_of(model: str, text: str, special: bool) -> list[int]:
    if not text:
        ids: list[int] = []
    else:
        ids = list(tokenizer(model).encode(text, add_special_tokens=False).ids)
    return [value(model, "tokenizer.ggml.bos_token_id"), *ids] if special and model == TINY else ids


@lru_cache
def weights() -> Any:
    import torch
    from check_score_against_transformers import load_reference

    torch.set_num_threads(1)  # the model is so small that threads would mostly wait for each other
    return load_reference(HERE / "models" / f"{TINY}.gguf")


def rows(tokens: list[int]) -> np.ndarray[Any, Any]:
    return cached_rows(tuple(tokens))


@lru_cache(maxsize=4096)
def cached_rows(tokens: tuple[int, ...]) -> np.ndarray[Any, Any]:
    from check_score_against_transformers import reference_rows

    model = weights()
    return reference_rows(model, list(tokens))


def text_of(model: str, ids: list[int]) -> str:
    texts = value(model, "tokenizer.ggml.tokens")
    data = b""
    for index in ids:
        text = texts[index]
        data += bytes([int(text[3:5], 16)]) if re.fullmatch("<0x..>", text) else text.replace("\u2581", " ").encode()
    return data.decode("utf-8", "ignore")


def greedy(case: Json, step: Json) -> list[int]:
    """The tokens that transformers chooses."""
    request = step["request"]
    plain = {
        "prompt",
        "messages",
        "temperature",
        "max_tokens",
        "return_tokens",
        "stream",
        "logprobs",
        "n",
        "ignore_eos",
    }
    if case["model"] != TINY or set(request) - plain - {"top_logprobs"} or "max_tokens" not in request:
        raise NotCoveredError("only plain greedy requests to the F32 model")
    if request.get("temperature") != 0 or "lora" in json.dumps(case["steps"]):
        raise NotCoveredError("not greedy")
    if step["operation"] == "chat":
        tokens = chatml_tokens(case, request["messages"])
    elif isinstance(request["prompt"], str):
        tokens = tokens_of(TINY, request["prompt"], special=True)
    else:
        raise NotCoveredError("a prompt of tokens")
    ends = {value(TINY, f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot")}
    made: list[int] = []
    for _ in range(request["max_tokens"]):
        row = rows(tokens + made)[-1].copy()
        if request.get("ignore_eos"):
            row[list(ends)] = -np.inf
        best = int(row.argmax())
        if best in ends:
            break
        made.append(best)
    return made


def chatml_tokens(case: Json, messages: list[Json]) -> list[int]:
    raise NotCoveredError("conversations: special tokens between texts")


def check_generation(case: Json, step: Json, expectation: Json) -> bool:
    if expectation["at"] != TEXT or "equals" not in expectation:
        raise NotCoveredError(expectation["at"])
    request = step["request"]
    if "json_schema" in request:
        jsonschema.validate(json.loads(expectation["equals"]), request["json_schema"])
        return True
    if "regex" in case:
        return re.fullmatch(case["regex"], expectation["equals"]) is not None
    return bool(text_of(TINY, greedy(case, step)) == expectation["equals"])


def check_logprobs(case: Json, step: Json, expectation: Json) -> bool:
    found = re.fullmatch(r"/result/choices/0/logprobs/content/(\d+)/(id|logprob)", expectation["at"])
    if not found or "grammar" in step["request"]:
        return check_generation(case, step, expectation)
    made, place = greedy(case, step), int(found[1])
    if found[2] == "id":
        return bool(made[place] == expectation["equals"])
    before = tokens_of(TINY, step["request"]["prompt"], special=True) + made[:place]
    return bool(abs(float(rows(before)[-1][made[place]]) - expectation["near"]) <= expectation["tolerance"])


def check_score(case: Json, step: Json, expectation: Json) -> bool:
    found = re.fullmatch(r"/result/continuations/(\d+)/(logprob|token_logprobs|greedy|tokens)", expectation["at"])
    if case["model"] != TINY or not found:
        raise NotCoveredError(expectation["at"])
    given, index = step["request"], int(found[1])
    context = given["context"]
    if isinstance(context, str):
        context = tokens_of(TINY, context, special=given.get("add_special", True))
    tokens = next(item["equals"] for item in step["expect"] if item["at"] == f"/result/continuations/{index}/tokens")
    if found[2] == "tokens":
        if not isinstance(given["continuations"][index], str):
            return bool(tokens == given["continuations"][index])
        text = text_of(TINY, tokens)
        # The vocabulary puts a space before the first word of all.
        return (text if context else text.removeprefix(" ")) == given["continuations"][index] or (
            len(context) == 1 and text.removeprefix(" ") == given["continuations"][index]
        )
    predictions = rows(context + tokens)[len(context) - 1 : -1]
    each = predictions[np.arange(len(tokens)), tokens]
    if found[2] == "greedy":
        return bool(bool((predictions.argmax(axis=-1) == np.array(tokens)).all()) == expectation["equals"])
    if found[2] == "logprob":
        return bool(abs(float(each.sum()) - expectation["near"]) <= expectation["tolerance"])
    return bool(float(np.abs(each - expectation["near"]).max()) <= expectation["tolerance"])


def check_template(case: Json, step: Json, expectation: Json) -> bool:
    if expectation["at"] != "/result/prompt":
        raise NotCoveredError(expectation["at"])
    options, request, model = case["steps"][0]["options"], step["request"], case["model"]
    source = options.get("chat_template") or value(model, "tokenizer.chat_template")
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda item, **_: json.dumps(item, ensure_ascii=False)
    texts = value(model, "tokenizer.ggml.tokens")

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    messages = [dict(message) for message in request["messages"]]
    if any(message.get("tool_calls") for message in messages) or "tools" in request:
        raise NotCoveredError("arguments of tool calls may be given as text or as an object")
    prompt = environment.from_string(source).render(
        messages=messages,
        add_generation_prompt=request.get("add_generation_prompt", True),
        bos_token=texts[value(model, "tokenizer.ggml.bos_token_id")],
        eos_token=texts[value(model, "tokenizer.ggml.eos_token_id")],
        raise_exception=refuse,
        **{**options.get("chat_template_kwargs", {}), **request.get("chat_template_kwargs", {})},
    )
    # The special token at the beginning is put there when the prompt becomes tokens.
    bos = texts[value(model, "tokenizer.ggml.bos_token_id")]
    return expectation["equals"] in (prompt, prompt.removeprefix(bos))


def check_tokens(case: Json, step: Json, expectation: Json) -> bool:
    content, model = step["request"].get("content", step["request"].get("prompt")), case["model"]
    if not isinstance(content, str) or re.search(r"<s>|<\|im", content):
        raise NotCoveredError("token ids, or names of special tokens")
    ids = tokens_of(model, content, special=step["request"].get("add_special", step["operation"] == "count_tokens"))
    if step["operation"] == "count_tokens":
        return bool(len(ids) == expectation["equals"])
    return bool(ids == expectation["equals"])


def check_text(case: Json, step: Json, expectation: Json) -> bool:
    tokens, model = step["request"]["tokens"], case["model"]
    if model == "smollm2":
        made = tokenizer(model)
        made.decoder = tokenizers.decoders.ByteLevel()
        special = step["request"].get("special", True)
        return bool(made.decode(tokens, skip_special_tokens=not special) == expectation["equals"])
    if model != TINY or any(value(model, "tokenizer.ggml.token_type")[token] != 1 for token in tokens):
        raise NotCoveredError("bytes and special tokens")
    return bool(text_of(model, tokens).removeprefix(" ") == expectation["equals"].removeprefix(" "))


CHECKS: dict[str, Callable[[Json, Json, Json], bool]] = {
    "complete": check_logprobs,
    "chat": check_generation,
    "score": check_score,
    "apply_template": check_template,
    "tokenize": check_tokens,
    "count_tokens": check_tokens,
    "detokenize": check_text,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", default=datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    arguments = parser.parse_args()
    total, values = 0, 0
    topics: dict[str, Json] = {}
    wrong: list[str] = []
    for path in sorted((HERE / "cases").glob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        counts = topics[file["topic"]] = {"cases": len(file["cases"]), "covered": 0}
        for case in file["cases"]:
            total += 1
            covered = False
            for step in case["steps"]:
                check = CHECKS.get(step.get("operation", ""))
                for expectation in step.get("expect", []) if check and step.get("status", "ok") == "ok" else []:
                    try:
                        agrees = check is not None and check(case, step, expectation)
                    except NotCoveredError:
                        continue
                    except (jsonschema.ValidationError, ValueError, jinja2.TemplateError) as error:
                        agrees = False
                        print(error, file=sys.stderr)
                    covered, values = True, values + 1
                    if not agrees:
                        wrong.append(f"{case['id']} {expectation['at']}")
            counts["covered"] += covered
    covered_cases = sum(counts["covered"] for counts in topics.values())
    disagreeing = {line.split()[0] for line in wrong}
    print("\n".join(wrong))
    print(
        f"{covered_cases} of {total} cases are covered, with {values} values; "
        f"{covered_cases - len(disagreeing)} cases agree, {len(disagreeing)} do not"
    )
    packages = ("torch", "transformers", "tokenizers", "jinja2", "jsonschema", "gguf", "numpy")
    result = {
        "date": arguments.date,
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "cases": total,
        "covered": covered_cases,
        "agreeing": covered_cases - len(disagreeing),
        "values": values,
        "disagreeing": wrong,
        "topics": topics,
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
