"""The model class for lm-eval: its numbers are those of score and complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lm_eval.api.instance import Instance
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

import gpt4all
from conftest import TINY_MODELS
from gpt4all import evaluation

pytestmark = pytest.mark.usefixtures("library")

N_CTX = 64


@pytest.fixture(scope="module")
def model(tiny_path: Path) -> Iterator[gpt4all.Model]:
    with gpt4all.Model(tiny_path, n_ctx=N_CTX, n_parallel=3, cache_type_k="f32", cache_type_v="f32") as opened:
        yield opened


def asked(kind: str, *arguments: tuple[Any, ...]) -> list[Any]:
    return [
        Instance(request_type=kind, doc={}, arguments=each, idx=index, metadata=("task", index, 1))
        for index, each in enumerate(arguments)
    ]


def test_likelihoods_are_those_of_score(model: gpt4all.Model) -> None:
    pairs = [("the cat", " sat"), ("the cat", " ran away"), ("a dog", " sat"), ("the cat", " sat"), ("x ", "y")]
    found = evaluation.language_model(model).loglikelihood(asked("loglikelihood", *pairs))
    assert len(found) == len(pairs)
    assert found[0] == found[3]
    for (context, continuation), (logprob, greedy) in zip(pairs, found, strict=True):
        whole, before = model.tokenize(context + continuation, add_special=True), context.rstrip()
        start = model.tokenize(before, add_special=True)
        (score,) = model.score(start, [whole[len(start) :]])
        assert logprob == pytest.approx(score.logprob, abs=1e-4)
        assert greedy == score.greedy


def test_the_greedy_continuation_is_known_as_such(model: gpt4all.Model) -> None:
    written = model.complete("the cat", max_tokens=4, temperature=0).text
    language_model = evaluation.language_model(model)
    (greedy,), (other,) = ([each[1]] for each in language_model.loglikelihood(
        asked("loglikelihood", ("the cat", written), ("the cat", written[::-1] + " not"))
    ))  # fmt: skip
    assert greedy
    assert not other


def test_without_a_context_the_first_token_stands_in(model: gpt4all.Model) -> None:
    ((logprob, _),) = evaluation.language_model(model).loglikelihood(asked("loglikelihood", ("", "the cat")))
    (score,) = model.score([1], [model.tokenize("the cat")])
    assert logprob == pytest.approx(score.logprob, abs=1e-4)


def test_long_contexts_lose_their_beginning(model: gpt4all.Model) -> None:
    context = "the cat sat on the mat and " * 20
    ((logprob, _),) = evaluation.language_model(model).loglikelihood(asked("loglikelihood", (context, " the dog")))
    whole = model.tokenize(context + " the dog", add_special=True)
    n = len(whole) - len(model.tokenize(context.rstrip(), add_special=True))
    assert len(whole) > 2 * N_CTX
    kept = whole[-(N_CTX + 1) :]
    (score,) = model.score(kept[:-n], [kept[-n:]])
    assert logprob == pytest.approx(score.logprob, abs=1e-4)
    with pytest.raises(gpt4all.ContextOverflowError, match="larger n_ctx"):
        evaluation.language_model(model).loglikelihood(asked("loglikelihood", ("a", context)))


@pytest.mark.parametrize("times", [1, 20])
def test_rolling_likelihoods_go_by_windows(model: gpt4all.Model, times: int) -> None:
    text = "the cat sat on the mat and " * times
    (found,) = evaluation.language_model(model).loglikelihood_rolling(asked("loglikelihood_rolling", (text,)))
    expected = 0.0
    for window in get_rolling_token_windows(model.tokenize(text), 1, N_CTX, 1):
        context, continuation = make_disjoint_window(window)
        expected += model.score(context, [continuation])[0].logprob
    assert found == pytest.approx(expected, rel=1e-5)


def test_generation_is_that_of_complete(model: gpt4all.Model) -> None:
    prompts = ["the cat", "a dog", "the king", "one two three", "x y z"]
    greedy = {"until": [], "max_gen_toks": 8, "do_sample": False}
    found = evaluation.language_model(model).generate_until(
        asked("generate_until", *((prompt, greedy) for prompt in prompts))
    )
    expected = [model.complete(prompt, max_tokens=8, temperature=0).text for prompt in prompts]
    assert found == expected
    stop = expected[0][3:5]
    (stopped,) = evaluation.language_model(model).generate_until(
        asked("generate_until", ("the cat", {**greedy, "until": [stop]}))
    )
    assert stopped == expected[0][: expected[0].index(stop)]


def test_drawn_answers_follow_the_seed(model: gpt4all.Model) -> None:
    drawn = asked(
        "generate_until", ("the cat", {"until": [], "max_gen_toks": 12, "do_sample": True, "temperature": 2.0})
    )
    first, same, other = (
        evaluation.language_model(model, seed=seed).generate_until(drawn)[0] for seed in (1, 1, 2)
    )  # fmt: skip
    assert first == same != other


def test_what_cannot_be_asked_is_refused(model: gpt4all.Model) -> None:
    language_model = evaluation.language_model(model)
    with pytest.raises(gpt4all.UnsupportedError, match="num_beams"):
        language_model.generate_until(asked("generate_until", ("a", {"max_gen_toks": 4, "num_beams": 3})))
    with pytest.raises(gpt4all.ContextOverflowError, match="larger n_ctx"):
        language_model.generate_until(asked("generate_until", ("a", {"max_gen_toks": N_CTX})))
    with pytest.raises(gpt4all.InvalidArgumentError, match="no token of its own"):
        language_model.loglikelihood(asked("loglikelihood", ("a", "")))
    with (
        gpt4all.Model(TINY_MODELS / "tiny-bert.gguf") as encoder,
        pytest.raises(gpt4all.UnsupportedError, match="writes no text"),
    ):
        evaluation.language_model(encoder)


def test_prompts_of_a_chat_template_begin_with_its_own_tokens(model: gpt4all.Model) -> None:
    language_model = evaluation.language_model(model)
    prompt = language_model.apply_chat_template([{"role": "user", "content": "the cat"}])
    assert prompt == model.apply_template([{"role": "user", "content": "the cat"}])
    assert language_model.tok_encode(prompt) == model.tokenize(prompt, add_special=True, parse_special=True)
    assert language_model.tok_encode("<s>" + prompt).count(1) == 1
