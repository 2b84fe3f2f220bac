"""What is told of model files, adapters, and other types of a model."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import SMOLLM2, TEXT, TINY, Json, case, differs_from, equals, exact, greedy, open_, request, same_as, step

DESCRIPTION = "What is told of model files, LoRA adapters, and models that are quantised."

FACTS = (
    "architecture",
    "quantization",
    "n_params",
    "n_ctx_train",
    "n_vocab",
    "n_embd",
    "n_layer",
    "n_head",
    "n_head_kv",
    "size",
    "format",
    "capabilities",
    "chat_template",
    "special_tokens/eos/id",
)


def cases() -> Iterator[Json]:
    facts = exact(*(f"/result/{fact}" for fact in FACTS))
    for model in (TINY, "tiny-llama-q4_0", "tiny-bert", "tiny-bert-rerank", SMOLLM2):
        own = [item for item in facts if not ("bert" in model and item["at"].endswith("eos/id"))]
        yield case(f"inspect-{model}", f"{model}, without loading it", model, step("inspect", *own, options={}))
    yield case(
        "info",
        "What an open model tells",
        TINY,
        open_(
            equals("/result/architecture", "llama"),
            equals("/result/n_vocab", 608),
            equals("/result/capabilities/generate", True),
        ),
    )
    lora = [{"path": "${models}/tiny-llama-lora.gguf", "scale": 1}]
    plain = greedy("complete", {"prompt": "hello world", "max_tokens": 8}, *exact(TEXT))
    off = greedy(
        "complete",
        {"prompt": "hello world", "max_tokens": 8, "lora": [{"id": 0, "scale": 0}]},
        same_as(TEXT, "/1" + TEXT),
    )
    changed = greedy(
        "complete", {"prompt": "hello world", "max_tokens": 8}, differs_from(TEXT, "/1" + TEXT), *exact(TEXT)
    )
    listed = request("adapters", {}, *exact("/result/adapters/0/id", "/result/adapters/0/scale"))
    yield case(
        "adapter",
        "A LoRA adapter changes the answer, and can be switched off",
        TINY,
        open_(),
        plain,
        open_(lora=lora),
        changed,
        off,
        listed,
    )
    switched = request("adapters", {"lora": [{"id": 0, "scale": 0}]}, equals("/result/adapters/0/scale", 0))
    same = greedy("complete", {"prompt": "hello world", "max_tokens": 8}, same_as(TEXT, "/1" + TEXT))
    yield case(
        "adapter-switched",
        "An adapter that is switched off for all requests",
        TINY,
        open_(),
        plain,
        open_(lora=lora),
        switched,
        same,
    )
    for kind in ("Q8_0", "F16"):
        made = step(
            "quantize",
            *exact("/result/type", "/result/input_bytes", "/result/output_bytes"),
            out_path="${scratch}/out.gguf",
            options={"type": kind, "threads": 1},
        )
        told = step("inspect", equals("/result/quantization", kind), path="${scratch}/out.gguf", options={})
        answer = greedy("complete", {"prompt": "hello world", "max_tokens": 6}, *exact(TEXT))
        yield case(
            f"quantize-{kind.lower()}",
            f"A model is made {kind}, opened and asked",
            TINY,
            made,
            told,
            open_(path="${scratch}/out.gguf"),
            answer,
        )
