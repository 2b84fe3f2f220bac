"""Configurations: YAML that is checked, with errors that name the key; and the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conftest import source, write_lines
from gpt4all_training import command_line
from gpt4all_training.command_line import main
from gpt4all_training.configuration import read_configuration
from gpt4all_training.curate import Curate
from gpt4all_training.errors import ConfigurationError

GOOD = """\
output: out
sources:
  - name: mine
    files: [rows.jsonl]
    license: CC0-1.0
    author: me
"""


def read(tmp_path: Path, text: str) -> Curate:
    (tmp_path / "curate.yaml").write_text(text, encoding="utf-8")
    return read_configuration(tmp_path / "curate.yaml", Curate)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    assert settings.sources[0].columns == "auto"
    assert settings.duplicates.near is not None
    assert settings.duplicates.near.threshold == 0.8
    assert read(tmp_path, GOOD + "duplicates: {near: null}\n").duplicates.near is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "sead: 1\n", "sead: Extra inputs"),
        (GOOD.replace("    license: CC0-1.0\n", ""), r"sources\.0\.license: Field required"),
        (GOOD + "seed: one\n", "seed: Input should be a valid integer"),
        (GOOD + "seed: 1\nseed: 2\n", "line 8: 'seed' is given twice"),
        (GOOD + "title: &a [x]\nlength: *a\n", "aliases"),
        (GOOD + "language: {keep: [klingon]}\n", "klingon"),
        (GOOD + "language: {keep: [no]}\n", r"language\.keep\.0: Input should be a valid string"),
        (GOOD + "cleaning: {patterns: {bad: '('}}\n", "no regular expression"),
        (GOOD + "contamination: {tasks: {mmlu: a.jsonl}}\n", "mmlu: not one of boolq"),
        (GOOD + "duplicates: {near: {threshold: .nan}}\n", "threshold"),
        (GOOD + "duplicates: {near: {bands: 256, rows: 64}}\n", "at most 1,024 hashes"),
        (GOOD + GOOD[GOOD.index("  - name") :], "names of their own"),
        (GOOD.replace("me\n", "me\n    url: 'javascript:alert(1)'\n"), r"sources\.0\.url"),
        ("{" * 5000, "not valid YAML"),
        ("output: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("output: [\n", "line 2"),
        ("", "is not valid: the whole"),
        ("? [a]\n: 1\n", "not valid"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        read(tmp_path, text)
    assert "curate.yaml" in str(caught.value)


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_configuration(tmp_path / "none.yaml", Curate)
    with pytest.raises(ConfigurationError, match="Is a directory"):
        read_configuration(tmp_path, Curate)
    (tmp_path / "big.yaml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigurationError, match="larger than 1 MB"):
        read_configuration(tmp_path / "big.yaml", Curate)
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_configuration(tmp_path / "latin.yaml", Curate)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(tmp_path / "rows.jsonl", [{"prompt": "Who are you?", "response": "I am the gardener."}, {}])
    (tmp_path / "curate.yaml").write_text(json.dumps({"output": "out", "sources": [source()]}))
    command = ["curate", str(tmp_path / "curate.yaml")]
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out == f"1 of 2 rows stay; {tmp_path / 'out' / 'report.html'} says why\n"
    assert "examining" in said.err
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("was there already: 1 of 2")
    assert main(["curate", str(tmp_path / "none.yaml")]) == 1
    assert capsys.readouterr().err.startswith(f"gpt4all-train: {tmp_path / 'none.yaml'}: No such file")
    assert main(["curate"]) == 2
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out.split("\n", 0)[0])
    assert schema["properties"]["seed"]["description"].startswith("Decides the sketches")


def test_a_command_that_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "curate.yaml").write_text(GOOD)
    monkeypatch.setattr(command_line, "run_curate", stopped)
    assert main(["curate", "--quiet", str(tmp_path / "curate.yaml")]) == 130
    assert capsys.readouterr().err == "gpt4all-train: stopped; the same command goes on from here\n"


def test_the_guide_shows_a_valid_configuration(tmp_path: Path) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert [each.name for each in read(tmp_path, shown).sources] == ["alpaca", "seeds"]


def test_every_key_is_described() -> None:
    schema = Curate.model_json_schema()
    for model in [schema, *schema["$defs"].values()]:
        for name, key in model.get("properties", {}).items():
            # a part of its own is described by its class
            assert key.get("description") or "$ref" in key, f"{model['title']}.{name} has no description"
