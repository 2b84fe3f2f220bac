"""Exporting: the files compute what transformers and PEFT do, and say whose they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import transformers

gpt4all = pytest.importorskip("gpt4all", reason="`make test LANES=training` says where the library is")

import jsonschema  # noqa: E402
import peft  # noqa: E402
import yaml  # noqa: E402

from gpt4all_training.command_line import main  # noqa: E402
from gpt4all_training.errors import ConfigurationError, ModelError, OutputError, TrainingError  # noqa: E402
from gpt4all_training.export import Export, Exported, export  # noqa: E402
from gpt4all_training.train import Train, train  # noqa: E402
from tiny_model import CONFIGURATION, make_all, make_rows  # noqa: E402

CATALOGUE = Path(__file__).resolve().parents[3] / "gpt4all-bindings" / "catalogue" / "catalogue.schema.json"
EXPORT: dict[str, Any] = {
    "output": "exported",
    "trained": "trained",
    "model": "model",
    "name": "tiny-colours",
    "description": "Says which colour a thing has.",
    "base": {"name": "Tiny", "author": "the tests", "license": "Apache-2.0", "url": "https://example.org/tiny"},
    "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    "types": ["F32", "Q8_0"],
    "published": "https://example.org/models/",
}
Rows = npt.NDArray[np.float64]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an adapter in `trained`, and a model trained in all its weights in `full`."""
    place = make_all(tmp_path_factory.mktemp("export") / "all")
    # a rate at which the adapter is no small thing
    changes = {"max_steps": 12, "learning_rate": 0.01}
    train(Train.model_validate_json(json.dumps({**CONFIGURATION, **changes})), place)
    full = {**CONFIGURATION, "output": "full", "method": "full", "max_steps": 4}
    train(Train.model_validate_json(json.dumps(full)), place)
    return place


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return shutil.copytree(trained, tmp_path / "place", ignore=shutil.ignore_patterns("exported"))


@pytest.fixture(scope="session")
def merged(trained: Path) -> Exported:
    """The adapter's model, exported in `trained`."""
    return run(trained)


def run(place: Path, **changes: Any) -> Exported:
    return export(Export.model_validate_json(json.dumps({**EXPORT, **changes})), place)


def tokens_of(place: Path) -> list[int]:
    """Some conversations, in the model's template."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(place / "model")
    texts = [tokenizer.apply_chat_template(row["messages"], tokenize=False) for row in make_rows(3, seed=8)]
    return list(tokenizer("".join(texts), add_special_tokens=False)["input_ids"][:120])


def log_probabilities(model: Any, tokens: list[int]) -> Rows:
    """transformers' or PEFT's, after each token but the last."""
    with torch.inference_mode():
        logits = model.eval()(torch.tensor([tokens[:-1]])).logits[0].double()
    rows: Rows = torch.log_softmax(logits, dim=-1).numpy()
    return rows


def of_the_library(path: Path, tokens: list[int], **options: Any) -> Rows:
    """The library's."""
    with gpt4all.Model(path, n_ctx=256, threads=1, **options) as model:
        scores = model.score(tokens[:1], [tokens[1:]], logprob_rows="all")
        return np.array([row.logprobs for row in scores.rows], dtype=np.float64)[: len(tokens) - 1]


def tuned(place: Path) -> Any:
    base = transformers.AutoModelForCausalLM.from_pretrained(place / "model", dtype=torch.float32)
    return peft.PeftModel.from_pretrained(base, place / "trained" / "model")


def test_the_merged_model_computes_what_transformers_does(trained: Path, merged: Exported) -> None:
    tokens = tokens_of(trained)
    expected = log_probabilities(tuned(trained).merge_and_unload(), tokens)
    found = of_the_library(merged.folder / "tiny-colours-F32.gguf", tokens)
    assert np.abs(found - expected).max() < 1e-3
    rounded = of_the_library(merged.folder / "tiny-colours-Q8_0.gguf", tokens)
    assert 1e-3 < np.abs(rounded - expected).max() < 1


def test_the_adapter_computes_what_peft_does(place: Path) -> None:
    done = run(place, form="adapter", types=["F32"])
    assert done.files == ["tiny-colours-lora-F32.gguf"]
    base = place / "base.gguf"
    from gpt4all.conversion import convert_folder

    convert_folder(place / "model", base, type="F32")
    tokens = tokens_of(place)
    expected = log_probabilities(tuned(place), tokens)
    found = of_the_library(base, tokens, lora=[{"path": str(done.folder / done.files[0])}])
    assert np.abs(found - expected).max() < 1e-2
    assert np.abs(of_the_library(base, tokens) - expected).max() > 0.1  # or this would show nothing


def test_a_model_trained_in_all_its_weights(place: Path) -> None:
    done = run(place, trained="full", types=["F32"])
    tokens = tokens_of(place)
    model = transformers.AutoModelForCausalLM.from_pretrained(place / "full" / "model", dtype=torch.float32)
    found = of_the_library(done.folder / "tiny-colours-F32.gguf", tokens)
    assert np.abs(found - log_probabilities(model, tokens)).max() < 1e-3


def test_it_answers_as_it_was_trained(trained: Path, merged: Exported) -> None:
    """The chat template and the end of an answer are in the file."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(trained / "model")
    messages = make_rows(1)[0]["messages"][:1]
    with gpt4all.Model(merged.folder / "tiny-colours-Q8_0.gguf", n_ctx=256, threads=1) as model:
        prompt = model.apply_template(messages)
        assert prompt == tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert model.chat(messages, max_tokens=4, temperature=0).text


def test_the_card_the_credits_and_the_catalogue(trained: Path, merged: Exported) -> None:
    card = (merged.folder / "README.md").read_text(encoding="utf-8")
    metadata = yaml.safe_load(card.split("---")[1])
    assert metadata["license"] == "apache-2.0"
    manifest = json.loads((merged.folder / "manifest.json").read_text())
    digests = {each["name"]: each["sha256"] for each in manifest["outputs"]}
    trained_manifest = json.loads((trained / "trained" / "manifest.json").read_text())
    held = trained_manifest["held_out"]
    for shown in (
        digests["tiny-colours-Q8_0.gguf"],
        f"from {held['before']:.4f} to {held['after']:.4f} nats",
        f"| Conversations | {trained_manifest['conversations']['train']['used']} |",
        "| [made](<https://example.org/made>) | the tests | CC0-1.0 |",
        "fine-tuned with LoRA",
    ):
        assert shown in card
    assert "[Tiny](<https://example.org/tiny>)" in (merged.folder / "CREDITS.md").read_text()
    assert {each["title"] for each in yaml.safe_load((merged.folder / "CITATION.cff").read_text())["references"]} == {
        "Tiny",
        "made",
    }
    schema = json.loads(CATALOGUE.read_text())
    catalogue = json.loads((merged.folder / "catalogue.json").read_text())
    for each in catalogue["models"]:
        jsonschema.validate(each, {**schema["$defs"]["model"], "$defs": schema["$defs"]})
        assert (merged.folder / each["file"]).stat().st_size == each["size"]
        assert digests[each["file"]] == each["sha256"]
        assert each["sources"][0]["url"] == f"https://example.org/models/{each['file']}"
    assert [each["quantization"] for each in catalogue["models"]] == ["F32", "Q8_0"]
    assert run(trained).again
    with pytest.raises(OutputError, match="another configuration"):
        run(trained, description="Another.")


def _other_base(place: Path) -> None:
    path = place / "model" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "changes", "error", "says"),
    [
        (lambda place: (place / "trained" / "manifest.json").unlink(), {}, ConfigurationError, "is not there"),
        (_other_base, {}, ModelError, "model.safetensors: is not the file of which"),
        (lambda place: (place / "trained/model/adapter_model.safetensors").unlink(), {}, ModelError, "cannot be read"),
        (lambda _: None, {"types": ["Q9_0"]}, ConfigurationError, "there is no type Q9_0"),
        (lambda _: None, {"trained": "curated"}, ConfigurationError, "not the manifest of training"),
        (lambda _: None, {"trained": "full", "form": "adapter", "types": ["F16"]}, ConfigurationError, "no adapter"),
    ],
)
def test_what_cannot_be_exported(
    place: Path, harm: Any, changes: dict[str, Any], error: type[TrainingError], says: str
) -> None:
    harm(place)
    with pytest.raises(error, match=says):
        run(place, **changes)


def test_the_command(trained: Path, merged: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    (trained / "export.yaml").write_text(json.dumps(EXPORT), encoding="utf-8")
    assert main(["export", "--quiet", str(trained / "export.yaml")]) == 0
    said = f"were there already: 2 files are in {merged.folder}; README.md is the model card\n"
    assert capsys.readouterr().out == said
    (trained / "export.yaml").write_text(json.dumps({**EXPORT, "form": "adapter"}), encoding="utf-8")
    assert main(["export", "--quiet", str(trained / "export.yaml")]) == 1
    assert "an adapter cannot be Q8_0" in capsys.readouterr().err
