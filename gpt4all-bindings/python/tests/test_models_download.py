"""Downloads from a server that misbehaves in every way it knows: the right file, or an error of the right type."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from misbehaving_server import MisbehavingServer, content_of

from download_cases import CASES, Run, Server, case_server
from gpt4all import CancellationError, models
from gpt4all.models import ProgressInfo
from models_helpers import SIZE, cache, left_in, quick, quick_for, server, sha256_of

__all__ = ["cache", "case_server", "server"]


def _recovered(group: str) -> dict[str, str]:
    """The cases of a group that all languages share, by what the server does in them, request by request."""
    found = {id_: case["steps"][0]["from"][0] for id_, case in CASES.items() if id_.startswith(group)}
    return {address.split("/")[3]: id_ for id_, address in found.items()}


KNOWN, UNKNOWN = _recovered("recovers-known-"), _recovered("recovers-unknown-")


@pytest.mark.parametrize("script", KNOWN)
def test_recovers_where_the_hash_is_known(case_server: Server, cache: Path, script: str) -> None:
    Run(case_server, cache).case(CASES[KNOWN[script]])


@pytest.mark.parametrize("script", UNKNOWN)
def test_recovers_where_nothing_is_known(case_server: Server, cache: Path, script: str) -> None:
    """There is no hash to tell changed bytes by, so what only that tells is left out."""
    Run(case_server, cache).case(CASES[UNKNOWN[script]])


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("+".join(["cut-0"] * 9), models.ConnectionFailedError, "broke: IncompleteRead"),
        ("+".join(["stall-10"] * 9), models.StalledError, "stopped sending"),
        ("+".join(["drip"] * 9), models.StalledError, r"sent \d+ bytes in \d+ s"),
        ("+".join(["hangup"] * 9), models.ConnectionFailedError, "the connection to"),
        ("+".join(["garbage"] * 9), models.ConnectionFailedError, "the connection to"),
        ("+".join(["gzip"] * 9), models.ProtocolError, "'gzip'"),
        ("+".join(["truncated"] * 9), models.ProtocolError, f"{SIZE - 10} bytes"),
        ("+".join(["extended"] * 9), models.ProtocolError, f"{SIZE + 10} bytes"),
        ("+".join(["overlong"] * 9), models.ProtocolError, "sent more than"),
        ("+".join(["norangeheader"] * 9), models.ProtocolError, "Content-Range ''"),
        ("+".join(["wrong"] * 9), models.ChecksumError, "SHA-256"),
        ("+".join(["status-500"] * 9), models.HTTPStatusError, "500"),
        ("status-404", models.HTTPStatusError, "404"),
        ("status-403", models.HTTPStatusError, "HF_TOKEN"),
        ("status-401", models.HTTPStatusError, "401"),
        ("status-204", models.HTTPStatusError, "204"),
        ("wait-3600", models.HTTPStatusError, "429"),
        ("loop", models.RedirectError, "more than 10 times"),
    ],
)  # fmt: skip
def test_gives_up_with_the_right_error(
    server: MisbehavingServer, cache: Path, script: str, error: type[models.DownloadError], words: str
) -> None:
    path, content = cache / "m.gguf", content_of("f", SIZE)
    url, sha256 = server.file("f", SIZE, script), sha256_of(content)
    with pytest.raises(error, match=words) as caught:
        models.download(url, path, size=SIZE, sha256=sha256, settings=quick_for(script))
    assert isinstance(caught.value, OSError)
    assert not path.exists()
    server.state.calm.add("f")
    models.download(url, path, size=SIZE, sha256=sha256, settings=quick())
    assert path.read_bytes() == content


def test_the_old_kinds_of_errors_hold() -> None:
    assert issubclass(models.HTTPStatusError, ValueError)
    assert issubclass(models.ChecksumError, ValueError)
    assert issubclass(models.ProtocolError, ValueError)
    assert issubclass(models.ConnectionFailedError, RuntimeError)
    assert issubclass(models.OfflineError, FileNotFoundError)
    assert issubclass(models.StalledError, TimeoutError)


def test_nothing_listens(cache: Path) -> None:
    with MisbehavingServer() as gone:
        pass
    started = time.monotonic()
    with pytest.raises(models.UnreachableError, match=r"127\.0\.0\.1"):
        models.download(gone.file("f", 10), cache / "m.gguf", settings=quick())
    assert time.monotonic() - started < 10


def test_waits_as_long_as_the_server_asks(server: MisbehavingServer, cache: Path) -> None:
    started = time.monotonic()
    models.download(server.file("f", 100, "wait-1"), cache / "m.gguf", settings=quick())
    assert time.monotonic() - started >= 1


def test_goes_on_where_an_earlier_run_was_cut_off(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    url = server.file("f", SIZE, "cut-150000")
    with pytest.raises(models.ConnectionFailedError):
        models.download(url, path, settings=quick(retries=0))
    assert left_in(path) == {"m.gguf.part", "m.gguf.part.json"}
    models.download(url, path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)
    assert server.state.asked[-1].headers["Range"] == "bytes=150000-"


def test_a_changed_file_is_not_glued_to_an_old_part(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    url = server.file("f", SIZE, "cut-150000+change")
    with pytest.raises(models.ConnectionFailedError):
        models.download(url, path, settings=quick(retries=0))
    models.download(url, path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE, version=1)


@pytest.mark.parametrize("retries", [0, 3])
def test_a_changed_file_is_noticed_where_if_range_is_ignored(
    server: MisbehavingServer, cache: Path, retries: int
) -> None:
    """By the ETag of the rest that comes."""
    path = cache / "m.gguf"
    url = server.file("f", SIZE, "cut-150000+changeblind")
    if retries == 0:  # two runs
        with pytest.raises(models.ConnectionFailedError):
            models.download(url, path, settings=quick(retries=0))
    models.download(url, path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE, version=1)


def test_a_part_with_another_hash_is_not_gone_on_with(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    with pytest.raises(models.ConnectionFailedError):
        models.download(server.file("f", SIZE, "cut-150000"), path, sha256="0" * 64, settings=quick(retries=0))
    sha256 = sha256_of(content_of("f", SIZE))
    models.download(server.file("f", SIZE, "cut-150000"), path, sha256=sha256, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)
    assert "Range" not in server.state.asked[-1].headers


def test_a_part_of_another_address_is_not_used(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    with pytest.raises(models.ConnectionFailedError):
        models.download(server.file("f", SIZE, "cut-150000"), path, settings=quick(retries=0))
    models.download(server.file("g", SIZE), path, settings=quick())
    assert path.read_bytes() == content_of("g", SIZE)


def test_a_part_from_another_address_goes_on_where_the_hash_is_the_same(server: MisbehavingServer, cache: Path) -> None:
    path, sha256 = cache / "m.gguf", sha256_of(content_of("f", SIZE))
    with MisbehavingServer() as other, pytest.raises(models.ConnectionFailedError):
        models.download(other.file("f", SIZE, "cut-150000"), path, sha256=sha256, settings=quick(retries=0))
    models.download(server.file("f", SIZE), path, sha256=sha256, settings=quick())
    assert server.state.asked[0].headers["Range"] == "bytes=150000-"
    assert path.read_bytes() == content_of("f", SIZE)


def test_a_damaged_part_is_replaced(server: MisbehavingServer, cache: Path) -> None:
    path, sha256 = cache / "m.gguf", sha256_of(content_of("f", SIZE))
    with pytest.raises(models.ConnectionFailedError):
        models.download(server.file("f", SIZE, "cut-150000"), path, sha256=sha256, settings=quick(retries=0))
    (path.parent / ".gpt4all" / "m.gguf.part").write_bytes(bytes(150000))
    models.download(server.file("f", SIZE), path, sha256=sha256, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)


@pytest.mark.parametrize("state", ["", "{", "[]", '{"key": 1, "unknown": 2}', "null"])
def test_a_part_without_a_description_is_replaced(server: MisbehavingServer, cache: Path, state: str) -> None:
    path = cache / "m.gguf"
    (cache / ".gpt4all").mkdir(parents=True)
    (cache / ".gpt4all" / "m.gguf.part").write_bytes(b"nobody knows what of")
    if state:
        (cache / ".gpt4all" / "m.gguf.part.json").write_text(state)
    models.download(server.file("f", SIZE), path, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)


def test_without_a_length_the_end_is_unknown(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    with pytest.raises(models.ProtocolError, match="does not say how long"):
        models.download(server.file("f", SIZE, "+".join(["nolength"] * 9)), path, settings=quick())
    sha256 = sha256_of(content_of("f", SIZE))
    models.download(server.file("g", SIZE, "nolength"), path, size=SIZE, settings=quick())
    assert path.read_bytes() == content_of("g", SIZE)
    models.download(server.file("f", SIZE, "nolength"), path, sha256=sha256, force=True, settings=quick())
    assert path.read_bytes() == content_of("f", SIZE)


def test_md5_is_checked(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    with pytest.raises(models.ChecksumError, match="MD5"):
        models.download(server.file("f", 10), path, md5="0" * 32, settings=quick())
    assert not path.exists()
    assert left_in(path) == set()


def test_a_good_file_is_not_fetched_again(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    models.download(server.file("f", 10), path, settings=quick())
    models.download(server.file("f", 10), path, settings=quick())
    assert len(server.steps()) == 1
    models.download(server.file("f", 10), path, force=True, settings=quick())
    assert len(server.steps()) == 2


def test_a_file_of_another_length_than_recorded_is_fetched_again(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    models.download(server.file("f", 10), path, settings=quick())
    path.write_bytes(b"cut")
    models.download(server.file("f", 10), path, settings=quick())
    assert path.read_bytes() == content_of("f", 10)


def test_an_empty_file(server: MisbehavingServer, cache: Path) -> None:
    path = models.download(server.file("f", 0), cache / "m.gguf", settings=quick())
    assert path.read_bytes() == b""


def test_tells_progress(server: MisbehavingServer, cache: Path) -> None:
    seen: list[ProgressInfo] = []
    models.download(server.file("f", SIZE, "cut-100000"), cache / "m.gguf", progress=seen.append, settings=quick())
    assert seen[0] == ProgressInfo(0, SIZE, "downloading")
    assert seen[-1] == ProgressInfo(SIZE, SIZE, "downloading")
    assert [one.done_bytes for one in seen] == sorted(one.done_bytes for one in seen)


def test_cancel_keeps_what_came(server: MisbehavingServer, cache: Path) -> None:
    path = cache / "m.gguf"
    with pytest.raises(CancellationError):
        models.download(
            server.file("f", SIZE, "slow"), path, progress=lambda now: now.done_bytes < 50_000, settings=quick()
        )
    assert not path.exists()
    there = (path.parent / ".gpt4all" / "m.gguf.part").stat().st_size
    assert 50_000 <= there < SIZE
    models.download(server.file("f", SIZE, "slow"), path, settings=quick())
    assert server.state.asked[-1].headers["Range"] == f"bytes={there}-"
    assert path.read_bytes() == content_of("f", SIZE)


def test_an_error_of_the_listener_passes_through(server: MisbehavingServer, cache: Path) -> None:
    def broken(now: ProgressInfo) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        models.download(server.file("f", SIZE), cache / "m.gguf", progress=broken, settings=quick())
