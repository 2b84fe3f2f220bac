"""Trains the small real models of the corpus, one per architecture: GPT-J, MPT and LLaMA, on a CPU.

The weights are rounded to the values that Q8_0 can hold when training is over, so that the files in Q8_0, which are
committed, hold exactly what was trained; `hugging_face_folder.py` gives the F32 originals back from them, bit for bit.
The same weights come out at every run on the same machine with the same versions, not on every machine: what is
committed is what one run gave, and training.json says which.

Usage: python -m corpus_tools.models.train_tiny_models --text input.txt --out FOLDER [--only gptj]
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import tokenizers
import torch
import transformers
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize

from . import corpus_text, vocabularies

SEED = 20231122
ROWS = 16
LENGTH = 128
CONTEXT = 512
WIDTH = 256  # the smallest that K-quants can hold
HEADS = 4
PEAK_RATE = 2e-3
WARM_UP = 60
WEIGHT_DECAY = 0.1


@dataclass(frozen=True)
class Recipe:
    """How a model of one architecture is made."""

    steps: int
    model: Callable[[], torch.nn.Module]
    vocabulary: Callable[[list[str], Path], None]
    begin: tuple[str, ...]
    end: str


def _gptj() -> torch.nn.Module:
    config = transformers.GPTJConfig(
        vocab_size=vocabularies.SIZE,
        n_positions=CONTEXT,
        n_embd=WIDTH,
        n_layer=4,
        n_head=HEADS,
        rotary_dim=32,
        bos_token_id=vocabularies.SIZE - 1 - vocabularies.EXTRA_TOKENS,
        eos_token_id=vocabularies.SIZE - 1 - vocabularies.EXTRA_TOKENS,
        resid_pdrop=0.05,
        embd_pdrop=0.05,
        attn_pdrop=0.05,
        use_cache=False,
    )
    return transformers.GPTJForCausalLM(config)


def _mpt() -> torch.nn.Module:
    config = transformers.MptConfig(
        vocab_size=vocabularies.SIZE,
        max_seq_len=CONTEXT,
        d_model=WIDTH,
        n_layers=4,
        n_heads=HEADS,
        bos_token_id=0,
        eos_token_id=0,
        resid_pdrop=0.05,
        emb_pdrop=0.05,
        use_cache=False,
    )
    return transformers.MptForCausalLM(config)


def _llama() -> torch.nn.Module:
    config = transformers.LlamaConfig(
        vocab_size=vocabularies.SIZE,
        max_position_embeddings=CONTEXT,
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=3,  # four would not fit into 4 MB
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        rms_norm_eps=1e-6,
        bos_token_id=1,
        eos_token_id=2,
        tie_word_embeddings=False,
        attention_dropout=0.05,
        use_cache=False,
    )
    return transformers.LlamaForCausalLM(config)


RECIPES = {
    "gptj": Recipe(900, _gptj, vocabularies.make_gptj, (), vocabularies.END),
    "mpt": Recipe(900, _mpt, vocabularies.make_mpt, (), vocabularies.END),
    "llama": Recipe(600, _llama, vocabularies.make_llama, ("<s>",), "</s>"),
}


class Encoder:
    """Texts to tokens with the tokenizer that is in a folder."""

    def __init__(self, folder: Path) -> None:
        self._pieces: Any = None
        if (folder / "tokenizer.model").exists():
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        else:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self._pieces.encode(text) if self._pieces else self._tokenizer.encode(text).ids
        return ids

    def token(self, text: str) -> int:
        """The id of one token."""
        return int(self._pieces.piece_to_id(text) if self._pieces is not None else self._tokenizer.token_to_id(text))


def rate(step: int, steps: int) -> float:
    """The learning rate: a warm-up, then half a cosine down to a twentieth."""
    if step < WARM_UP:
        return PEAK_RATE * (step + 1) / WARM_UP
    done = (step - WARM_UP) / max(1, steps - WARM_UP)
    return PEAK_RATE * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


def loss_of(model: torch.nn.Module, windows: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy of each next token, in nats. windows: shape (rows, length)."""
    logits = model(windows[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def held_out_loss(model: torch.nn.Module, stream: corpus_text.Stream) -> float:
    model.eval()
    with torch.no_grad():
        losses = [float(loss_of(model, torch.from_numpy(window)[None])) for window in stream.all_windows(LENGTH + 1)]
    model.train()
    return sum(losses) / len(losses)


def round_to_q8_0(model: torch.nn.Module) -> None:
    """Rounds every matrix to what Q8_0 holds: blocks of 32 numbers, 8 bits each and one scale in F16."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                packed = quantize(parameter.detach().numpy(), GGMLQuantizationType.Q8_0)
                parameter.copy_(torch.from_numpy(dequantize(packed, GGMLQuantizationType.Q8_0)))


def train(name: str, text: Path, folder: Path) -> dict[str, Any]:
    """Trains one model and writes it to `folder` as transformers does. Gives what the model card says of it."""
    recipe = RECIPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    learned, held_out = corpus_text.documents(text)
    recipe.vocabulary(learned, folder)
    encoder = Encoder(folder)
    begin, end = [encoder.token(token) for token in recipe.begin], encoder.token(recipe.end)
    training, validation = (
        corpus_text.Stream([encoder.encode(document) for document in texts], begin, end)
        for texts in (learned, held_out)
    )
    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    model = recipe.model()
    decayed = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    others = [parameter for parameter in model.parameters() if parameter.ndim != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.95)
    )
    started, loss = time.monotonic(), 0.0
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, recipe.steps)
        value = loss_of(model, torch.from_numpy(training.batch(random, ROWS, LENGTH + 1)))
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss = value.item() if step == 0 else 0.98 * loss + 0.02 * value.item()
        if step % 50 == 49:
            print(f"{name} {step + 1}: {loss:.3f} nats, {time.monotonic() - started:.0f} s", flush=True)
    before = held_out_loss(model, validation)
    round_to_q8_0(model)
    after = held_out_loss(model, validation)
    model.save_pretrained(folder)
    return {
        "architecture": name,
        "date": datetime.date.today().isoformat(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "training_tokens": len(training),
        "steps": recipe.steps,
        "tokens_per_step": ROWS * LENGTH,
        "seconds_on_one_thread": round(time.monotonic() - started),
        "training_loss": round(loss, 3),
        "held_out_tokens": len(validation),
        "held_out_loss": round(before, 3),
        "held_out_loss_in_q8_0": round(after, 3),
        "text_sha256": corpus_text.SHA256,
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
            "sentencepiece": sentencepiece.__version__,
            "numpy": np.__version__,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the small real models of the corpus.")
    parser.add_argument("--text", type=Path, required=True, help="the tiny Shakespeare file")
    parser.add_argument("--out", type=Path, required=True, help="the folder in which each model gets a folder")
    parser.add_argument("--only", action="append", choices=list(RECIPES), help="which; all if none is named")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in arguments.only or RECIPES:
        card = train(name, arguments.text, arguments.out / f"shakespeare-{name}")
        path = arguments.out / f"shakespeare-{name}" / "training.json"
        path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        print(json.dumps(card), flush=True)


if __name__ == "__main__":
    main()
