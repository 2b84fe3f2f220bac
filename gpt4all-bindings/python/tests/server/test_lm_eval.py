"""lm-eval's `local-completions`, which asks for prompts with their log-probabilities, as published."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODELS

from .conftest import TEXT, Served

WHY = "`make test LANES=lm-eval` installs it"
lm_eval = pytest.importorskip("lm_eval", reason=WHY)

SENTENCES = ["the cat sat on the mat", "a b c d e f"]
CHOICES = {
    "task": "choices",
    "dataset_path": "json",
    "output_type": "multiple_choice",
    "test_split": "test",
    "doc_to_text": "{{question}}",
    "doc_to_choice": "{{choices}}",
    "doc_to_target": "{{answer}}",
    "metric_list": [{"metric": "acc"}],
}
ROLLING = {
    "task": "rolling",
    "dataset_path": "json",
    "output_type": "loglikelihood_rolling",
    "test_split": "test",
    "doc_to_text": "",
    "doc_to_target": "{{question}}",
    "metric_list": [{"metric": "word_perplexity"}],
}
GENERATING = {
    "task": "generating",
    "dataset_path": "json",
    "output_type": "generate_until",
    "test_split": "test",
    "doc_to_text": "{{question}}",
    "doc_to_target": "{{question}}",
    "generation_kwargs": {"until": ["\n"], "max_gen_toks": 4},
    "metric_list": [{"metric": "exact_match"}],
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with the model's own tokens, in the form of Hugging Face's."""
    tokenizers = pytest.importorskip("tokenizers", reason=WHY)
    transformers = pytest.importorskip("transformers", reason=WHY)
    fields = pytest.importorskip("gguf").GGUFReader(TINY_MODELS / TEXT).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    scores = fields["tokenizer.ggml.scores"].contents()
    unknown = fields["tokenizer.ggml.unknown_token_id"].contents()
    made = tokenizers.Tokenizer(
        tokenizers.models.Unigram(list(zip(tokens, scores, strict=True)), unk_id=unknown, byte_fallback=True)
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    made.decoder = tokenizers.decoders.Metaspace()
    folder = tmp_path_factory.mktemp("tokenizer")
    begin, end = (tokens[fields[f"tokenizer.ggml.{name}_token_id"].contents()] for name in ("bos", "eos"))
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token=begin, eos_token=end).save_pretrained(folder)
    return folder


def test_local_completions(served: Served, tokenizer: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(
        "".join(json.dumps({"question": text, "choices": [" a", " dog"], "answer": 0}) + "\n" for text in SENTENCES)
    )
    for task in (CHOICES, ROLLING, GENERATING):
        told = {**task, "dataset_kwargs": {"data_files": {"test": str(data)}}}
        (tmp_path / f"{task['task']}.yaml").write_text(json.dumps(told))
    options: dict[str, Any] = {"model": TEXT, "base_url": f"{served.address}/v1/completions"}
    options |= {"tokenizer": tokenizer, "tokenizer_backend": "huggingface", "num_concurrent": 1, "max_length": 256}
    command = [sys.executable, "-m", "lm_eval", "run", "--model", "local-completions"]
    command += ["--model_args", ",".join(f"{name}={value}" for name, value in options.items())]
    command += ["--tasks", "choices,rolling,generating", "--include_path", str(tmp_path)]
    command += ["--batch_size", "2", "--log_samples", "--output_path", str(tmp_path / "results")]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)
    assert ran.returncode == 0, ran.stderr[-3000:]
    samples: dict[str, list[dict[str, Any]]] = {}
    for file in (tmp_path / "results").glob("**/samples_*.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines()
        samples[file.name.split("_")[1]] = [json.loads(line) for line in lines]
    assert samples.keys() == {"choices", "rolling", "generating"}
    for sample in samples["choices"]:
        for value, _ in (answer[0] for answer in sample["resps"]):
            assert -100 < float(value) < 0
    for sample in samples["rolling"]:
        assert math.isfinite(float(sample["resps"][0][0]))
    assert all(isinstance(sample["resps"][0][0], str) for sample in samples["generating"])


def test_the_values_are_the_models(served: Served, tokenizer: Path) -> None:
    """The same as the engine's own scores of a continuation."""
    completions = pytest.importorskip("lm_eval.models.openai_completions", reason=WHY)
    gpt4all = pytest.importorskip("gpt4all")
    asked = completions.LocalCompletionsAPI(
        base_url=f"{served.address}/v1/completions",
        model=TEXT,
        tokenizer=str(tokenizer),
        tokenizer_backend="huggingface",
        max_length=256,
    )
    instance = pytest.importorskip("lm_eval.api.instance").Instance
    pairs = [("the cat", " sat on"), ("a b", " c d")]
    requests = [
        instance(request_type="loglikelihood", doc={}, arguments=pair, idx=index) for index, pair in enumerate(pairs)
    ]
    told = [value for value, _ in asked.loglikelihood(requests, disable_tqdm=True)]
    hf = asked.tokenizer
    with gpt4all.Model(TINY_MODELS / TEXT) as model:
        for (context, continuation), value in zip(pairs, told, strict=True):
            whole, before = hf(context + continuation).input_ids, hf(context).input_ids
            result = model.score(context=before, continuations=[whole[len(before) :]])
            expected = result[0].logprob
            assert value == pytest.approx(expected, abs=0.05)
