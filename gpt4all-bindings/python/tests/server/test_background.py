"""Responses that go on without their client, and the memory of responses."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Any

import pytest
import requests

from gpt4all._server.errors import RequestError
from gpt4all._server.openai.responses.store import ResponseStore, Shelf, Stored
from gpt4all._server.settings import ServerSettings

from .conftest import TEXT, Serve, Served

openai = pytest.importorskip("openai", reason="the Python package openai is the client")

HELLO = {"grammar": 'root ::= "Hello"'}
ENDLESS: Any = {"max_output_tokens": 1_000_000, "extra_body": {"ignore_eos": True}}
SECONDS = 60


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return openai.OpenAI(base_url=f"{served.address}/v1", api_key="none", max_retries=0)


def begin(client: Any, **changes: Any) -> Any:
    return client.responses.create(**{"model": TEXT, "input": "Hi there", "background": True, **changes})


def ended(client: Any, id: str) -> Any:
    end = time.monotonic() + SECONDS
    while (made := client.responses.retrieve(id)).status in ("queued", "in_progress"):
        assert time.monotonic() < end
        time.sleep(0.02)
    return made


def test_it_goes_on_without_its_client(client: Any) -> None:
    made = begin(client, extra_body=HELLO)
    assert made.status == "queued"
    assert made.background
    read = ended(client, made.id)
    assert read.status == "completed"
    assert read.output_text == "Hello"
    assert client.responses.create(model=TEXT, previous_response_id=made.id, input="So?", max_output_tokens=2).output


def test_it_goes_on_when_its_stream_is_left(client: Any) -> None:
    stream = begin(client, stream=True, max_output_tokens=60, extra_body={"ignore_eos": True})
    first = next(iter(stream))
    assert first.type == "response.created"
    stream.close()
    read = ended(client, first.response.id)
    assert read.status == "incomplete"
    assert read.usage.output_tokens == 60


def test_its_events_can_be_read_from_any_on(client: Any) -> None:
    stream = begin(client, stream=True, max_output_tokens=30, extra_body={"ignore_eos": True})
    live = list(stream)
    kinds = [event.type.removeprefix("response.") for event in live]
    assert kinds[:4] == ["created", "queued", "in_progress", "output_item.added"]
    assert kinds[-1] == "incomplete"
    assert [event.sequence_number for event in live] == list(range(len(live)))
    id = live[0].response.id
    for after in (None, 0, 5, len(live) - 2):
        given = {} if after is None else {"starting_after": after}
        again = list(client.responses.retrieve(id, stream=True, **given))
        assert again == live[0 if after is None else after + 1 :]
    assert list(client.responses.retrieve(id, stream=True, starting_after=len(live) + 5)) == []


def test_several_read_the_same_while_it_is_written(client: Any) -> None:
    made = begin(client, max_output_tokens=200, extra_body={"ignore_eos": True})
    read: list[list[Any]] = []

    def follow() -> None:
        read.append(list(client.responses.retrieve(made.id, stream=True)))

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(read) == 4
    assert all(events == read[0] for events in read)
    assert read[0][-1].type == "response.incomplete"


def test_it_can_be_cancelled(client: Any, served: Served) -> None:
    made = [begin(client, **ENDLESS) for _ in range(8)]  # more than run at once: some wait
    for one in made:
        assert client.responses.cancel(one.id).status == "cancelled"
    for one in made:
        assert client.responses.cancel(one.id).status == "cancelled"
        events = list(client.responses.retrieve(one.id, stream=True))
        assert events[-1].type == "response.incomplete"
        assert events[-1].response.status == "cancelled"
    # Their slots are free again.
    assert ended(client, begin(client, extra_body=HELLO).id).output_text == "Hello"


def test_deleting_it_ends_it(client: Any) -> None:
    made = begin(client, **ENDLESS)
    stream = client.responses.retrieve(made.id, stream=True)
    next(iter(stream))
    client.responses.delete(made.id)
    *_, last = stream
    assert last.response.status == "cancelled"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_an_error_is_told_later(client: Any) -> None:
    read = ended(client, begin(client, temperature=-1).id)
    assert read.status == "failed"
    assert read.error.code == "invalid_prompt"
    assert read.error.param == "temperature"
    with pytest.raises(openai.NotFoundError):
        begin(client, model="unheard-of")


def test_what_only_those_in_the_background_can(client: Any) -> None:
    made = client.responses.create(model=TEXT, input="Hi", max_output_tokens=2)
    with pytest.raises(openai.BadRequestError, match="background"):
        client.responses.cancel(made.id)
    with pytest.raises(openai.BadRequestError, match="background"):
        client.responses.retrieve(made.id, stream=True)
    with pytest.raises(openai.BadRequestError, match="starting_after"):
        client.responses.retrieve(begin(client, max_output_tokens=2).id, stream=True, starting_after=-7)


def test_a_key_reads_only_its_own(serve: Serve) -> None:
    with serve("--api-key", "one", "--api-key", "other") as served:
        one, other = (openai.OpenAI(base_url=f"{served.address}/v1", api_key=key) for key in ("one", "other"))
        for made in (one.responses.create(model=TEXT, input="Hi", max_output_tokens=2), begin(one, **ENDLESS)):
            for use in (
                other.responses.retrieve,
                other.responses.delete,
                other.responses.cancel,
                other.responses.input_items.list,
                lambda id: other.responses.retrieve(id, stream=True),
                lambda id: other.responses.create(model=TEXT, input="Hi", previous_response_id=id),
                lambda id: other.responses.create(model=TEXT, input=[{"type": "item_reference", "id": id}]),
            ):
                with pytest.raises(openai.NotFoundError):
                    use(made.id)
            assert one.responses.retrieve(made.id).id == made.id
        read = one.responses.create(model=TEXT, input="Hi", max_output_tokens=2)
        with pytest.raises(openai.NotFoundError):
            other.responses.create(model=TEXT, input=[{"type": "item_reference", "id": read.output[0].id}])


def test_the_server_ends_with_what_is_being_written(serve: Serve) -> None:
    with serve() as served:
        client = openai.OpenAI(base_url=f"{served.address}/v1", api_key="none")
        begin(client, **ENDLESS)
        assert requests.get(f"{served.address}/health", timeout=SECONDS).ok
        begun = time.monotonic()
    assert time.monotonic() - begun < 20


# ------------------------------------------------------------------------------------------------------------ the store


def stored(id: str, text: str = "", done: bool = True) -> Stored:
    return Stored({"id": id, "output": [], "text": text}, [], done)


def there(shelf: Shelf, *ids: str) -> list[str]:
    def is_there(id: str) -> bool:
        with contextlib.suppress(RequestError):
            return shelf.find(id).id == id
        return False

    return [id for id in ids if is_there(id)]


def test_the_oldest_go_first() -> None:
    shelf = ResponseStore(ServerSettings(stored_responses=2)).of(None)
    for id in "abc":
        shelf.add(stored(id))
    assert there(shelf, *"abc") == ["b", "c"]


def test_bytes_are_bounded() -> None:
    shelf = ResponseStore(ServerSettings(stored_bytes=1000)).of(None)
    for id in "abc":
        shelf.add(stored(id, "x" * 400))
    assert there(shelf, *"abc") == ["b", "c"]
    shelf.add(stored("d", "x" * 2000))
    assert there(shelf, *"abcd") == []
    growing = stored("e")
    shelf.add(stored("f"))
    shelf.add(growing)
    shelf.grow(growing, growing.add([b"x" * 960], done=False))
    assert there(shelf, *"ef") == ["e"]
    shelf.grow(growing, growing.add([b"x" * 900], done=False))
    assert there(shelf, *"ef") == []
    for id in "ghi":
        shelf.add(stored(id))
    assert there(shelf, *"ghi") == ["g", "h", "i"]


def test_what_is_being_written_goes_last() -> None:
    shelf = ResponseStore(ServerSettings(stored_responses=2)).of(None)
    shelf.add(stored("a", done=False))
    for id in "bc":
        shelf.add(stored(id))
    assert there(shelf, *"abc") == ["a", "c"]


def test_age_is_bounded() -> None:
    seconds = [0.0]
    shelf = Shelf(ServerSettings(stored_seconds=5), lambda: seconds[0])
    for id, now, left in (("a", 1.0, ["a"]), ("b", 4.0, ["a", "b"]), ("c", 8.0, ["b", "c"])):
        seconds[0] = now
        shelf.add(stored(id))
        assert there(shelf, *"abc") == left
    seconds[0] = 100.0
    assert there(shelf, *"abc") == []


def test_keys_have_shelves_of_their_own() -> None:
    store = ResponseStore(ServerSettings(api_keys=("one", "other")))
    store.of("one").add(stored("a"))
    assert there(store.of("one"), "a") == ["a"]
    assert there(store.of("other"), "a") == []


def test_without_keys_there_is_one_shelf() -> None:
    store = ResponseStore(ServerSettings())
    assert store.of("any") is store.of(None)


def test_following_misses_nothing() -> None:
    async def main() -> list[bytes]:
        one = stored("a", done=False)

        async def follow() -> list[bytes]:
            return [events async for events in one.follow(-1)]

        task = asyncio.create_task(follow())
        for number in range(5):
            await asyncio.sleep(0)
            one.add([b"%d" % number], done=number == 4)
        return await asyncio.wait_for(task, SECONDS)

    assert b"".join(asyncio.run(main())) == b"01234"
