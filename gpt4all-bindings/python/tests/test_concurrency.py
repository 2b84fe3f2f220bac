"""32 chats at once on one model, from threads and in asyncio, give what each gives alone."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import AsyncModel, AsyncSession, ChatResult, Model, Session

CHATS = 32
GREEDY: Any = {"temperature": 0, "max_tokens": 24, "return_tokens": True}
WORDS = ("red", "blue", "cat", "dog", "sun", "moon", "tree", "road")
QUESTIONS = [f"what is a {word}, number {number}?" for word in WORDS for number in range(CHATS // len(WORDS))]

Tokens = list[int]


def tokens_of(answer: ChatResult) -> Tokens:
    tokens = answer.raw["choices"][0]["tokens"]
    assert tokens
    return tokens


def expect_greedy(model: Model, question: str, answer: Tokens, slack: float) -> None:
    """That each token of an answer is the most probable one, or nearly so: in batches of another size numbers are
    rounded otherwise, by `slack` in natural log-probability, which may turn the choice between two that are alike."""
    prompt = model.tokenize(model.apply_template(question), add_special=True)
    scores = model.score(prompt, [answer], logprob_rows="continuation")
    assert scores.rows
    for token, row in zip(scores[0].tokens, scores.rows, strict=True):
        assert row.logprobs[token] > max(row.logprobs) - slack, question


def check(model: Model, alone: list[Tokens], together: list[Tokens], slack: float) -> None:
    same = sum(one == other for one, other in zip(alone, together, strict=True))
    assert same >= CHATS / 2
    for question, one, other in zip(QUESTIONS, alone, together, strict=True):
        if one != other:
            expect_greedy(model, question, other, slack)


def in_threads(model: Model, request: Any) -> list[Tokens]:
    def ask(number: int) -> Tokens:
        if number % 2:
            return tokens_of(model.chat(QUESTIONS[number], **request))
        stream = model.chat(QUESTIONS[number], stream=True, **request)
        assert "".join(stream) == stream.result.text
        return tokens_of(stream.result)

    with ThreadPoolExecutor(CHATS) as pool:
        return list(pool.map(ask, range(CHATS)))


def in_asyncio(model: Model, request: Any) -> list[Tokens]:
    async def ask(number: int) -> Tokens:
        if number % 2:
            return tokens_of(await AsyncModel(model).chat(QUESTIONS[number], **request))
        stream = AsyncModel(model).chat(QUESTIONS[number], stream=True, **request)
        assert "".join([piece async for piece in stream]) == stream.result.text
        return tokens_of(await stream)

    async def main() -> list[Tokens]:
        return await asyncio.gather(*map(ask, range(CHATS)))

    return asyncio.run(main())


@pytest.mark.parametrize("together", [in_threads, in_asyncio])
@pytest.mark.parametrize("n_parallel", [4, 16])
def test_tiny(tiny_path: Path, together: Any, n_parallel: int) -> None:
    with Model(tiny_path, n_ctx=4096, n_parallel=n_parallel) as model:
        alone = [tokens_of(model.chat(question, **GREEDY)) for question in QUESTIONS]
        check(model, alone, together(model, GREEDY), 0.05)


@pytest.mark.parametrize("options", [{}, {"cache_ram_mib": 0}, {"context_shift": True}, {"kv_unified": False}])
def test_with_room_for_two(tiny_path: Path, options: Any) -> None:
    """n_ctx has room for each, not for all: half are streams, some have several choices."""
    request: Any = {"temperature": 0, "max_tokens": 200, "ignore_eos": True}
    with Model(tiny_path, n_ctx=512 * (4 if options.get("kv_unified") is False else 1), **options) as model:

        def ask(number: int) -> ChatResult:
            if number % 2:
                answer: ChatResult = model.chat(QUESTIONS[number], n=4 if number == 7 else 1, **request)
                return answer
            stream = model.chat(QUESTIONS[number], stream=True, **request)
            assert "".join(stream) == stream.result.text
            result: ChatResult = stream.result
            return result

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(ask, range(12)))
    assert [len(answer.choices) for answer in answers] == [4 if number == 7 else 1 for number in range(12)]
    assert {choice.finish_reason for answer in answers for choice in answer.choices} == {"length"}
    assert [answer.usage["completion_tokens"] for answer in answers] == [
        200 * len(answer.choices) for answer in answers
    ]


@pytest.mark.timeout(600)
def test_a_real_model(smollm2: Model) -> None:
    request: Any = {**GREEDY, "max_tokens": 8}
    alone = [tokens_of(smollm2.chat(question, **request)) for question in QUESTIONS]
    check(smollm2, alone, in_asyncio(smollm2, request), 0.5)


@pytest.mark.timeout(600)
def test_the_same_numbers_in_company(smollm2: Model) -> None:
    """Whatever is computed beside a chat, and whatever the cache held before: kernels of ours round in one way."""
    if not {"AVX2", "DOTPROD"} & set(gpt4all.devices()["cpu"]["features"]):
        pytest.skip("the processor has neither AVX2 nor dot products, so that ggml's kernels compute")
    request: Any = {**GREEDY, "max_tokens": 8, "logprobs": True, "top_logprobs": 2}

    def numbers(answer: ChatResult) -> list[Any]:
        content: list[Any] = answer.raw["choices"][0]["logprobs"]["content"]
        return [[(one["token"], one["logprob"]) for one in token["top_logprobs"]] for token in content]

    async def ask_all() -> list[ChatResult]:
        model = AsyncModel(smollm2)
        return list(await asyncio.gather(*[model.chat(question, **request) for question in QUESTIONS]))

    alone = [numbers(smollm2.chat(question, **request)) for question in QUESTIONS]
    for _ in range(3):
        assert [numbers(answer) for answer in asyncio.run(ask_all())] == alone
        assert [numbers(smollm2.chat(question, **request)) for question in QUESTIONS] == alone


def test_the_check_sees_a_wrong_answer(tiny: Model) -> None:
    answers = [tokens_of(tiny.chat(question, **GREEDY)) for question in QUESTIONS]
    with pytest.raises(AssertionError):
        check(tiny, answers, [answers[-1], *answers[1:-1], answers[0]], 0.05)


def test_sessions_side_by_side(tiny: Model) -> None:
    async def talk(number: int) -> None:
        session = AsyncSession(AsyncModel(tiny), **GREEDY)
        for turn in range(3):
            await session.chat(f"{QUESTIONS[number]} {turn}")
        questions = [message["content"] for message in session.messages[::2]]
        assert questions == [f"{QUESTIONS[number]} {turn}" for turn in range(3)]
        assert all(message["content"] for message in session.messages[1::2])

    async def main() -> None:
        await asyncio.gather(*map(talk, range(8)))

    asyncio.run(main())


def test_closing_in_the_midst(tiny_path: Path) -> None:
    model = Model(tiny_path)
    begun = threading.Barrier(9)
    outcomes: list[str] = []

    def ask(number: int) -> None:
        begun.wait()
        try:
            while True:
                Session(model).chat(QUESTIONS[number], **GREEDY)
        except (gpt4all.CancellationError, gpt4all.ClosedError) as error:
            outcomes.append(type(error).__name__)

    running = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in running:
        thread.start()
    begun.wait()
    threading.Event().wait(0.2)
    model.close()
    for thread in running:
        thread.join(30)
    assert len(outcomes) == 8


def test_scores_of_many_threads(tiny_path: Path) -> None:
    """Requests that end, begin and give rows while batches of others run."""
    asked = [
        (
            [5 + number % 7, *range(30, 31 + number * 3 % 60)],
            [list(range(300 + number, 303 + number + each)) for each in range(4)],
        )
        for number in range(40)
    ]
    with Model(tiny_path, n_ctx=512, threads=1) as model:
        expected = [[score.logprob for score in model.score(*each)] for each in asked]

        def ask(number: int) -> list[float]:
            rows: Any = {"logprob_rows": "continuation"} if number % 5 == 0 else {}
            return [score.logprob for score in model.score(*asked[number % 40], **rows)]

        with ThreadPoolExecutor(12) as pool:
            for number, found in enumerate(pool.map(ask, range(3000))):
                assert found == pytest.approx(expected[number % 40], abs=0.1)
