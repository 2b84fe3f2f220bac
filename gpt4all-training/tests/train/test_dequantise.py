"""From GGUF back to a folder: the same weights, tokens and template."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import transformers

gpt4all = pytest.importorskip("gpt4all", reason="`make test LANES=training` says where the library is")

import gguf  # noqa: E402

from gpt4all_training.command_line import main  # noqa: E402
from gpt4all_training.dequantise import dequantise  # noqa: E402
from gpt4all_training.errors import ModelError, OutputError  # noqa: E402
from tiny_model import CHATML, make_model, make_rows  # noqa: E402


def converted(folder: Path, type_: str) -> Path:
    from gpt4all.conversion import convert_folder

    out = folder.with_name(f"{folder.name}-{type_}.gguf")
    convert_folder(folder, out, type=type_)
    return out


def test_unquantised_weights_come_back_as_they_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_model(tmp_path / "model")
    file = converted(folder, "F32")
    assert main(["dequantise", str(file), str(tmp_path / "back")]) == 0
    assert "weights are in" in capsys.readouterr().out
    was = transformers.AutoModelForCausalLM.from_pretrained(folder).state_dict()
    found = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "back").state_dict()
    assert was.keys() == found.keys()
    assert all((was[name] == found[name]).all() for name in was)
    before, after = (transformers.AutoTokenizer.from_pretrained(each) for each in (folder, tmp_path / "back"))
    for row in make_rows(5):
        text = before.apply_chat_template(row["messages"], tokenize=False)
        assert after.apply_chat_template(row["messages"], tokenize=False) == text
        assert after(text)["input_ids"] == before(text)["input_ids"]
    assert after.chat_template == CHATML
    assert after.eos_token == before.eos_token


def test_quantised_weights_are_those_of_the_file(tmp_path: Path) -> None:
    file = converted(make_model(tmp_path / "model"), "Q8_0")
    dequantise(file, tmp_path / "back")
    found = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "back").state_dict()
    (stored,) = [each for each in gguf.GGUFReader(file).tensors if each.name == "blk.0.ffn_down.weight"]
    expected = gguf.quants.dequantize(stored.data, stored.tensor_type)
    assert np.array_equal(found["model.layers.0.mlp.down_proj.weight"].numpy(), expected)


def test_what_cannot_be_dequantised(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such file"):
        dequantise(tmp_path / "none.gguf", tmp_path / "back")
    (tmp_path / "damaged.gguf").write_bytes(b"GGUF\3\0\0\0" + b"\xff" * 64)
    with pytest.raises(ModelError, match=r"damaged\.gguf: cannot be dequantised"):
        dequantise(tmp_path / "damaged.gguf", tmp_path / "back")
    assert not (tmp_path / "back").exists()
    (tmp_path / "back").mkdir()
    with pytest.raises(OutputError, match="is there already"):
        dequantise(tmp_path / "damaged.gguf", tmp_path / "back")
