"""Models that llama.cpp's converter takes: how it is run, and what becomes of what goes wrong there.

What it makes of real folders is tested where PyTorch is, in tests/conversion/. Here programs of our own stand for it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import gpt4all
import hugging_face_folders as hf
from conftest import TINY_MODELS, child_environment
from gpt4all.conversion import _llama_cpp, convert_folder

Program = Callable[[str], None]
HEAD = "import json, os, shutil, sys, time\njob = json.loads(sys.argv[1])\n"
COPY = f"shutil.copy({str(TINY_MODELS / 'tiny-llama-f32.gguf')!r}, job['out'])\n"
TELL = "print(json.dumps({'progress': 0.5}), flush=True)\n"


@pytest.fixture
def llama(tmp_path: Path, library: str) -> Path:
    folder = tmp_path / "llama"
    folder.mkdir()
    hf.write_json(folder / "config.json", {"architectures": ["LlamaForCausalLM"], "model_type": "llama"})
    (folder / "model.safetensors").write_bytes(bytes(1000))
    return folder


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a program in the place of the converter."""

    def put(text: str) -> None:
        path = tmp_path / "program.py"
        path.write_text(HEAD + text, encoding="utf-8")
        monkeypatch.setattr(_llama_cpp, "_PROGRAM", path)
        monkeypatch.setattr(_llama_cpp, "PACKAGES", ())

    return put


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.iterdir() if path.name != "program.py")


def test_the_converter_of_the_pinned_llama_cpp_is_found() -> None:
    assert (_llama_cpp.scripts_folder() / "convert_lora_to_gguf.py").is_file()


def test_what_it_is_told(llama: Path, tmp_path: Path, program: Program) -> None:
    program(f"open({str(tmp_path / 'told')!r}, 'w').write(json.dumps([job, dict(os.environ)]))\n" + COPY)
    convert_folder(llama, tmp_path / "out.gguf", type="BF16", name="A name", pre_tokenizer="llama-bpe")
    job, environment = json.loads((tmp_path / "told").read_text(encoding="utf-8"))
    assert job.pop("out").endswith(".part")
    assert job == {
        "folder": str(llama.resolve()),
        "type": "bf16",
        "name": "A name",
        "lora": False,
        "base": None,
        "pre_tokenizer": "llama-bpe",
        "trust_remote_code": False,
        "scripts": str(_llama_cpp.scripts_folder()),
    }
    assert environment["HF_HUB_OFFLINE"] == "1"


def test_progress_and_quantising_of_what_it_made(llama: Path, tmp_path: Path, program: Program) -> None:
    program("print('noise from a package')\n" + TELL + COPY)
    seen: list[float] = []
    result = convert_folder(llama, tmp_path / "out.gguf", type="Q8_0", progress=seen.append)
    assert result["architecture"] == "LlamaForCausalLM"
    assert seen[:2] == [0.0, 0.25]
    assert seen[-1] == 1.0
    gpt4all.quantize(TINY_MODELS / "tiny-llama-f32.gguf", tmp_path / "same.gguf", type="Q8_0")
    assert (tmp_path / "out.gguf").read_bytes() == (tmp_path / "same.gguf").read_bytes()
    assert left(tmp_path) == ["llama", "out.gguf", "same.gguf"]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("print(json.dumps({'error': 'no such class', 'kind': 'unsupported'})); sys.exit(1)",
         gpt4all.UnsupportedError, "no such class"),
        ("print(json.dumps({'error': 'bad', 'kind': 'not a kind'})); sys.exit(1)", gpt4all.InvalidModelError, "bad"),
        ("raise KeyError('attn_config')", gpt4all.InvalidModelError, "KeyError: 'attn_config'"),
        ("os.kill(os.getpid(), 9)", gpt4all.LLModelIOError, "signal 9"),
        (COPY + "os.truncate(job['out'], 100_000)", gpt4all.InvalidModelError, "do not fit together"),
    ],
)  # fmt: skip
def test_what_goes_wrong_there_is_told_and_leaves_nothing(
    llama: Path, tmp_path: Path, program: Program, text: str, error: type[gpt4all.LLModelError], words: str
) -> None:
    program("open(job['out'], 'wb').write(b'a part')\n" + text)
    with pytest.raises(error, match=words):
        convert_folder(llama, tmp_path / "out.gguf")
    assert left(tmp_path) == ["llama"]


def test_cancelling_ends_the_process(llama: Path, tmp_path: Path, program: Program) -> None:
    number = tmp_path / "number"
    program(f"open({str(number)!r}, 'w').write(str(os.getpid()))\n" + TELL + "time.sleep(60)\n")
    started = time.monotonic()
    with pytest.raises(gpt4all.CancellationError):
        convert_folder(llama, tmp_path / "out.gguf", progress=lambda fraction: fraction == 0.0)
    assert time.monotonic() - started < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)
    assert left(tmp_path) == ["llama", "number"]


def test_ctrl_c_leaves_nothing(llama: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(HEAD + "open(job['out'], 'wb').write(b'x')\n" + TELL + "time.sleep(60)\n", encoding="utf-8")
    command = (
        "import sys; from pathlib import Path; from gpt4all.conversion import _llama_cpp as runner\n"
        f"runner._PROGRAM, runner.PACKAGES = Path({str(program)!r}), ()\n"
        "from gpt4all._cli import main; sys.exit(main())"
    )
    arguments = [sys.executable, "-c", command, "convert", str(llama), str(tmp_path / "out.gguf")]
    process = subprocess.Popen(arguments, env=child_environment(), stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while not any(path.name.endswith(".part") for path in tmp_path.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    assert left(tmp_path) == ["llama"]
    assert process.stderr is not None
    process.stderr.close()


def test_missing_packages_are_named_with_how_to_get_them(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_llama_cpp, "PACKAGES", ("json", "no_such_package", "no_such.protobuf"))
    with pytest.raises(gpt4all.UnsupportedError) as caught:
        convert_folder(llama, tmp_path / "out.gguf")
    assert caught.value.detail["missing"] == ["no_such_package", "no_such.protobuf"]
    assert "pip install 'gpt4all[convert]'" in str(caught.value)


def test_an_adapter_is_given_its_model(llama: Path, tmp_path: Path, program: Program) -> None:
    adapter = hf.write_lora(tmp_path / "adapter", hf.lora_tensors(["transformer.h.0.attn.q_proj"]), str(llama))
    program(f"open({str(tmp_path / 'told')!r}, 'w').write(sys.argv[1])\n" + COPY)
    result = convert_folder(adapter, tmp_path / "out.gguf")
    assert result["architecture"] == "LlamaForCausalLM adapter"
    job = json.loads((tmp_path / "told").read_text(encoding="utf-8"))
    assert (job["lora"], job["base"], job["type"]) == (True, str(llama.resolve()), "f32")


def test_folders_that_hold_no_model(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(gpt4all.ModelNotFoundError, match=str(path)):
            convert_folder(path, tmp_path / "out.gguf")
