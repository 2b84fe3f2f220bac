"""The models that stand for large ones in the documentation's examples."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ci.common import VENV_PYTHON
from ci.documentation.stand_ins import CONTEXT, HERE, TINY_MODELS, fill, stand_ins

LENGTH = """import sys
from gguf import GGUFReader
print(GGUFReader(sys.argv[1]).get_field("llama.context_length").contents())"""


def test_every_model_is_there(tmp_path: Path) -> None:
    default = TINY_MODELS / "tiny-llama-q4_0.gguf"
    fill(tmp_path / "models", default)
    template = (HERE / "tools.jinja").read_bytes()
    for name, source in {**stand_ins(), default.name: ""}.items():
        content = (tmp_path / "models" / name).read_bytes()
        assert content.startswith(b"GGUF"), name
        assert (template in content) == (source == "tools"), name
    command = [str(VENV_PYTHON), "-c", LENGTH, str(tmp_path / "models" / default.name)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [str(CONTEXT)]
