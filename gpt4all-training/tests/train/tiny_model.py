"""A tiny LLaMA in the form of the Hugging Face hub, and conversations to train it on."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

for needed in ("torch", "transformers", "trl", "peft", "datasets"):
    pytest.importorskip(needed, reason="`make test LANES=training` installs what training needs")

import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

from conftest import settings_of, source, write_lines  # noqa: E402
from gpt4all_training.curate import curate  # noqa: E402

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
COLOURS = ("red", "green", "blue", "black", "white", "yellow")
THINGS = ("apple", "door", "car", "house", "river", "stone", "cloud", "bird")


def make_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Conversations with one to three answers that follow from the question."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        messages = []
        for _ in range(draw.randint(1, 3)):
            colour, thing = draw.choice(COLOURS), draw.choice(THINGS)
            messages += [
                {"role": "user", "content": f"Which colour has the {colour} {thing} number {number}?"},
                {"role": "assistant", "content": f"The {thing} number {number} is {colour}."},
            ]
        rows.append({"messages": messages})
    return rows


def make_tokenizer(folder: Path, template: str | None = CHATML) -> Any:
    """A byte-level BPE, trained on the conversations."""
    plain = tokenizers.Tokenizer(tokenizers.models.BPE())
    plain.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [message["content"] for row in make_rows(50) for message in row["messages"]]
    plain.train_from_iterator([*texts, "system user assistant\n"], trainer)
    found = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, eos_token="<|im_end|>", pad_token="<|endoftext|>", bos_token="<|endoftext|>"
    )
    found.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    found.chat_template = template
    found.save_pretrained(folder)
    return found


def make_model(folder: Path, *, tied: bool = True) -> Path:
    """The model's folder, with weights that are random, and larger than usual so that logits differ."""
    tokenizer = make_tokenizer(folder)
    torch.manual_seed(5)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=tied,
    )
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter * 3 if parameter.ndim > 1 else parameter + 0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder


def make_data(folder: Path, rows: Sequence[dict[str, Any]], *, held_out: float = 0.2) -> Path:
    """What curate writes of the rows."""
    write_lines(folder / "rows.jsonl", rows)
    settings = settings_of(output="curated", sources=[source(url="https://example.org/made", year=2026)])
    settings = settings.model_copy(
        update={"held_out": held_out, "duplicates": settings.duplicates.model_copy(update={"near": None})}
    )
    return curate(settings, folder).folder


CONFIGURATION: dict[str, Any] = {
    "output": "trained",
    "model": "model",
    "data": "curated",
    "lora": {"rank": 4, "alpha": 8},
    "max_length": 128,
    "epochs": 2,
    "batch_size": 8,
    "micro_batch_size": 4,
    "learning_rate": 0.003,
    "checkpoint_every": 4,
    "log_every": 2,
    "threads": 1,
}


def make_all(folder: Path, count: int = 80) -> Path:
    """A folder with a model, data, and train.yaml."""
    folder.mkdir(exist_ok=True)
    make_model(folder / "model")
    make_data(folder, make_rows(count))
    (folder / "train.yaml").write_text(json.dumps(CONFIGURATION), encoding="utf-8")  # JSON is YAML
    return folder
