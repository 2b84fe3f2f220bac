"""GPT4All as programs of the old package use it: opening, generate(), devices, closing. Sessions have a file too."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from conftest import TINY_MODELS
from gpt4all import GPT4All
from gpt4all._compat.device_names import DeviceError, device_option, gpu_names

PROMPT = "the world is"
GREEDY: dict[str, Any] = {"temp": 0, "max_tokens": 12}


@pytest.fixture(scope="module")
def model(tiny_path: Path) -> Iterator[GPT4All]:
    with GPT4All(tiny_path.name, model_path=tiny_path.parent, allow_download=False) as opened:
        yield opened


def test_greedy_is_what_complete_gives(model: GPT4All) -> None:
    text = model.generate(PROMPT, **GREEDY)
    expected = model.complete(PROMPT, temperature=0, max_tokens=12, repeat_penalty=1.18, repeat_last_n=64)
    assert text == expected.text
    assert text


def test_streaming_gives_the_same_in_pieces(model: GPT4All) -> None:
    pieces = list(model.generate(PROMPT, streaming=True, **GREEDY))
    assert len(pieces) > 3
    assert "".join(pieces) == model.generate(PROMPT, **GREEDY)


def test_n_predict_goes_before_max_tokens(model: GPT4All) -> None:
    assert model.generate(PROMPT, temp=0, max_tokens=12, n_predict=2) == model.generate(PROMPT, temp=0, max_tokens=2)
    assert model.generate(PROMPT, n_predict=0) == ""


def test_callback_gets_tokens_and_stops(model: GPT4All) -> None:
    seen: list[tuple[int, str]] = []

    def callback(token: int, text: str) -> bool:
        seen.append((token, text))
        return len(seen) < 3

    text = model.generate(PROMPT, callback=callback, **GREEDY)
    assert len(seen) == 3
    assert text == "".join(piece for _, piece in seen)
    assert all(0 <= token < 608 for token, _ in seen)
    assert [model.detokenize([token]).strip() for token, _ in seen] == [piece.strip() for _, piece in seen]

    seen.clear()
    streamed = list(model.generate(PROMPT, streaming=True, callback=callback, **GREEDY))
    assert streamed == [piece for _, piece in seen[:2]]  # the piece that was refused is not given


def test_a_callback_that_returns_nothing_goes_on(model: GPT4All) -> None:
    seen: list[str] = []
    text = model.generate(PROMPT, callback=lambda _, piece: seen.append(piece), **GREEDY)
    assert "".join(seen) == text == model.generate(PROMPT, **GREEDY)


def test_what_a_callback_raises_is_raised(model: GPT4All) -> None:
    def callback(token: int, text: str) -> bool:
        raise KeyError(text)

    with pytest.raises(KeyError):
        model.generate(PROMPT, callback=callback, **GREEDY)
    with pytest.raises(KeyError):
        list(model.generate(PROMPT, streaming=True, callback=callback, **GREEDY))


def test_further_options_of_the_c_api(model: GPT4All) -> None:
    whole = model.generate(PROMPT, **GREEDY)
    stop = whole[3:6]
    assert model.generate(PROMPT, stop=[stop], **GREEDY) == whole[: whole.index(stop)]
    random = [model.generate(PROMPT, max_tokens=12, temp=5, top_k=0, top_p=1, seed=seed) for seed in (1, 1, 2)]
    assert random[0] == random[1] != random[2]
    with pytest.raises(gpt4all.InvalidArgumentError, match="no_such_option"):
        model.generate(PROMPT, no_such_option=1)


def test_sampling_parameters_arrive(model: GPT4All, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[dict[str, Any]] = []
    complete = model.complete

    def watched(prompt: str, **request: Any) -> Any:
        requests.append(request)
        return complete(prompt, **request)

    monkeypatch.setattr(model, "complete", watched)
    fields = gpt4all.schema()["$defs"]["sampling"]["properties"]
    off = ("samplers", "xtc_probability", "mirostat", "frequency_penalty", "presence_penalty", "dry_multiplier")
    others = {
        name: fields[name]["default"] for name in (*off, "dynatemp_range", "top_n_sigma", "typical_p", "min_keep")
    }
    given: dict[str, Any] = {"top_k": 7, "top_p": 0.6, "min_p": 0.1, "repeat_penalty": 1.3, "repeat_last_n": 9}
    model.generate(PROMPT, max_tokens=1, temp=0.5, **given)
    assert requests == [{"max_tokens": 1, "temperature": 0.5, "stream": True, **given, **others}]
    model.generate(PROMPT, max_tokens=1)
    defaults = {"top_k": 40, "top_p": 0.4, "min_p": 0.0, "repeat_penalty": 1.18, "repeat_last_n": 64}
    assert requests[1] == {"max_tokens": 1, "temperature": 0.7, "stream": True, **defaults, **others}
    model.generate(PROMPT, max_tokens=1, temp=-1, top_k=-1, repeat_last_n=-1)  # as older releases took them
    assert (requests[2]["temperature"], requests[2]["top_k"], requests[2]["repeat_last_n"]) == (0, 0, 0)


def test_generate_keeps_its_own_defaults(tiny_path: Path, tmp_path: Path) -> None:
    """Whatever the model's makers advise, which is for the newer methods."""
    advised = tmp_path / "SmolLM2-135M-Instruct-Q4_1.gguf"
    advised.write_bytes(tiny_path.read_bytes())
    opened: dict[str, Any] = {"mirostat": 2, "samplers": ["top_k"], "xtc_probability": 1, "temperature": 0}
    opened.update(frequency_penalty=2, presence_penalty=2, dry_multiplier=5, typical_p=0.1, top_n_sigma=0.5, min_keep=5)
    own: dict[str, Any]
    for path, fields in ((advised, {}), (tiny_path, opened)):
        # both are new: what one has kept of a prompt rounds its answers differently
        with GPT4All(path, sampling=fields) as other, GPT4All(tiny_path) as plain:
            assert other.info()["sampling"] != plain.info()["sampling"]
            for seed in (1, 2, 3):
                own = {"max_tokens": 12, "seed": seed}
                assert other.generate(PROMPT, **own) == plain.generate(PROMPT, **own)
    with GPT4All(TINY_MODELS / "tiny-llama-advice.gguf") as greedy:
        own = {"max_tokens": 12, "top_k": 0, "top_p": 1, "temp": 5}
        assert len({greedy.generate(PROMPT, seed=seed, **own) for seed in (1, 2, 3)}) > 1
        assert len({greedy.complete(PROMPT, seed=seed, max_tokens=12).text for seed in (1, 2, 3)}) == 1


def test_too_long_a_prompt_is_a_value_error(model: GPT4All) -> None:
    with pytest.raises(ValueError, match="tokens") as caught:
        model.generate("the world " * 5000)
    assert isinstance(caught.value, gpt4all.ContextOverflowError)
    with pytest.raises(ValueError, match="tokens"):
        list(model.generate("the world " * 5000, streaming=True))


# ------------------------------------------------------------------------------------------------ opening and closing


def test_attributes(model: GPT4All, tiny_path: Path) -> None:
    default = "### Human:\n{0}\n\n### Assistant:\n"
    assert model.config == {"path": str(tiny_path), "systemPrompt": "", "promptTemplate": default}
    assert model.model_type is None
    assert (model.backend, model.device) in (("cpu", None), (model.backend, model.device))
    assert model.model.thread_count() > 0
    assert model.info()["opened"]["n_ctx"] == 2048


def test_the_methods_of_model_are_there(model: GPT4All, tiny_path: Path) -> None:
    assert isinstance(model, gpt4all.Model)
    assert model.chat("hello", max_tokens=2, temperature=0).usage["completion_tokens"] > 0
    assert model.path == str(tiny_path)


def test_options_of_the_c_api_go_before_the_older_names(tiny_path: Path) -> None:
    with GPT4All(tiny_path, n_ctx=512, n_parallel=2, model_type="llama", n_threads=1) as model:
        opened = model.info()["opened"]
        assert (opened["n_ctx"], opened["n_parallel"], opened["threads"]) == (512, 2, 1)
        assert model.model_type == "llama"
    with pytest.raises(gpt4all.InvalidArgumentError, match="no_such_option"):
        GPT4All(tiny_path, no_such_option=1)


def test_the_extension_may_be_left_out(tiny_path: Path) -> None:
    with GPT4All(tiny_path.stem, model_path=tiny_path.parent) as model:
        assert model.config["path"] == str(tiny_path)


def test_after_close_everything_is_a_value_error(tiny_path: Path) -> None:
    model = GPT4All(tiny_path)
    model.close()
    model.close()
    for use in (
        lambda: model.generate("x"),
        lambda: model.generate("x", streaming=True),
        lambda: model.model.prompt_model("x", "%1", lambda *_: True),
        lambda: model.backend,
        lambda: model.model.device,
    ):
        with pytest.raises(ValueError, match="closed") as caught:
            use()
        assert isinstance(caught.value, gpt4all.ClosedError)


def test_a_dropped_model_is_closed_at_once(tiny_path: Path) -> None:
    gc.disable()
    try:
        model = GPT4All(tiny_path)
        assert model.model.thread_count() > 0
        model.generate("x", max_tokens=1)
        gone = weakref.ref(model)
        del model
        assert gone() is None  # no circle of references keeps its memory until the next collection
    finally:
        gc.enable()


def test_a_file_that_is_no_model_says_so_at_once(tmp_path: Path, library: str) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"this is no model" * 100)
    with pytest.raises(RuntimeError, match=r"bad\.gguf") as caught:
        GPT4All("bad", model_path=tmp_path, allow_download=False)
    assert isinstance(caught.value, gpt4all.InvalidModelError)


def test_threads_may_share_a_model(model: GPT4All) -> None:
    alone = {
        word: model.generate(word, **GREEDY) for word in ("the", "world", "cat", "dog", "one", "two", "red", "blue")
    }
    together: dict[str, str] = {}

    def ask(word: str) -> None:
        together[word] = model.generate(word, **GREEDY)

    threads = [threading.Thread(target=ask, args=(word,)) for word in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


# ------------------------------------------------------------------------------------------------------------ devices


def _machine(*gpus: tuple[str, str, str]) -> gpt4all.types.DevicesResult:
    devices = [{"name": "CPU", "description": "A processor", "type": "cpu", "backend": "CPU", "memory_total": 8 << 30}]
    devices += [
        {"name": name, "description": description, "type": "gpu", "backend": backend, "memory_total": 4 << 30}
        for name, description, backend in gpus
    ]
    return {"devices": devices, "backends": []}  # type: ignore[typeddict-item]


NOTHING = _machine()
BOTH = _machine(
    ("Vulkan0", "AMD Radeon RX 7900", "Vulkan"),
    ("CUDA0", "NVIDIA H200", "CUDA"),
    ("Vulkan1", "Intel(R) Arc(TM) A770", "Vulkan"),
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, "auto"),
        ("auto", "auto"),
        ("cpu", "cpu"),
        ("gpu", "Vulkan0"),
        ("amd", "Vulkan0"),
        ("nvidia", "CUDA0"),
        ("intel", "Vulkan1"),
        ("kompute", "Vulkan0"),
        ("cuda", "CUDA0"),
        ("cuda:NVIDIA H200", "CUDA0"),
        ("kompute:Intel(R) Arc(TM) A770", "Vulkan1"),
        ("vulkan:AMD Radeon RX 7900", "Vulkan0"),
        ("NVIDIA H200", "CUDA0"),
        ("Vulkan1", "Vulkan1"),
    ],
)
def test_device_strings(wanted: str | None, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert device_option(wanted, BOTH) == expected


@pytest.mark.parametrize("wanted", ["gpu", "amd", "cuda", "kompute", "cuda:NVIDIA H200", "GeForce"])
def test_devices_that_are_not_there(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(ValueError, match="Unable to initialize model on GPU: ") as caught:
        device_option(wanted, NOTHING)
    assert isinstance(caught.value, DeviceError)


@pytest.mark.parametrize(
    ("machine", "wanted", "known"), [("arm64", "gpu", True), ("arm64", "cuda", False), ("x86_64", "gpu", False)]
)
def test_device_strings_of_macos(machine: str, wanted: str, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: machine)
    there = _machine(("MTL0", "Apple M3", "MTL"))
    if known:
        assert device_option(wanted, there) == "MTL0"
    else:
        with pytest.raises(ValueError, match=f"Unknown device for this platform: {wanted}"):
            device_option(wanted, there)


def test_list_gpus() -> None:
    assert gpu_names(found=NOTHING) == []
    assert gpu_names(found=BOTH)[1] == "cuda:NVIDIA H200"
    assert gpu_names(5 << 30, BOTH) == []
    assert [device_option(name, BOTH) for name in gpu_names(found=BOTH)] == ["Vulkan0", "CUDA0", "Vulkan1"]


def test_list_gpus_of_this_machine(library: str) -> None:
    there = [each for each in gpt4all.devices()["devices"] if each["type"] in ("gpu", "igpu")]
    assert len(GPT4All.list_gpus()) == len(there)
