"""What goes wrong, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import TEXT, TINY, Json, case, contains, equals, exact, greedy, open_, request, step, together, user

DESCRIPTION = "What goes wrong, and how it is told: each status that a user can cause."

REQUESTS: dict[str, tuple[str, str, Json, str, str]] = {
    "unknown-key": (
        "A key that does not exist",
        "complete",
        {"prompt": "x", "temprature": 1},
        "invalid_argument",
        "temprature",
    ),
    "wrong-type": (
        "A text for a number",
        "complete",
        {"prompt": "x", "temperature": "hot"},
        "invalid_argument",
        "temperature",
    ),
    "out-of-range": (
        "A number that is too large",
        "complete",
        {"prompt": "x", "top_p": 1.5},
        "invalid_argument",
        "top_p",
    ),
    "missing-key": ("A key that must be there", "complete", {}, "invalid_argument", "prompt"),
    "bad-role": (
        "A role that does not exist",
        "chat",
        {"messages": [{"role": "king", "content": "x"}]},
        "invalid_argument",
        "role",
    ),
    "no-messages": ("A conversation without messages", "chat", {"messages": []}, "invalid_argument", "messages"),
    "bad-token": ("A token that does not exist", "detokenize", {"tokens": [608]}, "invalid_argument", "608"),
    "negative-token": ("A negative token", "complete", {"prompt": [-1]}, "invalid_argument", "-1"),
    "two-constraints": (
        "A grammar and a schema at once",
        "complete",
        {"prompt": "x", "grammar": 'root ::= "a"', "json_schema": {}},
        "invalid_argument",
        "grammar",
    ),
    "two-forms": (
        "A grammar and a response_format at once",
        "chat",
        {
            "messages": user("x"),
            "grammar": 'root ::= "a"',
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
        },
        "invalid_argument",
        "response_format",
    ),
    "no-tools": (
        "A call is required where there are no tools",
        "chat",
        {"messages": user("x"), "tool_choice": "required"},
        "invalid_argument",
        "tool_choice",
    ),
    "twin-tools": (
        "Two tools of one name",
        "chat",
        {"messages": user("x"), "tools": [{"type": "function", "function": {"name": "twin"}}] * 2},
        "invalid_argument",
        "twin",
    ),
    "bias-beyond": (
        "A bias for a token that does not exist",
        "complete",
        {"prompt": "x", "logit_bias": {"1000000000": 100}},
        "invalid_argument",
        "1000000000",
    ),
    "two-lengths": (
        "The longest answer under two names",
        "complete",
        {"prompt": "x", "max_tokens": 1, "n_predict": 2},
        "invalid_argument",
        "n_predict",
    ),
    "turned-repetition": (
        "A grammar with a repetition whose upper bound is below its lower one",
        "complete",
        {"prompt": "x", "grammar": 'root ::= "a"{3,2}'},
        "grammar_error",
        "at least 3",
    ),
    "left-recursion": (
        "A grammar that begins with itself behind what may be empty",
        "complete",
        {"prompt": "x", "grammar": 'root ::= s root s | "a"\ns ::= " "*'},
        "grammar_error",
        "root",
    ),
    "bad-grammar": (
        "A grammar that cannot be parsed",
        "complete",
        {"prompt": "x", "grammar": "root ::= ("},
        "grammar_error",
        "grammar",
    ),
    "no-root": (
        "A grammar without a root",
        "complete",
        {"prompt": "x", "grammar": 'a ::= "b"'},
        "grammar_error",
        "root",
    ),
    "undefined-rule": (
        "A grammar with a rule that is not there",
        "complete",
        {"prompt": "x", "grammar": "root ::= other"},
        "grammar_error",
        "other",
    ),
    "bad-schema": (
        "A JSON Schema with a reference to nowhere",
        "complete",
        {"prompt": "x", "json_schema": {"$ref": "#/$defs/no"}},
        "grammar_error",
        "no",
    ),
    "bad-pattern": (
        "A JSON Schema with a pattern that is none",
        "complete",
        {"prompt": "x", "json_schema": {"type": "string", "pattern": "^(a$"}},
        "grammar_error",
        "pattern",
    ),
    "no-reranker": (
        "Reranking with a model that cannot",
        "rerank",
        {"query": "x", "documents": ["y"]},
        "unsupported",
        "rerank",
    ),
    "no-infill": (
        "Filling in with a model that cannot",
        "infill",
        {"input_prefix": "a", "input_suffix": "b"},
        "unsupported",
        "infill",
    ),
    "no-adapter": (
        "An adapter that was not loaded",
        "complete",
        {"prompt": "x", "lora": [{"id": 3, "scale": 1}]},
        "not_found",
        "3",
    ),
    "no-slot": (
        "A slot that the model does not have",
        "complete",
        {"prompt": "x", "id_slot": 5},
        "not_found",
        "id_slot",
    ),
}
OPENS: dict[str, tuple[str, Json, str, str]] = {
    "missing-file": (
        "A file that does not exist",
        {"path": "${models}/no-such-model.gguf"},
        "not_found",
        "no-such-model.gguf",
    ),
    "text-file": (
        "A file that is no model",
        {"path": "${models}/broken/not-a-model.gguf"},
        "invalid_model",
        "not-a-model.gguf",
    ),
    "truncated-file": (
        "A file that was cut off",
        {"path": "${models}/broken/truncated.gguf"},
        "invalid_model",
        "truncated.gguf",
    ),
    "adapter-file": (
        "An adapter, not a model",
        {"path": "${models}/tiny-llama-lora.gguf"},
        "unsupported",
        "tiny-llama-lora.gguf",
    ),
    "folder": ("A folder", {"path": "${models}"}, "invalid_model", "directory"),
    "unknown-option": ("An option that does not exist", {"n_ctxx": 1}, "invalid_argument", "n_ctxx"),
    "bad-option": ("An option out of its range", {"n_parallel": 0}, "invalid_argument", "n_parallel"),
    "no-device": ("A device that does not exist", {"device": "toaster"}, "invalid_argument", "toaster"),
    "budget": ("More memory than is allowed", {"memory_budget": 1000}, "out_of_memory", "1000"),
    "bad-template": ("A template that cannot be parsed", {"chat_template": "{% for %}"}, "template_error", "template"),
    "unknown-template": (
        "A template that is neither Jinja nor the name of one",
        {"chat_template": "vicunna"},
        "invalid_argument",
        "vicunna",
    ),
    "missing-adapter": (
        "An adapter that does not exist",
        {"lora": [{"path": "${models}/none.gguf"}]},
        "not_found",
        "none.gguf",
    ),
}


def cases() -> Iterator[Json]:
    fine = greedy("complete", {"prompt": "hello", "max_tokens": 3}, *exact(TEXT))
    for name, (title, operation, fields, status, words) in REQUESTS.items():
        yield case(
            f"request-{name}",
            title,
            TINY,
            open_(),
            request(operation, fields, contains("/message", words), status=status),
            fine,
        )
    for name, (title, options, status, words) in OPENS.items():
        said = (contains("/message", words),) if words else ()
        yield case(f"open-{name}", title, TINY, open_(*said, status=status, **options))
    nobody = "127.0.0.1:1"
    yield case(
        "open-no-worker",
        "A worker that nobody runs",
        TINY,
        open_(contains("/message", nobody), equals("/detail", {"worker": nobody}), status="io", workers=[nobody]),
    )
    yield case(
        "generate-encoder",
        "A chat with a model that only encodes",
        "tiny-bert",
        open_(n_ctx=256),
        request("chat", {"messages": user("x")}, status="unsupported"),
    )
    yield case(
        "closed",
        "A model that was closed; closing it again is harmless",
        TINY,
        open_(),
        step("close"),
        request("complete", {"prompt": "x"}, status="closed"),
        step("close"),
    )
    quantize = {"out_path": "${scratch}/out.gguf"}
    yield case(
        "quantize",
        "What cannot be quantised",
        TINY,
        step("quantize", options={"type": "Q8_0"}, status="io", out_path="${models}/broken/not-a-model.gguf/out.gguf"),
        step("quantize", options={"type": "Q9_9"}, status="invalid_argument", **quantize),
        step("quantize", options={"type": "Q8_0"}, path="${models}/none.gguf", status="not_found", **quantize),
        step(
            "quantize",
            options={"type": "Q8_0"},
            path="${models}/broken/truncated.gguf",
            status="invalid_model",
            **quantize,
        ),
    )
    yield from state_cases()
    endless = {"prompt": "hello", "max_tokens": 1_000_000, "ignore_eos": True}
    # Requests are prepared side by side. `poll` waits until the first has started, which puts it before the second.
    busy = request("complete", endless, status="cancelled", cancel_after=20, poll=True)
    polled = request("complete", {"prompt": "hello", "max_tokens": 3, "temperature": 0}, poll=True)
    yield case(
        "timeout",
        "A request that waits for its turn has no event yet",
        TINY,
        open_(context_shift=True),
        together(busy, polled, expect=(equals("/1/poll_status", "timeout"),)),
    )
    names: tuple[str, ...] = (
        "ok",
        "timeout",
        "invalid_argument",
        "not_found",
        "io",
        "invalid_model",
        "unsupported",
        "out_of_memory",
    )
    names += ("context_overflow", "template_error", "grammar_error", "cancelled", "closed", "internal")
    numbers = {name: number for number, name in enumerate(names)}
    yield case(
        "statuses",
        "The binding knows each status by its name and number",
        TINY,
        step("statuses", equals("/result", numbers)),
    )


def state_cases() -> Iterator[Json]:
    """What goes wrong with the state of a slot in a file; the model answers as before."""
    asked = greedy("complete", {"prompt": "hello world", "max_tokens": 3}, *exact(TEXT))
    path, slot = "${scratch}/state.bin", {"id_slot": 0}

    def save(*said: Json, path: str = path, request: Json = slot, status: str | None = None) -> Json:
        return step("save_state", *said, path=path, request=request, status=status)

    def restore(*said: Json, path: str = path, request: Json = slot, status: str | None = None) -> Json:
        return step("restore_state", *said, path=path, request=request, status=status)

    def refused(name: str, title: str, *steps: Json) -> Json:
        return case(f"state-{name}", title, TINY, open_(), asked, *steps, asked)

    taken = "${models}/broken/not-a-model.gguf"
    yield refused(
        "folder",
        "No folder is made for a state, and no file taken for one",
        save(contains("/message", "state.bin"), path="${scratch}/none/state.bin", status="not_found"),
        save(contains("/message", "state.bin"), path=f"{taken}/state.bin", status="io"),
    )
    missing = restore(contains("/message", "none.bin"), path="${scratch}/none.bin", status="not_found")
    yield refused("missing", "A file that does not exist", missing)
    none = restore(contains("/message", "not-a-model.gguf"), path=taken, status="invalid_model")
    yield refused("no-state", "A file that is no state", none)
    fifth: Json = {"request": {"id_slot": 5}, "status": "not_found"}
    said = contains("/message", "5")
    yield refused("slot", "A slot that the model does not have", save(said, **fifth), save(), restore(said, **fifth))
    wrong: Json = {"request": {"slot": 0}, "status": "invalid_argument"}
    said = contains("/message", "slot")
    yield refused("key", "A key that does not exist", save(said, **wrong), save(), restore(said, **wrong))
    other = {
        "model": ("A state of another model", {"path": "${models}/tiny-llama-q8_0.gguf"}),
        "cache": ("A state with a cache of another type", {"cache_type_k": "f32"}),
    }
    for name, (title, options) in other.items():
        other_state = restore(contains("/message", "state.bin"), status="invalid_model")
        yield case(
            f"state-other-{name}", title, TINY, open_(cache_type_k="f16"), asked, save(), open_(**options), other_state
        )
    yield case(
        "state-closed",
        "The state of a model that was closed",
        TINY,
        open_(),
        asked,
        save(),
        step("close"),
        save(status="closed"),
        restore(status="closed"),
    )
    yield case(
        "state-encoder",
        "An encoder remembers nothing that could be saved",
        "tiny-bert",
        open_(n_ctx=256),
        save(status="unsupported"),
        restore(path="${models}/tiny-bert.gguf", status="unsupported"),
    )
