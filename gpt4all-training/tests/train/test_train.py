"""Training: that it learns answers, says what it did, and refuses what cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from gpt4all_training.command_line import main
from gpt4all_training.errors import (
    ConfigurationError,
    DivergedError,
    HardwareError,
    ModelError,
    OutputError,
    SourceError,
    TrainingError,
)
from gpt4all_training.train import Train, Trained, models, train
from gpt4all_training.train.losses import Losses, compare, measure
from tiny_model import CONFIGURATION, make_all, make_data, make_rows, make_tokenizer


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_all(tmp_path_factory.mktemp("made") / "all")


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A folder of the test's own with a model and data."""
    return shutil.copytree(made, tmp_path / "place")


def run(place: Path, **changes: Any) -> Trained:
    return train(Train.model_validate_json(json.dumps({**CONFIGURATION, **changes})), place)


def manifest_of(done: Trained) -> Any:
    return json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"method": "full", "learning_rate": 0.001},
        {"packing": True},
        {"precision": "bfloat16"},
        {"gradient_checkpointing": True, "lora": {"rank": 2, "targets": ["q_proj", "v_proj"]}},
    ],
)
def test_the_held_out_loss_falls(place: Path, changes: dict[str, Any]) -> None:
    done = run(place, **changes)
    assert done.held_out is not None
    assert done.held_out.high < -0.05, done.held_out
    assert done.held_out.after == pytest.approx(done.held_out.before + done.held_out.difference)
    weights = "model" if changes.get("method") == "full" else "adapter_model"
    assert (done.folder / "model" / f"{weights}.safetensors").is_file()
    assert not (done.folder / "work").exists()


def test_the_manifest_says_what_went_in_and_came_out(place: Path) -> None:
    done = run(place)
    manifest = manifest_of(done)
    assert {each["role"] for each in manifest["inputs"]} == {"model", "train", "held-out"}
    assert manifest["sources"] == [
        {"name": "made", "author": "the tests", "license": "CC0-1.0", "url": "https://example.org/made", "year": 2026}
    ]
    parts = manifest["conversations"]
    assert parts["train"]["used"] + parts["held-out"]["used"] == 80
    assert parts["train"]["by_source"] == {"made": done.conversations}
    assert manifest["steps"] == done.steps == 2 * -(-done.conversations // 8)
    for each in manifest["outputs"]:
        assert (done.folder / each["name"]).stat().st_size == each["bytes"]
    assert str(place) not in "".join(path.read_text(errors="replace") for path in done.folder.rglob("*.json"))
    assert f"| {done.conversations} |" in (done.folder / "CREDITS.md").read_text()
    assert "the tests" in (done.folder / "CITATION.cff").read_text()
    assert run(place).again
    with pytest.raises(OutputError, match="another configuration"):
        run(place, seed=3)


def test_logs_for_tensorboard(place: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = run(place)
    logs = EventAccumulator(str(done.folder / "logs"))
    logs.Reload()
    figures = json.loads((done.folder / "figures.json").read_text())["steps"]
    for name, shown in (
        ("loss", "train/loss"),
        ("eval_loss", "held_out/loss"),
        ("learning_rate", "train/learning_rate"),
    ):
        logged = {each.step: each.value for each in logs.Scalars(shown)}
        assert logged == pytest.approx({each["step"]: each[name] for each in figures if name in each})
        assert logged
    assert {each["step"] for each in figures if "eval_loss" in each} == {*range(4, done.steps, 4), done.steps}


def test_stopping_early_keeps_the_best(place: Path) -> None:
    done = run(place, learning_rate=0.3, epochs=20, early_stopping={"patience": 2}, schedule="constant", warmup=0.0)
    manifest = manifest_of(done)
    assert done.steps < 20 * -(-done.conversations // 8)
    losses = {
        each["step"]: each["eval_loss"]
        for each in json.loads((done.folder / "figures.json").read_text())["steps"]
        if "eval_loss" in each
    }
    assert manifest["best_step"] == min(losses, key=lambda step: losses[step]) < done.steps
    tuned = transformers.AutoModelForCausalLM.from_pretrained(place / "model")
    tuned.load_adapter(str(done.folder / "model"))
    assert done.held_out is not None
    assert done.held_out.after < max(losses.values())


def test_packed_conversations_are_learnt_as_they_would_be_alone(place: Path) -> None:
    """One step on all conversations, with no dropout: packing changes the order of sums, and nothing else."""
    options = {"max_steps": 1, "epochs": 1, "lora": {"rank": 4, "dropout": 0.0}, "warmup": 0.0, "log_every": 1}
    rows = make_rows(8)
    shutil.rmtree(place / "curated")
    make_data(place, rows, held_out=0.0)
    plain = run(place, output="plain", batch_size=8, micro_batch_size=8, **options)
    packed = run(place, output="packed", packing=True, batch_size=64, max_length=256, **options)
    first, second = (json.loads((each.folder / "figures.json").read_text())["steps"] for each in (plain, packed))
    assert first[0]["loss"] == pytest.approx(second[0]["loss"], rel=1e-5)
    assert first[0]["grad_norm"] == pytest.approx(second[0]["grad_norm"], rel=1e-4)


def test_packing_is_refused_where_conversations_would_see_each_other(place: Path) -> None:
    tokenizer = make_tokenizer(place / "mpt")
    config = transformers.MptConfig(vocab_size=len(tokenizer), d_model=64, n_layers=2, n_heads=4, max_seq_len=256)
    torch.manual_seed(1)
    model = transformers.MptForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    model.save_pretrained(place / "mpt")
    with pytest.raises(ConfigurationError, match="MptForCausalLM does not keep packed conversations apart"):
        run(place, model="mpt", packing=True)
    assert run(place, model="mpt", output="unpacked", max_steps=2).steps == 2


def test_rows_that_are_left_out_are_counted(place: Path) -> None:
    rows = make_rows(12)
    rows[0]["messages"][0]["content"] += "<|im_end|>"
    rows[1]["messages"] = [{"role": "user", "content": "word " * 300}, {"role": "assistant", "content": "yes"}]
    rows[2]["messages"][-1]["content"] += " and so on" * 100
    shutil.rmtree(place / "curated")
    make_data(place, rows, held_out=0.0)
    done = run(place, max_steps=1)
    counted = manifest_of(done)["conversations"]["train"]
    assert counted["read"] == 12
    assert (counted["with_special_tokens"], counted["without_answer"], counted["used"]) == (1, 1, 10)
    assert counted["cut"] >= 1
    assert done.held_out is None


def test_the_losses_are_those_of_transformers(place: Path) -> None:
    model = models.load_model(place / "model", "float32")
    tokens, labels = torch.randint(3, 300, (1, 40)), torch.full((1, 40), -100)
    labels[0, 20:30] = tokens[0, 20:30]
    with torch.no_grad():
        expected = float(model(input_ids=tokens, labels=labels).loss)
    row = {"input_ids": tokens[0].tolist(), "labels": labels[0].tolist()}
    measured = measure(model, [row], lambda _: None)
    assert measured.mean == pytest.approx(expected, rel=1e-5)
    assert measured.tokens.tolist() == [10]


def test_the_interval_covers_the_difference() -> None:
    draw = np.random.default_rng(4)
    covered = 0
    for seed in range(60):
        tokens = draw.integers(1, 30, 100).astype(float)
        before = tokens * draw.normal(3, 0.5, 100)
        found = compare(Losses(before, tokens), Losses(before - tokens * draw.normal(0.1, 0.4, 100), tokens), seed)
        assert found.low < found.difference < found.high
        covered += found.low < -0.1 < found.high
    assert 50 <= covered <= 60
    same = Losses(np.ones(5), np.ones(5))
    assert (compare(same, same, 0).low, compare(same, same, 0).high) == (0, 0)


def test_a_loss_that_is_no_number(place: Path) -> None:
    with pytest.raises(DivergedError, match=r"the loss is (nan|inf)"):
        run(place, method="full", learning_rate=1e30, max_grad_norm=1e30, warmup=0.0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"checkpoint_every": 5}, "checkpoint_every must be a multiple of log_every"),
        ({"batch_size": 6}, "batch_size 6 must be a multiple"),
        ({"method": "qlora"}, "qlora needs an NVIDIA GPU"),
        ({"learning_rate": 0}, "learning_rate"),
    ],
)
def test_configurations_that_are_refused(place: Path, changes: dict[str, Any], says: str, capsys: Any) -> None:
    (place / "train.yaml").write_text(json.dumps({**CONFIGURATION, **changes}))
    assert main(["train", "--quiet", str(place / "train.yaml")]) == 1
    assert says in capsys.readouterr().err


def _remove(name: str) -> Any:
    return lambda place: (place / name).unlink()


def _cut(place: Path) -> None:
    path = place / "model" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])


def _change_rows(place: Path) -> None:
    path = next((place / "curated" / "data").glob("train-*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _other_manifest(place: Path) -> None:
    (place / "curated" / "manifest.json").write_text('{"step": "train", "outputs": [], "inputs": []}')


def _foreign_program(place: Path) -> None:
    path = place / "model" / "config.json"
    config = {**json.loads(path.read_text()), "model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
    path.write_text(json.dumps(config))
    (place / "model" / "own.py").write_text(f"open({str(place / 'was-run')!r}, 'w')\n")


@pytest.mark.parametrize(
    ("harm", "error", "says"),
    [
        (_remove("model/config.json"), ModelError, "has no config.json"),
        (_remove("model/tokenizer.json"), ModelError, "has no tokenizer that can be read"),
        (_remove("curated/manifest.json"), ConfigurationError, "manifest.json: cannot be read"),
        (_other_manifest, ConfigurationError, "manifest of another step"),
        (_cut, ModelError, "has no model that can be read"),
        (_change_rows, SourceError, "is not what curate wrote"),
        (_foreign_program, ModelError, "can be read"),
    ],
)
def test_what_cannot_be_read_is_named(place: Path, harm: Any, error: type[TrainingError], says: str) -> None:
    harm(place)
    with pytest.raises(error, match=says):
        run(place)
    assert not (place / "was-run").exists()


def test_hardware_that_is_not_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(HardwareError, match="no NVIDIA GPU on this machine"):
        run(place, device="cuda", method="qlora")


def test_targets_that_the_model_does_not_have(place: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be adapted"):
        run(place, lora={"targets": ["c_attn"]})


def test_the_command(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(place / "train.yaml")]) == 0
    said = capsys.readouterr()
    assert "held-out loss" in said.out
    assert "training" in said.err
    assert main(["train", "--quiet", str(place / "train.yaml")]) == 0
    assert capsys.readouterr().out.startswith("was there already: ")
