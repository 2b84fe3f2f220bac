"""The binding with a real small model: what only sense, length or speed can show."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import gpt4all
from conftest import RunPython, child_environment
from gpt4all import GPT4All, Model


def test_it_makes_sense(smollm2: Model) -> None:
    assert smollm2.complete("The capital of France is", temperature=0, max_tokens=4).text.startswith(" Paris")
    likely, unlikely = smollm2.score("The capital of France is", [" Paris", " banana"])
    assert likely.greedy
    assert likely.logprob > unlikely.logprob + 5


def test_it_is_sampled_as_its_makers_advise(smollm2: Model) -> None:
    told = smollm2.info()["sampling"]
    assert told["temperature"] == {"value": 0.2, "source": "catalogue"}
    assert told["top_p"] == {"value": 0.9, "source": "catalogue"}
    assert told["top_k"] == {"value": 40, "source": "default"}
    question = "Name a colour."
    for seed in (1, 2, 3):
        said = smollm2.chat(question, seed=seed, max_tokens=30, temperature=0.2, top_p=0.9)
        assert smollm2.chat(question, seed=seed, max_tokens=30).text == said.text
        warm = smollm2.chat(question, seed=seed, max_tokens=30, temperature=1.5)
        assert smollm2.chat(question, seed=seed, max_tokens=30, temperature=1.5, top_p=0.9).text == warm.text


def test_a_conversation(smollm2: Model) -> None:
    messages: list[dict[str, object]] = [{"role": "user", "content": "What is the capital of France?"}]
    first = smollm2.chat(messages, temperature=0, max_tokens=40)
    messages += [{**first.message}, {"role": "user", "content": "Say that again."}]
    second = smollm2.chat(messages, temperature=0, max_tokens=40)
    assert second.usage["prompt_tokens"] > first.usage["prompt_tokens"] + first.usage["completion_tokens"]
    assert second.usage["prompt_tokens_details"]["cached_tokens"] > 20


def test_json_schema(smollm2: Model) -> None:
    form = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "people": {"type": "integer"}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    given = {"type": "json_schema", "json_schema": {"name": "city", "schema": form}}
    answer = smollm2.chat("Describe Berlin as JSON.", response_format=given, temperature=0, max_tokens=100)
    assert set(json.loads(answer.text)) == {"city", "people"}


def test_emoji_come_whole(smollm2: Model) -> None:
    text = "😀👩‍🚀🇫🇷漢字é"
    stream = smollm2.complete("Emoji:", grammar=f'root ::= "{text}"', stream=True, temperature=0)
    assert "".join(stream) == text
    assert stream.result.usage["completion_tokens"] > len(text)


def test_parallel_chats_with_cancels(smollm2: Model) -> None:
    def ask(number: int) -> str:
        stream = smollm2.chat(f"Count from {number} to 100.", stream=True, max_tokens=40, temperature=0)
        if number % 3 == 0:
            threading.Timer(0.2, stream.cancel).start()
        try:
            return "".join(stream)
        except gpt4all.CancellationError:
            return stream.text

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(12)))
    assert all(answer for number, answer in enumerate(answers) if number % 3)
    assert smollm2.complete("The capital of France is", temperature=0, max_tokens=4).text.startswith(" Paris")


def test_cancelling_is_quick(smollm2: Model) -> None:
    prompt = "one two three four five six seven eight nine ten " * 300
    stream = smollm2.chat(prompt, stream=True, max_tokens=4)  # still in its prompt when it is cancelled
    threading.Timer(0.3, stream.cancel).start()
    start = time.monotonic()
    with pytest.raises(gpt4all.CancellationError):
        _ = stream.result
    assert time.monotonic() - start < 2


def test_ctrl_c(smollm2_path: Path) -> None:
    command = ["run", "--model", str(smollm2_path), "--temperature", "0", "Write a long story about the sea."]
    child = subprocess.Popen(
        [sys.executable, "-m", "gpt4all", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
    )
    assert child.stdout is not None
    begin = child.stdout.read(20)
    child.send_signal(signal.SIGINT)
    start = time.monotonic()
    rest, errors = child.communicate(timeout=30)
    assert time.monotonic() - start < 3
    assert child.returncode == 130
    assert len(begin + rest) >= 20
    assert re.fullmatch(rb"\ninterrupted after \d+ tokens(, [\d.]+ tokens/s)?, first token after \d+ ms\n", errors)


def test_the_command_line_is_quick(smollm2_path: Path, run_python: RunPython) -> None:
    resource = pytest.importorskip("resource")

    def seconds() -> float:  # of processors, which a busy machine does not make longer
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return float(used.ru_utime + used.ru_stime)

    command = ["run", "--model", str(smollm2_path), "--temperature", "0", "--max-tokens", "16", "Say hello."]
    before = seconds()
    done = run_python(*command, module="gpt4all")
    assert done.returncode == 0, done.stderr
    assert seconds() - before < 5


def test_the_readmes_example(smollm2_path: Path) -> None:
    with GPT4All(smollm2_path) as model:
        assert "".join(model.chat("Why is the sky blue?", stream=True, max_tokens=8))
