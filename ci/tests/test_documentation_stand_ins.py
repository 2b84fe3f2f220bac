"""The models that stand for large ones in the documentation's examples."""

from __future__ import annotations

from pathlib import Path

from ci.documentation.stand_ins import HERE, fill, stand_ins


def test_every_model_is_there(tmp_path: Path) -> None:
    default = tmp_path / "default.gguf"
    default.write_bytes(b"GGUF of the default model")
    fill(tmp_path / "models", default)
    template = (HERE / "tools.jinja").read_bytes()
    for name, source in {**stand_ins(), default.name: ""}.items():
        content = (tmp_path / "models" / name).read_bytes()
        assert content.startswith(b"GGUF"), name
        assert (template in content) == (source == "tools"), name
