"""The binding alone, on a library without an engine (fake_llmodel.c), each test in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from conftest import PRELUDE, PYTHON, BuildFake, Run, RunPython, child_environment
from gpt4all import _declarations


def test_every_status_becomes_its_class_with_message_and_detail(run: Run) -> None:
    run("""
        for status, class_ in _errors.CLASSES.items():
            error = raises(class_, lambda: gpt4all.inspect(f"fail:{status}"))
            assert str(error) == f"fake failure “{status}”" and error.detail == {"status": status}
            assert error.status == status
        assert count("live_errors") == 0
    """)


def test_a_status_without_an_error_object_and_one_that_is_unknown(run: Run) -> None:
    run("""
        assert "io" in str(raises(gpt4all.LLModelIOError, lambda: gpt4all.inspect("silent:4")))
        assert "unknown" in str(raises(gpt4all.InternalError, lambda: gpt4all.inspect("silent:99")))
        raises(gpt4all.InternalError, lambda: gpt4all.inspect("fail:99"))
    """)


def test_what_json_cannot_say_is_refused(run: Run) -> None:
    run("""
        import array, pathlib
        raises(gpt4all.InvalidArgumentError, lambda: gpt4all.inspect("x", temperature=float("nan")))
        circle = []; circle.append(circle)
        raises(gpt4all.InvalidArgumentError, lambda: gpt4all.inspect("x", stop=circle))
        for value in (object(), b"x", {1, 2}, 1j):
            assert "JSON" in str(raises(gpt4all.InvalidArgumentError, lambda: gpt4all.inspect("x", stop=value)))
        for value in ("caf\\udce9", {"a": "\\ud800"}):
            assert "surrogate" in str(raises(gpt4all.InvalidArgumentError, lambda: gpt4all.inspect("x", stop=value)))
        raises(gpt4all.InvalidArgumentError, lambda: gpt4all.inspect("x\\0y"))
        for path in (3, None, ["x"]):
            assert "not a path" in str(raises(gpt4all.InvalidArgumentError, lambda: gpt4all.inspect(path)))
            raises(gpt4all.InvalidArgumentError, lambda: Model(path))
        given = gpt4all.inspect("x", a=array.array("i", [1, 2]), b=pathlib.PurePosixPath("/é"), c=(1, "\\0"),
                                d=range(3), e=(str(n) for n in range(2)), f={"k": 1}.keys(), g="\U0001f642")
        assert given == {"a": [1, 2], "b": "/é", "c": [1, "\\0"], "d": [0, 1, 2], "e": ["0", "1"], "f": ["k"],
                         "g": "\U0001f642"}
    """)


def test_events_of_every_kind(run: Run) -> None:
    run("""
        with Model("m") as model, model.submit("kinds", {}) as task:
            events = list(task)
        kinds = " ".join(event.kind for event in events)
        assert kinds == "started progress text reasoning tool_call embedding logprobs token_logprobs result done"
        data = {event.kind: event.data for event in events}
        assert data["started"] is data["done"] is None
        assert data["progress"] == data["tool_call"] == data["token_logprobs"] == data["result"] == {"n": 1}
        assert data["text"] == data["reasoning"] == "é"
        assert list(data["embedding"]) == list(data["logprobs"]) == [1.5, -2.0]
        with Model("m") as model:
            assert model.submit("kinds", {}).result() == {"n": 1}
    """)


def test_a_failing_request_gives_its_events_and_then_its_error(run: Run) -> None:
    run("""
        from gpt4all._operations import Operation
        from gpt4all._stream import Request, Stream
        model = Model("m")
        stream, pieces = Stream(Request(model, Operation("fail:8", {}, dict))), []
        def read():
            for piece in stream: pieces.append(piece)
        first = raises(gpt4all.ContextOverflowError, read)
        assert pieces == ["a"] and stream.text == "a"
        assert raises(gpt4all.ContextOverflowError, lambda: stream.result) is first
        assert count("live_tasks") == 0 and count("live_errors") == 0
    """)


def test_a_stream_is_an_iterator_that_closing_or_dropping_ends(run: Run) -> None:
    run("""
        from gpt4all._operations import Operation
        from gpt4all._stream import Request, Stream
        model = Model("m")
        stream = Stream(Request(model, Operation("endless", {}, dict)))
        for piece in stream:
            assert piece == "\\U0001F600 "
            break
        assert next(stream) == next(iter(stream)) == "\\U0001F600 "
        assert next(stream.events()).kind == "text"
        assert stream.text == "\\U0001F600 " * 4
        assert count("live_tasks") == 1
        stream.close()
        assert count("live_tasks") == 0
        assert "closed" in str(raises(gpt4all.CancellationError, lambda: stream.result))
        assert stream.text == "\\U0001F600 " * 4
        raises(gpt4all.ClosedError, lambda: list(stream))
        raises(gpt4all.ClosedError, lambda: next(stream))

        for piece in Stream(Request(model, Operation("endless", {}, dict))):
            assert count("live_tasks") == 1
            break
        gc.collect()
        assert count("live_tasks") == 0

        task = model.submit("endless", {})
        assert next(task).kind == next(iter(task)).kind == "text"
        for event in task: break
        assert count("live_tasks") == 1
        task.close()
        raises(gpt4all.ClosedError, lambda: next(task))
        assert count("live_tasks") == 0

        with Stream(Request(model, Operation("endless", {}, dict))): pass
        task = model.submit("silence", {})
        assert task.next(0.05) is None and task.next(0) is None
        del task
        gc.collect()
        assert count("live_tasks") == 0
    """)


def test_cancel_and_close_from_another_thread_wake_the_one_that_waits(run: Run) -> None:
    run("""
        model = Model("m")
        for end in ("cancel", "close"):
            task = model.submit("silence", {})
            threading.Timer(0.2, getattr(task, end)).start()
            start = time.monotonic()
            error = raises(gpt4all.CancellationError, task.result)
            assert time.monotonic() - start < 2
            assert count("live_tasks") == 0
            task.cancel(); task.close()
            raises(gpt4all.ClosedError, task.next)
    """)


def test_two_threads_cannot_wait_for_one_task(run: Run) -> None:
    run("""
        task = Model("m").submit("silence", {})
        other = threading.Thread(target=lambda: raises(gpt4all.CancellationError, task.result))
        other.start()
        time.sleep(0.05)
        for _ in range(50):  # between two waits of the other thread the task is free for a moment
            try: assert task.next(0) is None
            except RuntimeError as error:
                assert "two threads" in str(error)
                break
        else: raise AssertionError("never refused")
        task.cancel()
        other.join()
    """)


def test_use_after_close(run: Run) -> None:
    run("""
        model = Model("folder/m.gguf")
        assert not model.closed and repr(model) == "<Model 'folder/m.gguf'>"
        model.close(); model.close()
        assert model.closed and count("open_models") == 0
        assert "folder/m.gguf" in str(raises(gpt4all.ClosedError, lambda: model.chat("hi")))
        for work in (model.info, lambda: model.save_state("x"), lambda: model.submit("chat", {})):
            raises(gpt4all.ClosedError, work)
        Model("m")
        gc.collect()
        assert count("open_models") == 0
    """)


def test_a_task_keeps_its_model_open(run: Run) -> None:
    run("""
        task = Model("m").submit("kinds", {})
        gc.collect()
        assert count("open_models") == 1
        assert task.result() == {"n": 1}
        del task
        gc.collect()
        assert count("open_models") == 0
    """)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_use_after_fork(run: Run) -> None:
    assert "child: closed" in run("""
        model = Model("m")
        task = model.submit("silence", {})
        child = os.fork()
        if child == 0:
            assert "forked" in str(raises(gpt4all.ClosedError, lambda: model.chat("hi")))
            raises(gpt4all.ClosedError, task.next)
            task.cancel(); task.close(); model.close()
            assert count("open_models") == 1 and count("live_tasks") == 1
            print("child: closed", flush=True)
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert model.info() == {}
        assert task.next(0) is None
    """)


def test_progress_is_told_and_can_cancel(run: Run) -> None:
    run("""
        told = []
        Model("m", progress=told.append).close()
        assert told == [0.25, 0.5, 0.75, 1.0]
        raises(gpt4all.CancellationError, lambda: Model("m", progress=lambda fraction: fraction < 0.5))
        raises(ZeroDivisionError, lambda: Model("m", progress=lambda fraction: 1 / (1 - fraction)))
        raises(gpt4all.CancellationError, lambda: gpt4all.quantize("a", "b", progress=lambda _: False, type="q8_0"))
        assert gpt4all.quantize("a", "b", type="q8_0") == {"type": "q8_0"}
        raises(gpt4all.CancellationError, lambda: gpt4all.imatrix("a", "b", progress=lambda _: False, text="x"))
        assert gpt4all.imatrix("a", "b", text="x") == {"text": "x"}
        assert count("open_models") == 0 and count("live_errors") == 0
    """)


def test_ctrl_c_stops_loading(run: Run) -> None:
    run("""
        def interrupt(fraction): signal.raise_signal(signal.SIGINT)
        raises(KeyboardInterrupt, lambda: Model("m", progress=interrupt))
        assert count("open_models") == 0
    """)


def test_logs_go_to_logging_at_its_level(run: Run) -> None:
    run("""
        import logging
        records = []
        class Collect(logging.Handler):
            def emit(self, record): records.append((record.levelname, record.getMessage()))
        logger = logging.getLogger("gpt4all")
        gpt4all.devices()  # nobody listens: nothing on stderr
        logger.addHandler(Collect())
        message = "message with 100% of \\U0001F600"
        for level, names in (
            (logging.DEBUG, ["ERROR", "WARNING", "INFO", "DEBUG"]),
            (logging.WARNING, ["ERROR", "WARNING"]),
            (logging.CRITICAL, []),
        ):
            logger.setLevel(level)
            records.clear()
            gpt4all.devices()
            assert records == [(name, message) for name in names], records
            assert count("log_level") == len(names)

        class Break(logging.Handler):
            def emit(self, record): raise RuntimeError("a handler that fails")
        logger.addHandler(Break())
        logger.setLevel(logging.DEBUG)
        assert gpt4all.devices() == {"devices": []}
    """)


def test_a_model_that_is_collected_while_the_library_logs(run: Run) -> None:
    run("""
        import logging
        class Collect(logging.Handler):
            def emit(self, record): gc.collect()
        gc.disable()
        model = Model("m")
        model.itself = model
        del model
        logging.getLogger("gpt4all").addHandler(Collect())
        gpt4all.devices()
        deadline = time.monotonic() + 10
        while count("open_models") and time.monotonic() < deadline: time.sleep(0.01)
        assert count("open_models") == 0 and count("closed_while_logging") == 0
    """)


def test_the_log_is_given_back_at_exit(run: Run) -> None:
    out = run("""
        import atexit
        from gpt4all._library import load
        stop = load().log._stop
        gpt4all.devices()
        assert count("log_level") == 2
        atexit.unregister(stop)
        atexit.register(lambda: print("at exit", count("log_level")))
        atexit.register(stop)  # the last to be registered is the first to run
    """)
    assert out == "at exit 0\n"


def test_the_interfaces_version_is_checked(build_fake: BuildFake, run_python: RunPython) -> None:
    other = build_fake(_declarations.ABI_VERSION + 1)
    done = run_python("import gpt4all; gpt4all.build_info()", GPT4ALL_LIBRARY=str(other))
    assert done.returncode == 1
    assert "LibraryNotFoundError" in done.stderr
    assert f"has version {_declarations.ABI_VERSION + 1}" in done.stderr


def test_a_missing_or_foreign_library_is_told_with_every_place(run_python: RunPython, tmp_path: Path) -> None:
    foreign = tmp_path / "not-a-library.so"
    foreign.write_bytes(b"no ELF")
    for named in (str(tmp_path), str(foreign)):
        done = run_python("import gpt4all; gpt4all.build_info()", GPT4ALL_LIBRARY=named)
        assert done.returncode == 1
        assert "LibraryNotFoundError" in done.stderr
        assert named in done.stderr
        assert "GPT4ALL_LIBRARY" in done.stderr


def test_the_wheels_library_comes_before_the_checkouts_and_both_after_the_named(
    fake: Path, run_python: RunPython, tmp_path: Path
) -> None:
    checkout = tmp_path / "gpt4all-bindings" / "python"
    shutil.copytree(PYTHON / "gpt4all", checkout / "gpt4all", ignore=shutil.ignore_patterns("lib", "__pycache__"))
    program = (
        f"import sys; sys.path.insert(0, {str(checkout)!r})\nfrom gpt4all._library import load; print(load().path)"
    )

    def loaded(named: str) -> str:
        return run_python(program, GPT4ALL_LIBRARY=named).stdout.strip()

    assert loaded("") == ""
    built = tmp_path / "build" / "release" / "bin" / fake.name
    installed = checkout / "gpt4all" / "lib" / fake.name
    for place in (built, installed):
        place.parent.mkdir(parents=True)
        shutil.copy(fake, place)
        assert loaded("") == str(place)
    assert loaded(str(fake)) == str(fake)


@pytest.mark.parametrize("operation", ["endless", "silence"])
def test_ctrl_c_ends_a_wait(fake: Path, operation: str) -> None:
    program = PRELUDE + textwrap.dedent(f"""
        model = Model("m")
        print("ready", flush=True)
        raises(KeyboardInterrupt, model.submit({operation!r}, {{}}).result)
        assert count("live_tasks") == 0
        print("stopped", flush=True)
    """)
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(GPT4ALL_LIBRARY=str(fake)),
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.3)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, errors = child.communicate(timeout=30)
    assert (out, errors, child.returncode) == ("stopped\n", "", 0)
    assert time.monotonic() - start < 3
