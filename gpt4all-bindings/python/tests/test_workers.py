"""Models split over workers, each a process of its own, as it is on another machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

import gpt4all
from cli_helpers import Gpt4all, as_json, cache
from cli_helpers import gpt4all as command
from conftest import child_environment
from worker_process import running

__all__ = ["cache", "command"]

PROMPT = "the house is"
ENDLESS: dict[str, Any] = {"temperature": 0.0, "max_tokens": 100_000, "ignore_eos": True}


def ids(model: gpt4all.Model) -> list[int]:
    """The tokens of an answer, to tell apart what has the same text."""
    answer = model.complete(PROMPT, temperature=0, max_tokens=48, ignore_eos=True, return_tokens=True)
    tokens: list[int] = answer.raw["choices"][0]["tokens"]
    assert len(tokens) == 48
    return tokens


@pytest.fixture(scope="module")
def alone(tiny_path: Path) -> list[int]:
    with gpt4all.Model(tiny_path, n_ctx=512, threads=1) as model:
        return ids(model)


def test_two_workers_answer_token_for_token_as_none(tiny_path: Path, alone: list[int]) -> None:
    with running() as one, running() as two:
        for names in ([one.name], [one.name, two.name]):
            with gpt4all.Model(tiny_path, n_ctx=512, threads=1, workers=names) as model:
                assert ids(model) == alone
                split = {each["name"] for each in model.info()["memory"]["devices"] if each.get("worker")}
                assert split == set(names)
        with gpt4all.Model(tiny_path, n_ctx=512, threads=1, n_gpu_layers=1, workers=[one.name]) as model:
            assert ids(model) == alone


def test_a_trained_model_answers_the_same(smollm2_path: Path, tmp_path: Path) -> None:
    # rearranged weights, which a worker cannot have, round otherwise
    with gpt4all.Model(smollm2_path, n_ctx=512, threads=1, repack=False) as model:
        expected = ids(model)
    kept = tmp_path / "cache"
    with running("--cache", str(kept)) as one, running("--cache", str(kept)) as two:
        names = [one.name, two.name]
        with gpt4all.Model(smollm2_path, n_ctx=512, threads=1, workers=names) as model:
            assert ids(model) == expected
        assert any(kept.iterdir())


def test_vectors_are_those_of_one_machine(tiny_path: Path) -> None:
    texts = ["the house", "a much longer text about nothing in particular"]
    with gpt4all.Model(tiny_path, n_ctx=512, threads=1) as model:
        expected = [list(vector) for vector in model.embed(texts)]
    with running() as one, gpt4all.Model(tiny_path, n_ctx=512, threads=1, workers=[one.name]) as model:
        for vector, right in zip(model.embed(texts), expected, strict=True):
            assert list(vector) == pytest.approx(right, abs=1e-4)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_lost_in_the_midst_of_an_answer(tiny_path: Path, alone: list[int], number: int) -> None:
    with running() as one, running() as two:
        model = gpt4all.Model(tiny_path, n_ctx=65536, threads=1, workers=[one.name, two.name])
        with model, model.complete(PROMPT, stream=True, **ENDLESS) as stream:
            pieces = iter(stream)
            for _ in range(10):
                next(pieces)
            two.end(number)
            before = time.monotonic()
            with pytest.raises(gpt4all.LLModelIOError, match="was lost") as caught:
                for _ in pieces:
                    pass
            assert time.monotonic() - before < 10
            assert caught.value.detail == {"worker": two.name, "reopen": True}
            with pytest.raises(gpt4all.LLModelIOError, match="open the model again"):
                model.complete(PROMPT)
        with (
            running(port=two.port),
            gpt4all.Model(tiny_path, n_ctx=512, threads=1, workers=[one.name, two.name]) as again,
        ):
            assert ids(again) == alone


def test_a_worker_that_cannot_be_reached(tiny_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    before = time.monotonic()
    with pytest.raises(gpt4all.LLModelIOError, match="cannot be reached") as caught:
        gpt4all.Model(tiny_path, workers=[f"127.0.0.1:{port}"])
    assert caught.value.detail["worker"] == f"127.0.0.1:{port}"
    assert time.monotonic() - before < 5


@contextmanager
def other_program(answer: bytes) -> Iterator[str]:
    """Something else that listens, and gives everyone this answer."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.recv(64)
                    client.sendall(answer)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(64):  # closing with a part of the question unread would take the answer back
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(30)


def hello(major: int, minor: int) -> bytes:
    return (28).to_bytes(8, "little") + bytes([major, minor]) + bytes(26)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (hello(6, 0), "speaks version 6.0"),
        (hello(7, 200), "speaks version 7.200"),
        (b"SSH-2.0-OpenSSH_9.2\r\n" * 4, "does not answer as one"),
    ],
)
def test_what_is_no_worker_of_this_release(tiny_path: Path, answer: bytes, said: str) -> None:
    with other_program(answer) as name:
        with pytest.raises(gpt4all.UnsupportedError, match=said) as caught:
            gpt4all.Model(tiny_path, workers=[name])
        assert caught.value.detail["worker"] == name


def test_garbage_does_not_end_a_worker(tiny_path: Path, alone: list[int]) -> None:
    greeting = b"\x0e" + (24).to_bytes(8, "little") + bytes(24)
    lengths = [(2**64 - 1).to_bytes(8, "little"), (2**40).to_bytes(8, "little"), bytes(8)]
    messages = [greeting + bytes([kind]) + length + b"\xff" * 64 for kind in range(20) for length in lengths]
    with running("--memory", "64MB") as one:
        for message in [b"\xff" * 65536, b"GET / HTTP/1.1\r\n\r\n", greeting[:-1], *messages]:
            with socket.create_connection(("127.0.0.1", one.port), timeout=30) as client, contextlib.suppress(OSError):
                client.sendall(message)
                client.shutdown(socket.SHUT_WR)
                while client.recv(4096):
                    pass
        assert one.process.poll() is None
        with gpt4all.Model(tiny_path, n_ctx=512, threads=1, workers=[one.name]) as model:
            assert ids(model) == alone


def test_a_worker_has_as_much_memory_as_it_is_given(tiny_path: Path) -> None:
    with running("--memory", "100KB") as one, pytest.raises(gpt4all.OutOfMemoryError, match=one.name):
        gpt4all.Model(tiny_path, n_ctx=512, workers=[one.name])


def test_a_worker_ends_in_order(tiny_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with running() as one:
            gpt4all.Model(tiny_path, n_ctx=512, workers=[one.name]).close()
            assert one.process.stderr is not None
            said = ""
            while "disconnected" not in said:
                said += one.process.stderr.readline()
            code, rest = one.end(number)
            said += rest
        assert code == 0, said
        assert "no password and no encryption" in said
        assert "Traceback" not in said


def test_a_worker_listens_for_nobody_else(command: Gpt4all) -> None:
    for host in ("0.0.0.0", "8.8.8.8"):
        done = command("worker", "--host", host, "--port", "0")
        assert done.returncode == 1
        assert "private network" in done.stderr


def test_commands_take_workers(command: Gpt4all, tiny_path: Path) -> None:
    question = ["run", "--model", str(tiny_path), "--max-tokens", "16", "--temperature", "0", "--json", "hello"]
    expected = as_json(command(*question))["choices"]
    with running() as one, running() as two:
        split = ["--worker", one.name, "--worker", two.name]
        assert as_json(command(*question, *split))["choices"] == expected
        bench = ["bench", "--model", str(tiny_path), "-p", "16", "-n", "4", "-r", "1", "--json"]
        assert {one.name, two.name} < set(as_json(command(*bench, *split))["devices"])
        talk = command("chat", "--model", str(tiny_path), "--max-tokens", "4", *split, text="hello\n")
        assert talk.returncode == 0, talk.stderr
        two.end(signal.SIGKILL)
        failed = command(*question, *split)
    assert failed.returncode == 1
    assert f"the worker {two.name} cannot be reached" in failed.stderr


def test_serve_worker_can_be_told_to_stop() -> None:
    events = []

    def notify(event: object) -> bool:
        events.append(event)
        return len(events) < 4

    gpt4all.serve_worker(notify, port=0, device="cpu", threads=1)
    first = events[0]
    assert isinstance(first, dict)
    assert first["event"] == "listening"
    assert events[1:] == [None, None, None]

    def fail(_event: object) -> bool:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        gpt4all.serve_worker(fail, port=0, device="cpu")


class Namespaces:
    """Two network namespaces on a bridge of their own, which is in a third; nothing of them reaches the network."""

    NAMES = ("hub", "one", "two")
    ADDRESSES: ClassVar = {"hub": "10.213.0.1", "one": "10.213.0.2", "two": "10.213.0.3"}

    def __init__(self) -> None:
        self.prefix = f"gpt4all-{os.getpid()}-"

    def __enter__(self) -> Namespaces:
        for name in self.NAMES:
            self.ip("netns", "add", self.prefix + name)
            self.ip("-n", self.prefix + name, "link", "set", "lo", "up")
        hub = self.prefix + "hub"
        self.ip("-n", hub, "link", "add", "bridge", "type", "bridge")
        for name in ("one", "two"):
            peer = self.prefix + name
            self.ip("-n", hub, "link", "add", name, "type", "veth", "peer", "name", "hub", "netns", peer)
            self.ip("-n", hub, "link", "set", name, "master", "bridge", "up")
            self.ip("-n", peer, "addr", "add", f"{self.ADDRESSES[name]}/24", "dev", "hub")
            self.ip("-n", peer, "link", "set", "hub", "up")
        self.ip("-n", hub, "addr", "add", f"{self.ADDRESSES['hub']}/24", "dev", "bridge")
        self.ip("-n", hub, "link", "set", "bridge", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.NAMES:
            subprocess.run(["ip", "netns", "delete", self.prefix + name], check=False, capture_output=True)

    def ip(self, *arguments: str) -> None:
        done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            self.__exit__()
            pytest.skip(f"network namespaces cannot be made here: ip {' '.join(arguments)}: {done.stderr.strip()}")

    def within(self, name: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.prefix + name)


@pytest.fixture
def namespaces() -> Iterator[Namespaces]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("making network namespaces needs root, and ip of iproute2")
    with Namespaces() as made:
        yield made


def test_workers_in_network_namespaces(namespaces: Namespaces, tiny_path: Path) -> None:
    address = namespaces.ADDRESSES
    ask = [
        sys.executable,
        "-m",
        "gpt4all",
        "run",
        "--model",
        str(tiny_path),
        "--max-tokens",
        "24",
        "--temperature",
        "0",
    ]
    environment = child_environment(GPT4ALL_OFFLINE="1")
    expected = subprocess.run([*ask, "hello"], check=True, capture_output=True, env=environment, timeout=60).stdout
    with (
        running(host=address["one"], port=50052, prefix=namespaces.within("one")) as one,
        running(host=address["two"], port=50052, prefix=namespaces.within("two")) as two,
    ):
        split = [*namespaces.within("hub"), *ask, "--worker", one.name, "--worker", two.name, "hello"]
        done = subprocess.run(split, check=False, capture_output=True, env=environment, timeout=60)
        assert (done.returncode, done.stdout) == (0, expected), done.stderr.decode()

        # a machine that is cut off: what is sent to it is never acknowledged
        program = f"""
            import gpt4all
            model = gpt4all.Model({str(tiny_path)!r}, n_ctx=262144, workers=[{one.name!r}, {two.name!r}])
            with model.complete("hello", stream=True, **{ENDLESS!r}) as stream:
                for piece in stream:
                    print(end=".", flush=True)
        """
        asking = subprocess.Popen(
            [*namespaces.within("hub"), sys.executable, "-c", textwrap.dedent(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert asking.stdout is not None
        assert asking.stdout.read(1)
        namespaces.ip("-n", namespaces.prefix + "two", "link", "set", "hub", "down")
        _, said = asking.communicate(timeout=100)
        assert f"LLModelIOError: the worker {two.name} was lost" in said.decode()
