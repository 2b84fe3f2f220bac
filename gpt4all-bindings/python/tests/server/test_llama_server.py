"""llama-server's API, as editors use it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import TINY_MODELS

from .conftest import TEXT, Serve, Served, running

FILLS = "fills.gguf"
"""A model with tokens for filling gaps."""

TOKENS = {"fim_pre": 301, "fim_suf": 302, "fim_mid": 303, "fim_rep": 304, "fim_sep": 305}
GREEDY: dict[str, Any] = {"temperature": 0, "n_predict": 6}
GAP: dict[str, Any] = {"input_prefix": "def f(", "input_suffix": "return x", **GREEDY}


@pytest.fixture(scope="module")
def filling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that is started with one model, and has another."""
    cache = tmp_path_factory.mktemp("filling")
    models = cache / "models"
    models.mkdir()
    shutil.copy(TINY_MODELS / TEXT, models / TEXT)
    tokens = [part for name, id in TOKENS.items() for part in ("--special-token-by-id", name, str(id))]
    source = str(TINY_MODELS / "tiny-llama-f32.gguf")
    command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", *tokens, source, str(models / FILLS)]
    subprocess.run(command, check=True, capture_output=True)
    with running(cache, cache / "log", FILLS) as one:
        yield one


def events(answer: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix(b"data: ")) for line in answer.content.splitlines() if line]


def test_texts(filling: Served) -> None:
    tokens = filling.post("/tokenize", {"content": "the house"}).json()["tokens"]
    assert filling.post("/detokenize", {"tokens": tokens}).json()["content"].strip() == "the house"
    pieces = filling.post("/tokenize", {"content": "the house", "with_pieces": True}).json()["tokens"]
    assert [piece["id"] for piece in pieces] == tokens
    asked = {"messages": [{"role": "user", "content": "the house"}]}
    prompt = filling.post("/apply-template", asked).json()["prompt"]
    assert prompt.startswith("<|im_start|>user\nthe house")


def test_props(filling: Served) -> None:
    props = filling.get("/props").json()
    assert (props["model_alias"], props["model_path"]) == (FILLS, FILLS)
    assert props["default_generation_settings"]["n_ctx"] == 2048
    assert props["default_generation_settings"]["params"]["top_k"] == 40
    assert props["total_slots"] >= 1
    assert (props["bos_token"], props["eos_token"]) == ("<s>", "</s>")
    assert filling.get(f"/props?model={TEXT}").json()["model_alias"] == TEXT


def test_infill(filling: Served) -> None:
    whole = filling.post("/infill", GAP).json()
    assert whole["stop"] is True
    assert whole["model"] == FILLS
    assert whole["tokens_predicted"] == 6
    assert whole["stop_type"] == "limit"
    assert whole["timings"]["predicted_n"] == 6
    streamed = events(filling.post("/infill", {**GAP, "stream": True}))
    assert "".join(event["content"] for event in streamed) == whole["content"]
    assert [event["stop"] for event in streamed] == [False] * (len(streamed) - 1) + [True]
    by_ollama = {"model": FILLS, "prompt": "def f(", "suffix": "return x", "stream": False}
    answer = filling.post("/api/generate", {**by_ollama, "options": {"temperature": 0, "num_predict": 6}}).json()
    assert answer["response"] == whole["content"]
    by_openai = {"model": FILLS, "prompt": "def f(", "suffix": "return x", "max_tokens": 6, "temperature": 0}
    answer = filling.post("/v1/completions", by_openai).json()
    assert answer["choices"][0]["text"] == whole["content"]
    chunks = filling.post("/v1/completions", {**by_openai, "stream": True}).content.decode("utf-8").split("\n\n")
    pieces = [json.loads(chunk[6:])["choices"][0]["text"] for chunk in chunks if chunk.startswith("data: {")]
    assert "".join(pieces) == whole["content"]
    assert "insert" in filling.post("/api/show", {"model": FILLS}).json()["capabilities"]


def test_infill_as_llama_vim_asks(filling: Served) -> None:
    """https://github.com/ggml-org/llama.vim: its request for a completion, and that which warms up the cache."""
    extra = [{"text": "import math\n", "time": [1, 2], "filename": "a.py"}]
    request = {
        "id_slot": 0,
        "input_prefix": "import math\n",
        "input_suffix": "\n",
        "input_extra": extra,
        "prompt": "def f(",
        "n_predict": 8,
        "stop": [],
        "n_indent": 0,
        "top_k": 40,
        "top_p": 0.9,
        "stream": False,
        "samplers": ["top_k", "top_p", "infill"],
        "cache_prompt": True,
        "t_max_prompt_ms": 500,
        "t_max_predict_ms": 1000,
        "response_fields": ["content", "timings/prompt_n", "timings/predicted_n", "truncated", "tokens_cached"],
    }
    answer = filling.post("/infill", request)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.keys() == {"content", "timings/prompt_n", "timings/predicted_n", "truncated", "tokens_cached"}
    assert told["truncated"] is False
    warm = {**request, "prompt": "", "n_predict": 0, "samplers": [], "t_max_prompt_ms": 1, "t_max_predict_ms": 1}
    answer = filling.post("/infill", {**warm, "response_fields": [""]})
    assert (answer.status_code, answer.json()) == (200, {}), answer.text


def test_completion(filling: Served) -> None:
    whole = filling.post("/completion", {"prompt": "the house", **GREEDY, "n_probs": 2, "return_tokens": True}).json()
    assert len(whole["tokens"]) == len(whole["completion_probabilities"]) == 6
    body = {"prompt": "the house", **GREEDY, "n_probs": 2, "stream": True}
    *pieces, last = [json.loads(line[6:]) for line in filling.post("/completion", body).text.splitlines() if line]
    streamed = [each["id"] for piece in pieces for each in piece["completion_probabilities"]]
    assert streamed == [each["id"] for each in whole["completion_probabilities"]]
    assert "completion_probabilities" not in last
    streamed = events(filling.post("/completion", {"prompt": "the house", **GREEDY, "stream": True}))
    assert "".join(event["content"] for event in streamed) == whole["content"]
    word = whole["content"][2:]
    cut = filling.post("/completion", {"prompt": "the house", **GREEDY, "stop": [word]}).json()
    assert (cut["content"], cut["stop_type"], cut["stopping_word"]) == (whole["content"][:2], "word", word)
    tokens = filling.post("/tokenize", {"content": "the house", "add_special": True}).json()["tokens"]
    assert filling.post("/completion", {"prompt": tokens, **GREEDY}).json()["content"] == whole["content"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/completion", {"prompt": ["a", "b"]}, 400),
        ("/completion", {"prompt": "a", "n": 2}, 400),
        ("/completion", {"prompt": "a", "nonsense": 1}, 400),
        ("/completion", {"prompt": "a", "temperature": "hot"}, 400),
        ("/completion", {"prompt": "a", "response_fields": [1]}, 400),
        ("/completion", {"prompt": "a", "model": "nobody"}, 404),
        ("/completion", {}, 400),
        ("/infill", {"model": TEXT}, 400),
        ("/infill", {"input_extra": ["a"]}, 400),
    ],
)
def test_what_is_wrong_is_said(filling: Served, path: str, body: dict[str, Any], status: int, stream: bool) -> None:
    answer = filling.post(path, {**body, "stream": stream})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == status
    assert answer.json()["error"]["message"]


def test_which_model_it_is(serve: Serve) -> None:
    with serve() as one:
        refused = one.post("/tokenize", {"content": "a"})
        assert refused.status_code == 400
        assert "model" in refused.json()["error"]["message"]
        assert one.post("/tokenize", {"content": "a", "model": TEXT}).status_code == 200
        assert one.post("/tokenize", {"content": "a"}).status_code == 200  # that is the only one that is open
        assert one.get("/tokenize").json()["error"]["code"] == 405


def test_where_there_is_none(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path / "log") as one:
        assert one.get("/props").status_code == 400
        assert one.get("/api/tags").json() == {"models": []}
