"""The model card, in the form of the Hugging Face hub: metadata in YAML, and a page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from ..credits import as_text, spdx
from ..manifest import Credit, Output
from .settings import Export


def model_card(settings: Export, trained: Mapping[str, Any], sources: Sequence[Credit], files: Sequence[Output]) -> str:
    """README.md."""
    known = spdx(settings.license.name)
    metadata: dict[str, Any] = {
        "license": known.lower() if known else "other",
        **({} if known else {"license_name": settings.license.name}),
        "license_link": settings.license.url,
        "pipeline_tag": "text-generation",
        "tags": ["gguf", "gpt4all", *(["lora"] if settings.form == "adapter" else [])],
    }
    parts = [
        f"---\n{yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)}---",
        f"# {as_text(settings.name)}",
        as_text(settings.description),
        _origin(settings, trained),
        "## Files\n\n" + _files(settings, files),
        "## Training\n\n" + _training(trained),
        "## Data\n\n" + _data(trained, sources),
        f"## Licence\n\n[{as_text(settings.license.name)}](<{settings.license.url}>). The licences of the data and of "
        "the base model hold for what came from each; [CREDITS.md](CREDITS.md) lists them.",
    ]
    return "\n\n".join(parts) + "\n"


def _origin(settings: Export, trained: Mapping[str, Any]) -> str:
    base = settings.base
    name = f"[{as_text(base.name)}](<{base.url}>)" if base.url else as_text(base.name)
    how = {"lora": "with LoRA", "qlora": "with QLoRA", "full": "in all its weights"}[trained["configuration"]["method"]]
    return f"Made from {name} by {as_text(base.author)} ({as_text(base.license)}), fine-tuned {how}."


def _files(settings: Export, files: Sequence[Output]) -> str:
    rows = [f"| `{each.name}` | {each.bytes / 1e6:,.1f} MB | `{each.sha256}` |" for each in files]
    table = "\n".join(["| File | Size | SHA-256 |", "| --- | ---: | --- |", *rows])
    if settings.form == "merged":
        return f'{table}\n\n```sh\ngpt4all run -m {files[0].name} "Hello"\n```'
    use = f'with Model("base.gguf", lora=[{{"path": "{files[0].name}"}}]) as model:'
    return (
        f"{table}\n\nThese are adapters, to be opened together with a GGUF file of the base model:\n\n"
        f'```python\nfrom gpt4all import Model\n\n{use}\n    print(model.chat("Hello").text)\n```'
    )


def _training(trained: Mapping[str, Any]) -> str:
    configuration, parts = trained["configuration"], trained["conversations"]
    facts = [
        ("Conversations", f"{parts['train']['used']:,}"),
        ("Tokens of answers", f"{parts['train']['answer_tokens']:,}"),
        ("Steps", f"{trained['steps']:,}, of which the weights after step {trained['best_step']:,} are kept"),
        ("Conversations in a step", f"{configuration['batch_size']}"),
        ("Precision", configuration["precision"]),
        ("Seed", f"{trained['seed']}"),
    ]
    if configuration["method"] != "full":
        lora = configuration["lora"]
        facts.append(("Adapter", f"rank {lora['rank']}, alpha {lora['alpha']:g}, dropout {lora['dropout']:g}"))
    text = "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {as_text(value)} |" for name, value in facts)])
    if held := trained["held_out"]:
        text += (
            f"\n\nOn {held['conversations']:,} held-out conversations with {held['tokens']:,} tokens of answers, the "
            f"loss of a token went from {held['before']:.4f} to {held['after']:.4f} nats: a difference of "
            f"{held['difference']:+.4f}, with a 95% confidence interval from {held['low']:+.4f} to {held['high']:+.4f} "
            "(bootstrap over conversations). It was measured in training's precision, before any quantisation."
        )
    return text


def _data(trained: Mapping[str, Any], sources: Sequence[Credit]) -> str:
    rows = trained["conversations"]["train"]["by_source"]
    lines = ["| Source | Author | Licence | Conversations |", "| --- | --- | --- | ---: |"]
    for each in sources:
        name = f"[{as_text(each.name)}](<{each.url}>)" if each.url else as_text(each.name)
        cells = (name, as_text(each.author), as_text(each.license), f"{rows.get(each.name, 0):,}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
