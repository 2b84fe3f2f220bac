"""The binding with the real engine, on the tiny models: they write nonsense, but the same at every run."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from conftest import TINY_MODELS, RunPython, child_environment
from gpt4all import Model

GREEDY: Any = {"temperature": 0, "max_tokens": 24}
MESSAGES = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "name the red cat"}]


def test_chat_gives_text_usage_and_timings(tiny: Model) -> None:
    result = tiny.chat(MESSAGES, **GREEDY)
    assert result.text == str(result) == result.message["content"]
    assert result.text
    assert result.finish_reason in ("stop", "length")
    assert result.usage["total_tokens"] == result.usage["prompt_tokens"] + result.usage["completion_tokens"]
    assert 0 < result.usage["completion_tokens"] <= 24
    assert result.timings["predicted_n"] == result.usage["completion_tokens"]
    assert (result.reasoning, result.tool_calls, result.logprobs) == ("", [], None)
    assert tiny.chat("hello", **GREEDY).text == tiny.chat([{"role": "user", "content": "hello"}], **GREEDY).text


def test_streaming_gives_what_not_streaming_gives(tiny: Model) -> None:
    for request in ({"temperature": 0}, {"temperature": 1.0, "seed": 7}):
        whole = tiny.chat(MESSAGES, max_tokens=40, **request)
        stream = tiny.chat(MESSAGES, stream=True, max_tokens=40, **request)
        pieces = list(stream)
        assert len(pieces) > 3
        assert "".join(pieces) == stream.text == stream.result.text == whole.text
        assert stream.result.usage["completion_tokens"] == whole.usage["completion_tokens"]
        assert stream.result.finish_reason == whole.finish_reason
        assert list(stream) == []


def test_result_of_a_stream_nobody_iterated(tiny: Model) -> None:
    assert tiny.complete("the world", stream=True, **GREEDY).result.text == tiny.complete("the world", **GREEDY).text


def test_events_come_in_order(tiny: Model) -> None:
    with tiny.chat(MESSAGES, stream=True, return_progress=True, **GREEDY) as stream:
        kinds = [event.kind for event in stream.events()]
    assert kinds[0] == "started"
    assert kinds[-2:] == ["result", "done"]
    assert "progress" in kinds
    assert kinds.index("progress") < kinds.index("text")
    assert set(kinds[kinds.index("text") : -2]) == {"text"}


def test_several_choices(tiny: Model) -> None:
    request: Any = {"n": 3, "temperature": 1.5, "seed": 3, "max_tokens": 12, "ignore_eos": True}
    result = tiny.chat("hello", **request)
    assert [choice.index for choice in result.choices] == [0, 1, 2]
    assert len({choice.text for choice in result.choices}) > 1
    stream = tiny.chat("hello", stream=True, **request)
    texts = {0: "", 1: "", 2: ""}
    for event in stream.events():
        if event.kind == "text":
            texts[event.index] += event.data
    assert [choice.text for choice in stream.result.choices] == list(texts.values())
    assert stream.text == texts[0]


def test_prompts_may_be_tokens(tiny: Model) -> None:
    tokens = tiny.tokenize("the red cat", add_special=True)
    assert tiny.complete(tokens, **GREEDY).text == tiny.complete("the red cat", **GREEDY).text


@pytest.mark.parametrize("text", ["😀é漢👩‍🚀", "a\u0301🇫🇷", "x\u0000y"])
def test_code_points_are_never_split(tiny: Model, text: str) -> None:
    tokens = tiny.tokenize(text)
    assert len(tokens) > len(text) / 2
    assert tiny.detokenize(tokens).lstrip() == text
    if "\0" not in text:
        stream = tiny.complete("the", grammar=f'root ::= "{text}"', stream=True, temperature=0, max_tokens=80)
        assert "".join(stream) == text


def test_tokens_and_templates(tiny: Model) -> None:
    prompt = tiny.apply_template(MESSAGES)
    assert prompt.startswith("<|im_start|>system\nbe brief<|im_end|>\n")
    assert prompt.endswith("<|im_start|>assistant\n")
    assert tiny.count_tokens(MESSAGES) == tiny.chat(MESSAGES, **GREEDY).usage["prompt_tokens"]
    assert tiny.count_tokens("hello world") == len(tiny.tokenize("hello world", add_special=True))
    assert tiny.count_tokens([1, 2, 3]) == 3


def test_score(tiny: Model) -> None:
    scores = tiny.score("the red", [" cat", " dog and cat"], logprob_rows="continuation")
    assert len(scores) == 2
    for score in scores:
        assert score.logprob < 0
        assert math.isclose(score.logprob, sum(score.token_logprobs), abs_tol=1e-4)
        assert len(score.tokens) == len(score.token_logprobs)
    assert len(scores.rows) >= max(len(score.tokens) for score in scores)
    for row in scores.rows:
        assert len(row.logprobs) == scores.raw["n_vocab"]
        assert math.isclose(sum(math.exp(value) for value in row.logprobs), 1, abs_tol=1e-3)
    own = [row for row in scores.rows if row.continuation in (-1, 1)]
    expected = scores[1].token_logprobs
    found = [row.logprobs[token] for row, token in zip(own[-len(expected) :], scores[1].tokens, strict=False)]
    assert all(any(math.isclose(value, other, abs_tol=1e-4) for other in found) for value in expected)


def test_score_batch(tiny: Model) -> None:
    inputs: list[Any] = [("the red", [" cat", " dog and cat"]), ([5, 6, 7], ([8, 9],)), ("the red", iter([" cat"]))]
    batch = tiny.score_batch(inputs, logprob_rows="continuation")
    assert [len(scores) for scores in batch] == [2, 1, 1]
    assert len(batch) == 3
    alone = [
        tiny.score("the red", [" cat", " dog and cat"], logprob_rows="continuation"),
        tiny.score([5, 6, 7], [[8, 9]], logprob_rows="continuation"),
        tiny.score("the red", [" cat"], logprob_rows="continuation"),
    ]
    for scores, expected in zip(batch, alone, strict=True):
        assert scores.context_tokens == expected.context_tokens == expected.raw["context_tokens"]
        assert [score.tokens for score in scores] == [score.tokens for score in expected]
        assert [score.greedy for score in scores] == [score.greedy for score in expected]
        assert [score.logprob for score in scores] == pytest.approx([score.logprob for score in expected], abs=0.02)
        assert {(row.continuation, row.position) for row in scores.rows} == {
            (row.continuation, row.position) for row in expected.rows
        }
        assert scores.usage["total_tokens"] == expected.usage["total_tokens"]
    assert batch.usage["total_tokens"] == sum(scores.usage["total_tokens"] for scores in batch)


def test_score_truncates(tiny: Model) -> None:
    limit = tiny.info()["opened"]["n_ctx"]
    context = [5 + index % 300 for index in range(limit + 50)]
    with pytest.raises(gpt4all.ContextOverflowError) as caught:
        tiny.score_batch([("the", [" cat"]), (context, [[7, 8]])])
    assert caught.value.detail["input"] == 1
    (scores,) = tiny.score_batch([(context, [[7, 8]])], truncate=True)
    assert scores[0].n_truncated == 51
    assert scores.context_tokens == context
    assert tiny.score(context, [[7, 8]], truncate=True)[0].n_truncated == 51


@pytest.mark.parametrize("wrong", ["text", [("only a context",)], ["no pair"], [{"context": "x"}], 3, []])
def test_score_batch_refuses_what_are_no_pairs(tiny: Model, wrong: Any) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError):
        tiny.score_batch(wrong)


@pytest.fixture(scope="module")
def encoder(library: str) -> Any:
    with Model(TINY_MODELS / "tiny-bert.gguf") as model:
        yield model


def test_embed(encoder: Model) -> None:
    texts = ["the red cat", "hello world", "the red cat"]
    result = encoder.embed(texts)
    assert len(result) == 3
    assert {len(vector) for vector in result} == {result.dimension}
    assert all(math.isclose(sum(x * x for x in vector), 1, abs_tol=1e-4) for vector in result)
    assert result[0] == pytest.approx(result[2], abs=1e-6)
    assert result[0] != pytest.approx(result[1], abs=1e-3)
    assert encoder.embed("hello world")[0] == pytest.approx(result[1], abs=1e-5)
    assert memoryview(result[0]).format == "f"
    assert result.usage["prompt_tokens"] > 3
    with pytest.raises(gpt4all.UnsupportedError):
        encoder.chat("hello")


def test_rerank(library: str) -> None:
    documents = ["the red cat", "hello world", "paris"]
    with Model(TINY_MODELS / "tiny-bert-rerank.gguf") as model:
        ranking = model.rerank("which cat", documents)
        assert sorted(item.index for item in ranking) == [0, 1, 2]
        assert [item.document for item in ranking] == [documents[item.index] for item in ranking]
        scores = [item.relevance_score for item in ranking]
        assert scores == sorted(scores, reverse=True)
        assert [item.index for item in model.rerank("which cat", documents, top_n=1)] == [ranking[0].index]


def test_adapters(tiny_path: Path) -> None:
    lora = TINY_MODELS / "tiny-llama-lora.gguf"
    with Model(tiny_path, lora=[{"path": lora, "scale": 0}]) as model:  # a Path is written as its text
        adapter = model.adapters()[0]
        assert (adapter["id"], adapter["path"], adapter["scale"]) == (0, str(lora), 0)
        plain = model.score("the", [" cat"])[0].logprob, model.complete("the", **GREEDY).text
        with_adapter = model.complete("the", lora=[{"id": 0, "scale": 4}], **GREEDY).text
        assert with_adapter != plain[1]
        assert model.adapters([{"id": 0, "scale": 4}])[0]["scale"] == 4
        assert model.complete("the", **GREEDY).text == with_adapter


def test_state(tiny_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "état.bin"
    prompt = "the red cat and the blue dog go to paris with the people and the water of france"
    with Model(tiny_path, n_parallel=1) as model:
        text = model.complete(prompt, **GREEDY).text
        saved = model.save_state(file)
        assert saved["n_bytes"] == file.stat().st_size
    with Model(tiny_path, n_parallel=1) as model:
        assert model.restore_state(file)["n_tokens"] == saved["n_tokens"]
        result = model.complete(prompt, **GREEDY)
        assert result.text == text
        assert result.usage["prompt_tokens_details"]["cached_tokens"] > 0
        file.write_bytes(file.read_bytes()[:100])
        with pytest.raises(gpt4all.InvalidModelError):
            model.restore_state(file)


def test_inspect_info_and_quantize(tiny: Model, tiny_path: Path, tmp_path: Path) -> None:
    told = gpt4all.inspect(tiny_path, n_ctx=256)
    assert (told["architecture"], told["size"]) == ("llama", tiny_path.stat().st_size)
    assert tiny.info()["n_params"] == told["n_params"]
    steps: list[float] = []
    small = tmp_path / "kleiner 模型.gguf"
    result = gpt4all.quantize(tiny_path, small, type="Q8_0", progress=steps.append)
    assert result["output_bytes"] == small.stat().st_size < tiny_path.stat().st_size
    assert steps == sorted(steps)
    with Model(small) as model:
        assert model.chat("hello", **GREEDY).text
    assert gpt4all.devices()["devices"]
    assert gpt4all.build_info()["abi_version"] == 1
    assert gpt4all.__version__ == gpt4all.build_info()["version"]


def test_errors_are_typed(tiny: Model, tmp_path: Path) -> None:
    with pytest.raises(gpt4all.ModelNotFoundError, match=r"missing\.gguf"):
        Model(tmp_path / "missing.gguf")
    (tmp_path / "empty.gguf").touch()
    with pytest.raises(gpt4all.InvalidModelError):
        Model(tmp_path / "empty.gguf")
    with pytest.raises(gpt4all.InvalidArgumentError) as caught:
        tiny.chat("hello", temperature=-1)
    assert caught.value.detail["path"] == "/temperature"
    with pytest.raises(gpt4all.InvalidArgumentError, match="temprature"):
        tiny.chat("hello", temprature=0)  # type: ignore[call-overload]
    with pytest.raises(gpt4all.ContextOverflowError):
        tiny.complete("hello " * 5000, max_tokens=1)
    with pytest.raises(gpt4all.GrammarError):
        tiny.complete("hello", grammar="root ::= (", max_tokens=1)
    with pytest.raises(gpt4all.UnsupportedError):
        tiny.rerank("query", ["document"])
    with pytest.raises(gpt4all.InvalidArgumentError):
        tiny.chat("\ud800")
    assert tiny.chat("hello", **GREEDY).text


def test_threads_share_a_model(tiny: Model) -> None:
    prompts = [f"{word} {word} number {number}" for word in ("red", "blue", "green", "cat") for number in range(4)]
    alone = [tiny.chat(prompt, **GREEDY).text for prompt in prompts]

    def four(thread: int) -> list[str]:
        return ["".join(tiny.chat(prompt, stream=True, **GREEDY)) for prompt in prompts[4 * thread : 4 * thread + 4]]

    with ThreadPoolExecutor(4) as pool:
        together = [text for texts in pool.map(four, range(4)) for text in texts]
    assert all(together)
    # Batches of another size round differently, which may turn a greedy choice; most must be the same.
    assert sum(a == b for a, b in zip(alone, together, strict=True)) >= len(alone) / 2


def test_cancel_from_another_thread(tiny: Model) -> None:
    expected = tiny.chat("hello", **GREEDY).text
    stream = tiny.chat("hello", stream=True, max_tokens=1500, ignore_eos=True)
    threading.Timer(0.1, stream.cancel).start()
    with pytest.raises(gpt4all.CancellationError):
        for _ in stream:
            pass
    with pytest.raises(gpt4all.CancellationError):
        _ = stream.result
    assert tiny.chat("hello", **GREEDY).text == expected


def test_leaving_the_loop_early(tiny: Model) -> None:
    expected = tiny.chat("hello", **GREEDY).text
    for _ in range(20):
        for _piece in tiny.chat("hello", stream=True, max_tokens=1500, ignore_eos=True):
            break
    start = time.monotonic()
    assert tiny.chat("hello", **GREEDY).text == expected
    assert time.monotonic() - start < 5


def test_closing_a_model_in_use(tiny_path: Path) -> None:
    model = Model(tiny_path)
    outcomes: list[type[BaseException] | None] = []

    def ask() -> None:
        try:
            model.chat("hello", max_tokens=1900, ignore_eos=True)
            outcomes.append(None)
        except gpt4all.LLModelError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    model.close()
    for thread in threads:
        thread.join(30)
    assert len(outcomes) == 4
    assert set(outcomes) <= {None, gpt4all.CancellationError, gpt4all.ClosedError}
    with pytest.raises(gpt4all.ClosedError):
        model.chat("hello")


def test_nothing_is_printed(tiny_path: Path, run_python: RunPython) -> None:
    program = f"""
import gpt4all
model = gpt4all.GPT4All({str(tiny_path)!r})
for piece in model.chat("hello", stream=True, max_tokens=8): pass
try: gpt4all.Model({str(TINY_MODELS / "missing.gguf")!r})
except gpt4all.ModelNotFoundError: pass
model.chat("never closed", stream=True)
"""
    done = run_python(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_engines_log_reaches_logging(tiny_path: Path, run_python: RunPython) -> None:
    program = f"""
import logging, gpt4all
logging.basicConfig(level=logging.DEBUG, format="%(name)s:%(levelname)s:%(message)s")
gpt4all.Model({str(tiny_path)!r}).close()
"""
    done = run_python(program)
    assert done.returncode == 0
    assert done.stderr.count("gpt4all:") > 10
    assert all(line.startswith("gpt4all:") for line in done.stderr.splitlines() if line.strip())


def test_a_daemon_thread_that_still_asks_at_exit(tiny_path: Path) -> None:
    program = f"""
import gpt4all, threading, time
model = gpt4all.Model({str(tiny_path)!r})
def ask():
    try:
        while True: model.chat("hello", max_tokens=500, ignore_eos=True)
    except (gpt4all.CancellationError, gpt4all.ClosedError): pass
for _ in range(3): threading.Thread(target=ask, daemon=True).start()
time.sleep(0.3)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, check=False, env=child_environment()
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
