"""Conversations: what is remembered, and what is not when an answer does not come to its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import gpt4all
from gpt4all import AsyncModel, AsyncSession, Model, Session
from test_tools import ONE_CALL, TEMPLATE, weather

GREEDY: Any = {"temperature": 0, "max_tokens": 16}


def roles(session: Session | AsyncSession) -> str:
    return " ".join(message["role"] for message in session.messages)


@pytest.fixture
def session(tiny: Model) -> Session:
    return Session(tiny, system="be brief", **GREEDY)


def test_questions_and_answers_are_remembered(tiny: Model, session: Session) -> None:
    first = session.chat("hello")
    assert session.messages == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
        first.message,
    ]
    stream = session.chat("and then?", stream=True)
    assert session.busy
    text = "".join(stream)
    assert not session.busy
    assert roles(session) == "system user assistant user assistant"
    assert session.messages[-1]["content"] == text == stream.result.text
    assert text == tiny.chat(session.messages[:-1], **GREEDY).text


def test_messages_of_any_kind_may_be_given(session: Session) -> None:
    session.chat({"role": "user", "content": [{"type": "text", "text": "hello"}]})
    session.chat([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])
    assert roles(session) == "system user assistant user user assistant"


def test_options_of_the_session_and_of_one_answer(session: Session) -> None:
    assert session.chat("hello").usage["completion_tokens"] <= 16
    assert session.chat("hello", max_tokens=2).usage["completion_tokens"] == 2
    with pytest.raises(gpt4all.InvalidArgumentError, match="one answer"):
        session.chat("hello", n=2)


def test_the_past_can_be_changed(tiny: Model, session: Session) -> None:
    session.chat("hello")
    session.messages[1]["content"] = "good day"
    session.messages.append({"role": "user", "content": "more"})
    second = session.chat("now")
    assert second.text == tiny.chat(session.messages[:-1], **GREEDY).text
    session.system = "be long"
    assert session.messages[0] == {"role": "system", "content": "be long"}
    session.system = None
    assert session.system is None
    assert roles(session) == "user assistant user user assistant"
    session.messages = [{"role": "user", "content": "x"}]
    session.system = "s"
    assert roles(session) == "system user"


def test_undo_edit_and_regenerate(tiny: Model, session: Session) -> None:
    for question in ("one", "two", "three"):
        session.chat(question)
    taken = session.undo()
    assert [message["role"] for message in taken] == ["user", "assistant"]
    assert roles(session) == "system user assistant user assistant"
    session.edit(-2, "two and a half")
    assert session.messages[-1] == {"role": "user", "content": "two and a half"}
    answer = session.regenerate()
    assert answer.text == tiny.chat(session.messages[:-1], **GREEDY).text
    assert roles(session) == "system user assistant user assistant"
    other = session.regenerate(temperature=2.0, seed=5)
    assert session.messages[-1] == other.message
    assert "".join(session.regenerate(stream=True)) == answer.text
    session.undo(2)
    assert roles(session) == "system"
    for wrong in (session.undo, lambda: session.edit(5, "x"), session.regenerate):
        with pytest.raises(gpt4all.InvalidArgumentError):
            wrong()


def test_an_answer_that_fails_is_forgotten_with_its_question(session: Session) -> None:
    session.chat("hello")
    before = [dict(message) for message in session.messages]
    with pytest.raises(gpt4all.InvalidArgumentError):
        session.chat("no", temperature=-1)
    with pytest.raises(gpt4all.InvalidArgumentError):
        session.chat("no", stream=True, temperature=-1)
    with pytest.raises(gpt4all.ContextOverflowError):
        session.chat("hello " * 5000)
    with pytest.raises(gpt4all.ContextOverflowError):
        list(session.chat("hello " * 5000, stream=True))
    assert session.messages == before
    assert not session.busy
    session.chat("go on")


@pytest.mark.parametrize("how", ["left", "cancelled", "closed", "dropped"])
@pytest.mark.parametrize("keep", [False, True])
def test_an_answer_that_is_stopped(tiny: Model, how: str, keep: bool) -> None:
    session = Session(tiny, keep_partial=keep, temperature=0)
    stream: Any = session.chat("hello", stream=True, max_tokens=1000, ignore_eos=True)
    pieces: Any = iter(stream)
    text = next(pieces)
    if how == "left":
        pieces.close()
    elif how == "closed":
        stream.close()
    elif how == "dropped":
        del stream, pieces
    else:
        stream.cancel()
        with pytest.raises(gpt4all.CancellationError):
            text += "".join(pieces)
    assert not session.busy
    kept = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": text}]
    assert session.messages == (kept if keep else [])
    assert session.chat("go on", max_tokens=4).text


def test_a_stopped_regeneration_keeps_the_former_answer(session: Session) -> None:
    session.chat("hello")
    before = list(session.messages)
    for _ in session.regenerate(stream=True):
        break
    assert session.messages == before


def test_one_answer_at_a_time(session: Session) -> None:
    with session.chat("hello", stream=True, max_tokens=1000, ignore_eos=True):
        changes: list[Any] = [
            lambda: session.chat("x"),
            session.regenerate,
            session.undo,
            lambda: session.edit(0, "x"),
            lambda: setattr(session, "messages", []),
            lambda: setattr(session, "system", "x"),
        ]
        for change in changes:
            with pytest.raises(gpt4all.SessionBusyError, match="fork"):
                change()
        assert session.fork().chat("hello", max_tokens=2).text
    assert session.chat("now", max_tokens=2).text


def test_two_threads_that_ask_one_session(session: Session) -> None:
    outcomes: list[object] = []
    ready = threading.Barrier(4)

    def ask() -> None:
        ready.wait()
        try:
            outcomes.append(session.chat("hello", max_tokens=200, ignore_eos=True))
        except gpt4all.SessionBusyError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = [outcome for outcome in outcomes if isinstance(outcome, gpt4all.ChatResult)]
    assert len(outcomes) == 4
    assert answers
    assert roles(session) == "system" + " user assistant" * len(answers)


def test_fork(session: Session) -> None:
    session.chat("hello there, how are you today?")
    other = session.fork()
    answer = other.chat("left")
    assert answer.usage["prompt_tokens_details"]["cached_tokens"] > 20
    session.chat("right")
    assert session.messages[:3] == other.messages[:3]
    assert session.messages[3] != other.messages[3]
    other.messages[0]["content"] = "changed"
    assert session.system == "be brief"


def test_save_and_load(tiny: Model, session: Session, tmp_path: Path) -> None:
    session.chat("héllo")
    file = tmp_path / "conversation.json"
    session.save(file)
    assert sorted(os.listdir(tmp_path)) == ["conversation.json"]
    assert json.loads(file.read_text(encoding="utf-8"))["messages"] == session.messages
    loaded = Session.load(file, tiny)
    assert loaded.messages == session.messages
    assert loaded.chat("more").text == session.chat("more").text
    assert loaded.messages == session.messages


def test_saved_state_spares_the_prompt(tiny_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    with Model(tiny_path) as model:
        session = Session(model, system="be brief and kind and speak of cats", **GREEDY)
        session.chat("the red cat and the blue dog")
        model.chat("something else, in between")
        session.save(file, state=True)
    assert sorted(os.listdir(tmp_path)) == ["s.json", "s.json.state"]
    for spared in (True, False):
        with Model(tiny_path) as model:
            prompt = model.count_tokens(session.messages, add_generation_prompt=False)
            answer = Session.load(file, model).chat("more")
            cached = answer.usage["prompt_tokens_details"]["cached_tokens"]
            assert cached >= prompt - 2 if spared else cached == 0
        (tmp_path / "s.json.state").write_bytes(b"damaged")


def test_the_sessions_of_other_languages(tiny: Model, tmp_path: Path) -> None:
    """Each language has this test, of a file as Python writes it."""
    sample = Path(__file__).parents[2] / "corpus" / "sessions" / "session.json"
    session = Session.load(sample, tiny)
    session.save(tmp_path / "s")
    assert (tmp_path / "s").read_text(encoding="utf-8") == sample.read_text(encoding="utf-8")


@contextlib.contextmanager
def others(model: Model, threads: int) -> Iterator[None]:
    """So many threads that ask something else all the time."""
    over = threading.Event()

    def ask(number: int) -> None:
        while not over.is_set():
            model.complete(f"what user {number} has told nobody", max_tokens=4, ignore_eos=True)

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    for thread in asking:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in asking:
            thread.join()


@pytest.mark.parametrize("style", ["prose", "rhymes as in a song"])
def test_the_saved_state_is_the_sessions(tiny_path: Path, tmp_path: Path, style: str) -> None:
    file = tmp_path / "s.json"
    template = "Write {{ style or 'prose' }}. {% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}"
    chosen: Any = {"chat_template_kwargs": {"style": style}}
    with Model(tiny_path, chat_template=template, n_parallel=2) as model, Model(tiny_path) as other:
        session = Session(model, system="be brief and kind and speak of cats", **GREEDY, **chosen)
        session.chat("the red cat and the blue dog")
        prompt = model.count_tokens(session.messages, add_generation_prompt=False, **chosen)
        with others(model, 8):
            for _ in range(10):
                session.save(file, state=True)
                assert other.restore_state(f"{file}.state")["n_tokens"] == prompt
    assert sorted(os.listdir(tmp_path)) == ["s.json", "s.json.state"]
    with Model(tiny_path, chat_template=template) as model:
        answer = Session.load(file, model).chat("more")
        assert answer.usage["prompt_tokens_details"]["cached_tokens"] >= prompt - 2


def test_what_cannot_be_saved_leaves_what_was(tiny_path: Path, tmp_path: Path) -> None:
    model = Model(tiny_path, n_ctx=256)
    session = Session(model, **GREEDY)
    session.chat("mine")
    session.save(tmp_path / "s", state=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(gpt4all.ContextOverflowError):
        Session(model, messages=[{"role": "user", "content": "word " * 400}]).save(tmp_path / "s", state=True)
    session.chat("more")
    model.close()
    with pytest.raises(gpt4all.ClosedError):
        session.save(tmp_path / "s", state=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "gpt4all.session", "version": 2}'])
def test_files_that_are_no_sessions(tiny: Model, tmp_path: Path, text: str) -> None:
    (tmp_path / "s").write_text(text)
    with pytest.raises(gpt4all.InvalidArgumentError, match=str(tmp_path)):
        Session.load(tmp_path / "s", tiny)
    with pytest.raises(FileNotFoundError):
        Session.load(tmp_path / "missing", tiny)
    with pytest.raises(OSError, match="missing"):
        Session(tiny).save(tmp_path / "missing" / "s")


def test_tools_are_called(tiny_path: Path) -> None:
    with Model(tiny_path, n_ctx=4096, chat_template=TEMPLATE) as model:
        session = Session(model, tools=[weather])
        answer = session.chat("weather?", **ONE_CALL)
        assert roles(session).startswith("user assistant tool")
        assert session.messages[-1]["content"] == answer.text
        asked = session.messages[1]["tool_calls"]
        told = [message for message in session.messages if message["role"] == "tool"]
        assert [message["tool_call_id"] for message in told] == [call["id"] for call in asked]
        session.chat("and now?", tool_choice="none", max_tokens=4)
        assert session.fork().chat("x", tool_choice="none", max_tokens=4).text is not None

        mine = Session(model, tools=[gpt4all.Tool(weather).schema])
        call = mine.chat("weather?", **ONE_CALL).tool_calls[0]
        mine.chat({"role": "tool", "tool_call_id": call["id"], "content": "blue"}, tool_choice="none", max_tokens=4)
        assert roles(mine) == "user assistant tool assistant"


def test_formats(tiny: Model, session: Session) -> None:
    answer = session.chat("yes or no", response_format=Literal["yes", "no"], max_tokens=50)
    assert answer.parsed in ("yes", "no")


def test_asynchronous_sessions(tiny: Model, tmp_path: Path) -> None:
    async def main() -> None:
        model = AsyncModel(tiny)
        session = AsyncSession(model, system="be brief", **GREEDY)
        coroutine = session.chat("not awaited")
        coroutine.close()
        first = await session.chat("hello")
        stream = session.chat("more", stream=True)
        with pytest.raises(gpt4all.SessionBusyError):
            await session.chat("x")
        pieces = [piece async for piece in stream]
        assert "".join(pieces) == (await stream).text == session.messages[-1]["content"]
        again = await session.regenerate()
        assert again.text == "".join(pieces)
        async for _ in session.chat("left", stream=True, max_tokens=1000, ignore_eos=True):
            break
        assert roles(session) == "system user assistant user assistant"
        endless = asyncio.ensure_future(session.chat("cancelled", max_tokens=3000, ignore_eos=True))
        await asyncio.sleep(0.05)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        assert roles(session) == "system user assistant user assistant"
        await session.save(tmp_path / "s", state=True)
        loaded = await AsyncSession.load(tmp_path / "s", model)
        assert loaded.messages == session.messages
        fork = loaded.fork()
        fork.undo()
        assert (await fork.chat("more")).text == again.text
        plain = Session(tiny, messages=[session.messages[0]], **GREEDY)
        assert plain.chat("hello").text == first.text

    asyncio.run(main())


def test_a_real_conversation(smollm2: Model, tmp_path: Path) -> None:
    session = Session(smollm2, system="Be brief.", temperature=0, max_tokens=30)
    assert "Tokyo" in session.chat("What is the capital of Japan?").text
    fork = session.fork()
    second = fork.chat("And of Italy?")
    assert "Rome" in second.text
    assert second.usage["prompt_tokens_details"]["cached_tokens"] > 30
    session.save(tmp_path / "s", state=True)
    assert "Madrid" in Session.load(tmp_path / "s", smollm2).chat("And of Spain?").text
