"""The defects of the old package that must not come back, one test or more for each."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import Embed4All, GPT4All
from gpt4all._declarations import CDEF
from gpt4all._pyllmodel import LLModel

GREEDY: dict[str, Any] = {"temp": 0, "max_tokens": 8}


def test_a_model_can_be_constructed(tiny_path: Path) -> None:
    """The last state of the old repository could not: it passed a bare function where C wanted a callback."""
    with GPT4All(tiny_path) as model:
        assert model.generate("hello", **GREEDY)


def test_tokens_can_be_counted(tiny_path: Path) -> None:
    """It passed a str as a char pointer."""
    with GPT4All(tiny_path) as model:
        assert model.count_tokens("hello world") == len(model.tokenize("hello world", add_special=True)) > 1


def test_an_error_while_streaming_reaches_the_caller(tiny_path: Path) -> None:
    """It was lost on a worker thread, and the caller waited for ever."""
    caught: list[BaseException] = []

    def consume(prompt: str, **options: Any) -> None:
        with GPT4All(tiny_path, n_ctx=256) as model:
            try:
                list(model.generate(prompt, streaming=True, **options))
            except ValueError as error:
                caught.append(error)

    for prompt, options in (("the world " * 500, {}), ("hello", {"top_p": 9})):
        thread = threading.Thread(target=consume, args=(prompt,), kwargs=options, daemon=True)
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
    assert [type(error) for error in caught] == [gpt4all.ContextOverflowError, gpt4all.InvalidArgumentError]


def test_an_error_in_a_streaming_callback_reaches_the_caller(tiny_path: Path) -> None:
    def callback(token: int, text: str) -> bool:
        raise ZeroDivisionError

    with GPT4All(tiny_path) as model, pytest.raises(ZeroDivisionError):
        list(model.generate("hello", streaming=True, callback=callback, **GREEDY))


def test_leaving_a_stream_early_stops_it(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker went on to the last token, and kept the program from ending."""
    streams: list[Any] = []
    with GPT4All(tiny_path, n_parallel=1) as model:
        complete = model.complete

        def watched(*arguments: Any, **options: Any) -> Any:
            streams.append(complete(*arguments, **options))
            return streams[-1]

        monkeypatch.setattr(model, "complete", watched)
        threads = threading.active_count()
        for _ in model.generate("hello", streaming=True, temp=0, max_tokens=1500, ignore_eos=True):
            break
        assert threading.active_count() == threads
        with pytest.raises(gpt4all.CancellationError):
            _ = streams[0].result
        assert model.generate("hello", **GREEDY)  # the only slot is free again


def test_threads_share_a_model_and_an_embedder(tiny_path: Path) -> None:
    """Two threads crashed the process."""
    errors: list[BaseException] = []
    texts: set[str] = set()
    vectors: set[tuple[float, ...]] = set()
    bert = tiny_path.with_name("tiny-bert.gguf")

    def work(model: GPT4All, embedder: Embed4All) -> None:
        try:
            for _ in range(3):
                texts.add(model.generate("hello", **GREEDY))
                vectors.add(tuple(round(x, 4) for x in embedder.embed("hello world", prefix="")))
        except BaseException as error:
            errors.append(error)

    with GPT4All(tiny_path) as model, Embed4All(str(bert)) as embedder:
        threads = [threading.Thread(target=work, args=(model, embedder)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
    assert len(texts) == len(vectors) == 1


def test_a_failure_to_load_is_raised_at_once(tiny_path: Path, tmp_path: Path) -> None:
    """load_model() returned False, and nobody looked."""
    whole = tiny_path.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeError, match=r"cut\.gguf"):
        GPT4All("cut.gguf", model_path=tmp_path)
    with pytest.raises(RuntimeError, match=r"cut\.gguf"):
        LLModel(str(tmp_path / "cut.gguf"), 512, 100, "cpu").load_model()


def test_a_message_that_fails_is_not_in_the_history(tiny_path: Path) -> None:
    """It was appended before its length was looked at, so that every later message failed, too."""
    with GPT4All(tiny_path, n_ctx=256) as model, model.chat_session():
        with pytest.raises(ValueError, match="tokens"):
            model.generate("the world " * 500, **GREEDY)
        assert [message["role"] for message in model.current_chat_session or []] == ["system"]
        assert model.generate("hello", **GREEDY)


def test_declarations_are_those_of_the_header() -> None:
    """Argument types were written by hand, and one was missing. Ours are generated: see test_declarations.py."""
    assert "llmodel_open(const char *path, const char *options_json," in " ".join(CDEF.split())


def test_no_gpu_is_no_error(library: str) -> None:
    """The list of GPUs raised ValueError where there was none."""
    assert isinstance(GPT4All.list_gpus(), list)


def test_a_local_file_needs_no_network(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue was fetched whenever a model was opened."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    with GPT4All(tiny_path.name, model_path=tiny_path.parent) as model:
        assert model.generate("hello", **GREEDY)


def test_bytes_left_at_the_end_are_not_dropped(tiny_path: Path) -> None:
    """An answer that was cut inside of a character lost the character's first bytes without a trace."""
    with GPT4All(tiny_path) as model:
        snowman: dict[str, Any] = {"temp": 0, "grammar": 'root ::= "\u2603"'}
        assert model.generate("hello", max_tokens=8, **snowman) == "\u2603"  # three tokens of a byte each
        assert model.generate("hello", max_tokens=1, **snowman) == "\ufffd"


def test_the_language_model_layer_below(tiny_path: Path) -> None:
    """LLModel as downstream programs drive it."""
    model = LLModel(str(tiny_path), 512, 100, "kompute")
    with pytest.raises(Exception, match="not loaded"):
        model.thread_count()
    assert model.load_model() is True
    assert (model.backend, model.device) == ("cpu", None)
    model.set_thread_count(1)
    assert model.thread_count() == 1
    pieces: list[str] = []

    def keep(token: int, text: str) -> bool:
        pieces.append(text)
        return True

    model.prompt_model("hello", "%1", keep, n_predict=4, temp=0)
    first = "".join(pieces)
    streamed = list(model.prompt_model_streaming("hello", "%1", keep, n_predict=4, temp=0, reset_context=True))
    assert "".join(streamed) == first
    pieces.clear()
    model.prompt_model("", "%1", keep, n_predict=4, temp=0)  # goes on from there
    with GPT4All(tiny_path, n_ctx=512) as whole:
        expected = whole.generate("hello", temp=0, max_tokens=8, repeat_penalty=1.2, repeat_last_n=10, top_p=0.9)
    assert first + "".join(pieces) == expected
    with pytest.raises(TypeError, match="no_such"):
        model.prompt_model_streaming("hello", "%1", no_such=1)
    model.close()
    with pytest.raises(ValueError, match="Attempted operation on a closed LLModel"):
        model.prompt_model("hello", "%1", keep)
    assert model.model is None


def test_a_device_that_is_not_there(tiny_path: Path) -> None:
    if GPT4All.list_gpus():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ValueError, match="Unable to initialize model on GPU: 'gpu'"):
        GPT4All(tiny_path, device="gpu")
    model = LLModel(str(tiny_path), 512, 100, "kompute")
    with pytest.raises(ValueError, match="Unable to initialize model on GPU: 'nvidia'"):
        model.init_gpu("nvidia")
