"""The wheel: what is in it, that any Python installs it without a compiler, and that it then answers."""

from __future__ import annotations

import email
import json
import re
import subprocess
import sys
from email.message import Message
from pathlib import Path

import pytest

from distribution.installed import BINDING, ROOT, Installed

FIRST_EXAMPLE = re.compile(r"## First example\n+```python\n(.*?)```", re.DOTALL)
SCRIPTS = "gpt4all/llama_cpp_scripts/"
PAGES = "gpt4all/_app/static"
TINY_MODELS = ROOT / "gpt4all-backend" / "tests" / "models"
CATALOGUE = {
    f"gpt4all/models/{name}": ROOT / "gpt4all-bindings" / "catalogue" / name
    for name in ("catalogue.json", "catalogue.schema.json")
}
VERSION = (ROOT / "VERSION").read_text(encoding="ascii").strip()

# What a module computes: log-likelihoods of two continuations, by weights of several types, and a vector.
WITHOUT_OUR_KERNELS = ("x64", "sse42", "sandybridge", "ivybridge", "piledriver")

COMPUTE = """
import gpt4all, json, sys
values = []
for path in sys.argv[1:-1]:
    with gpt4all.Model(path) as model:
        scores = model.score("The quick brown fox jumps over", [" the lazy dog", " a fence, and sleeps"])
        values += [score.logprob for score in scores]
with gpt4all.Model(sys.argv[-1]) as model:
    values += list(model.embed(["A cat sleeps."]).vectors[0])
loaded = [b["path"] for b in gpt4all.devices()["backends"] if b["loaded"] and b["name"] == "cpu"]
json.dump({"loaded": loaded, "values": values}, sys.stdout)
"""


def metadata(folder: Path) -> Message:
    (path,) = folder.glob("*.dist-info/METADATA")
    return email.message_from_string(path.read_text(encoding="utf-8"))


def test_one_wheel_is_for_every_python_and_the_oldest_system_that_has_what_it_needs(wheel: Path) -> None:
    name = rf"gpt4all-{re.escape(VERSION)}-py3-none-((?:manylinux_\d+_\d+_\w+)(?:\.manylinux_\d+_\d+_\w+)*)\.whl"
    match = re.fullmatch(name, wheel.name)
    assert match, wheel.name
    command = [str(Path(sys.executable).parent / "auditwheel"), "show", str(wheel)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    consistent = re.search(r'following platform tag:\s+"(\w+)"', shown)
    assert consistent, shown
    assert consistent[1] in match[1].split("."), shown


def test_the_wheel_holds_the_package_the_library_its_modules_and_nothing_else(unpacked: Path) -> None:
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "gpt4all"]
    ours = set(subprocess.run(listing, cwd=BINDING, capture_output=True, text=True, check=True).stdout.split())
    pages = {str(path.relative_to(BINDING)) for path in (BINDING / PAGES).rglob("*") if path.is_file()}
    assert {name for name in ours if (BINDING / name).is_file()} | CATALOGUE.keys() | pages == {
        name for name in files if name.startswith("gpt4all/") and not name.startswith(("gpt4all/lib/", SCRIPTS))
    }
    for name, source in CATALOGUE.items():
        assert (unpacked / name).read_bytes() == source.read_bytes()
    libraries = {name for name in files if name.startswith("gpt4all/lib/")}
    assert "gpt4all/lib/libllmodel.so" in libraries
    modules = libraries - {"gpt4all/lib/libllmodel.so"}
    assert modules
    assert "gpt4all/lib/libggml-rpc.so" in modules
    assert all(re.fullmatch(r"gpt4all/lib/libggml-(cpu(-\w+)?|rpc)\.so", name) for name in modules), modules
    converters = {name.removeprefix(SCRIPTS) for name in files if name.startswith(SCRIPTS)}
    assert converters >= {"convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "LICENSE", "conversion/mpt.py"}
    for name in converters:
        assert (unpacked / SCRIPTS / name).read_bytes() == (ROOT / "build" / "llama.cpp" / name).read_bytes()
    rest = {name for name in files if not name.startswith("gpt4all/")}
    assert all(name.startswith(f"gpt4all-{VERSION}.dist-info/") for name in rest), rest


def test_the_wheel_carries_the_licences(unpacked: Path) -> None:
    (licenses,) = unpacked.glob("*.dist-info/licenses")
    assert metadata(unpacked).get_all("License-File") == ["LICENSE", "NOTICE"]
    for name in ("LICENSE", "NOTICE"):
        assert (licenses / name).read_bytes() == (ROOT / name).read_bytes()
    source = ROOT / "build" / "llama.cpp"
    linked = [source / "LICENSE", *source.glob("licenses/*"), *source.glob("vendor/**/LICENSE*")]
    assert len(linked) > 5
    for path in linked:
        assert (licenses / "llama.cpp" / path.relative_to(source)).read_bytes() == path.read_bytes()


def test_the_metadata_says_what_the_package_is(unpacked: Path) -> None:
    told = metadata(unpacked)
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("gpt4all", VERSION, ">=3.10")
    assert told["License-Expression"] == "MIT"
    assert str(told.get_payload()).strip() == (BINDING / "README.md").read_text(encoding="utf-8").strip()


def test_the_first_example_of_the_readme_answers(everywhere: Installed, default_model: str) -> None:
    match = FIRST_EXAMPLE.search((BINDING / "README.md").read_text(encoding="utf-8"))
    assert match
    answer = everywhere.run("python", "-c", match[1])
    assert len(answer.split()) > 5, answer


def test_every_module_compiles(everywhere: Installed) -> None:
    (package,) = everywhere.folder.glob("lib/python*/site-packages/gpt4all")
    everywhere.run("python", "-m", "compileall", "-q", str(package))


def test_the_command_answers(everywhere: Installed, default_model: str) -> None:
    assert everywhere.run("gpt4all", "--version") == f"gpt4all {VERSION}\n"
    printed = everywhere.run("gpt4all", "run", "--json", "--quiet", "--max-tokens", "8", "Why is the sky blue?")
    assert json.loads(printed)["usage"]["completion_tokens"] > 0


def test_the_library_is_the_wheels_own(here: Installed) -> None:
    program = "from gpt4all._library import load; print(load().path)"
    assert Path(here.run("python", "-c", program).strip()).is_relative_to(here.folder)


def test_llama_cpps_converters_are_the_wheels_own(here: Installed) -> None:
    program = "from gpt4all.conversion._llama_cpp import scripts_folder; print(scripts_folder())"
    assert Path(here.run("python", "-c", program).strip()).is_relative_to(here.folder)


def test_a_library_that_is_named_comes_before_the_wheels(here: Installed, tmp_path: Path) -> None:
    program = "import gpt4all\ntry: gpt4all.devices()\nexcept gpt4all.LibraryNotFoundError as error: print(error)"
    printed = here.run("python", "-c", program, GPT4ALL_LIBRARY=str(tmp_path / "other.so"))
    assert str(tmp_path / "other.so") in printed


def test_every_module_that_this_processor_can_run_computes_the_same(here: Installed) -> None:
    models = [
        str(TINY_MODELS / f"{name}.gguf")
        for name in ("tiny-llama-f32", "tiny-llama-q4_0", "tiny-llama-q8_0", "tiny-bert")
    ]
    backends = json.loads(here.run("gpt4all", "devices", "--json"))["backends"]
    assert [module["loaded"] for module in backends if module["name"] == "rpc"] == [True]
    modules = [module for module in backends if module["name"] == "cpu"]
    reasons = {Path(module["path"]).name: module.get("reason", "") for module in modules}
    usable = [name for name, reason in reasons.items() if not reason or reason.endswith("fits this machine better")]
    foreign = [name for name, reason in reasons.items() if reason == "this processor lacks instructions that it needs"]
    assert sorted(reasons) == sorted(usable + foreign)
    assert sum(module["loaded"] for module in modules) == 1
    # Modules from AVX2 on multiply quantised weights by kernels of ours, which round inputs otherwise than ggml's.
    expected: dict[bool, list[float]] = {}
    for name in usable:
        variant = re.sub(r"libggml-cpu-(\w+)\.so", r"\1", name)
        found = json.loads(here.run("python", "-c", COMPUTE, *models, GPT4ALL_CPU_MODULE=variant))
        assert [Path(path).name for path in found["loaded"]] == [name]
        alike = expected.setdefault(variant in WITHOUT_OUR_KERNELS, found["values"])
        assert found["values"] == pytest.approx(alike, abs=1e-3), name
    values = list(expected.values())
    assert values[0] == pytest.approx(values[-1], rel=1e-2, abs=1e-3)
