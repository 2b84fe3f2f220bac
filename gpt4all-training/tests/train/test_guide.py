"""The guide's configurations are valid, and every key is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gpt4all_training.configuration import Settings, read_configuration
from gpt4all_training.curate import Curate
from gpt4all_training.export import Export
from gpt4all_training.train import Train

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "fine-tuning.md"


def test_the_guide_shows_valid_configurations(tmp_path: Path) -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    models: list[type[Settings]] = [Train, Export]
    for text, model in zip(shown, models, strict=True):
        (tmp_path / "step.yaml").write_text(text, encoding="utf-8")
        read_configuration(tmp_path / "step.yaml", model)


def test_the_demo_has_valid_configurations() -> None:
    demo = Path(__file__).resolve().parents[2] / "demo"
    models: dict[str, type[Settings]] = {"curate": Curate, "train": Train, "export": Export}
    assert {path.stem for path in demo.glob("*.yaml")} == models.keys()
    for name, model in models.items():
        read_configuration(demo / f"{name}.yaml", model)


@pytest.mark.parametrize("model", [Train, Export])
def test_every_key_is_described(model: type[Settings]) -> None:
    schema = model.model_json_schema()
    for each in [schema, *schema["$defs"].values()]:
        for name, key in each["properties"].items():
            # a part of its own is described by its class
            assert key.get("description") or "$ref" in key, f"{each['title']}.{name} has no description"
