"""Folders in transformers' form to convert: the trained models, variants with random weights, and adapters of both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import peft
import torch
import transformers

from ..models import hugging_face_folder

ADAPTED = {
    "gptj": ["q_proj", "k_proj", "fc_in", "out_proj"],
    "mpt": ["Wqkv", "up_proj"],
    "llama": ["q_proj", "k_proj", "down_proj"],
}
SMALL = {"vocab_size": 1024, "bos_token_id": 0, "eos_token_id": 0}
# What the trained models do not have, by the family whose tokenizer is taken.
VARIANTS: dict[str, tuple[str, Any]] = {
    "gptj-whole-head-rotated": (
        "gptj",
        lambda: transformers.GPTJForCausalLM(
            transformers.GPTJConfig(**SMALL, n_positions=256, n_embd=128, n_layer=2, n_head=4, rotary_dim=32)
        ),
    ),
    "gptj-narrow-feed-forward": (
        "gptj",
        lambda: transformers.GPTJForCausalLM(
            transformers.GPTJConfig(
                **SMALL, n_positions=256, n_embd=128, n_layer=2, n_head=2, rotary_dim=16, n_inner=192
            )
        ),
    ),
    "mpt-clipped": (
        "mpt",
        lambda: transformers.MptForCausalLM(
            transformers.MptConfig(
                **SMALL, max_seq_len=256, d_model=128, n_layers=2, n_heads=8, attn_config={"clip_qkv": 1.5}
            )
        ),
    ),
    "llama-grouped-queries": (
        "llama",
        lambda: transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                **SMALL,
                hidden_size=128,
                intermediate_size=256,
                num_hidden_layers=2,
                num_attention_heads=8,
                num_key_value_heads=2,
                max_position_embeddings=256,
            )
        ),
    ),
}


def trained(family: str, folder: Path) -> Path:
    return hugging_face_folder.make(f"shakespeare-{family}", folder)


def variant(name: str, folder: Path) -> Path:
    """A model with random weights, larger than transformers' own so that its logits differ, and a real tokenizer."""
    family, make = VARIANTS[name]
    shutil.copytree(
        hugging_face_folder.TRAINED / f"shakespeare-{family}",
        folder,
        ignore=shutil.ignore_patterns("*config.json", "training.json"),
    )
    shutil.copy(hugging_face_folder.TRAINED / f"shakespeare-{family}" / "tokenizer_config.json", folder)
    torch.manual_seed(7)
    model = make()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter * 3 if parameter.ndim > 1 else parameter + 0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder


def by_mosaicml(folder: Path, out: Path) -> Path:
    """The same MPT as MosaicML's own folders have it: another class name, a config with whole numbers and without what
    has a default, and Python files, which must not be run."""
    shutil.copytree(folder, out)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    config |= {
        "architectures": ["MPTForCausalLM"],
        "attn_config": {"alibi": True, "attn_impl": "torch", "clip_qkv": 6, "qk_ln": False},
        "auto_map": {
            "AutoConfig": "configuration_mpt.MPTConfig",
            "AutoModelForCausalLM": "modeling_mpt.MPTForCausalLM",
        },
    }
    (out / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in ("configuration_mpt.py", "modeling_mpt.py"):
        (out / name).write_text("raise SystemExit('a program of the model was run')\n", encoding="utf-8")
    return out


def as_bin(folder: Path, out: Path) -> Path:
    """The same model with its weights in PyTorch's own form."""
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("model.safetensors"))
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    weights = {name: value for name, value in model.state_dict().items() if "rotary" not in name}
    if model.config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    torch.save(weights, out / "pytorch_model.bin")
    return out


def in_bf16(folder: Path, out: Path) -> Path:
    """The same model with its weights rounded to BF16."""
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("model.safetensors"))
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    model.save_pretrained(out)
    return out


def with_adapter(folder: Path, family: str, out: Path) -> Any:
    """Writes an adapter with random weights as PEFT does, and returns the model with it applied."""
    torch.manual_seed(11)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=ADAPTED[family], task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.copy_(0.05 * torch.randn_like(parameter))
    adapted.save_pretrained(out)
    return adapted.eval()
