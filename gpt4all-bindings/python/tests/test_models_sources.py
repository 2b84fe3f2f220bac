"""The hub, mirrors, several sources in order, redirects and who may see a token."""

from __future__ import annotations

from pathlib import Path

import pytest
from misbehaving_server import MisbehavingServer, content_of

from gpt4all import models
from gpt4all.models._download import Download
from gpt4all.models._http import redacted
from gpt4all.models._names import of_entry
from gpt4all.models._records import Record, Wanted
from gpt4all.models._settings import Reporter
from models_helpers import SIZE, cache, entry_of, left_in, quick, server, sha256_of

__all__ = ["cache", "server"]

TOKEN = "hf_tokenfortests"


def get(entry: models.CatalogueEntry, cache: Path, settings: models.Settings | None = None) -> Path:
    """Downloads an entry that is in no catalogue."""
    path = cache / entry.file
    Download(of_entry(entry), Wanted.of(path, entry), settings or quick(), Reporter(None, entry.file)).run()
    return path


def authorizations(server: MisbehavingServer) -> list[str | None]:
    return [one.headers.get("Authorization") for one in server.state.asked]


# ------------------------------------------------------------------------------------------------------ the hub


@pytest.fixture
def cdn(server: MisbehavingServer) -> MisbehavingServer:
    """Where the hub, which is `server`, has its bytes."""
    other = MisbehavingServer()
    other.__enter__()
    server.state.other = other.url
    return other


@pytest.mark.parametrize("script", ["good", "cut-100000", "cut-100000+wrong", "cut-100000+lyingstart"])
def test_the_hub_tells_the_hash(server: MisbehavingServer, cdn: MisbehavingServer, cache: Path, script: str) -> None:
    named = f"hf://owner/f/{SIZE}/{script}/m.gguf"
    path = models.pull(named, settings=quick(hub_endpoint=server.url))
    assert path == cache / "models" / "hf" / "owner" / "f" / str(SIZE) / script / "m.gguf"
    assert path.read_bytes() == content_of("f", SIZE)
    record = Record.of(path)
    assert record is not None
    assert (record.sha256, record.source) == (sha256_of(content_of("f", SIZE)), named)
    assert models.resolve(named, offline=True) == path


def test_wrong_bytes_from_the_hub(server: MisbehavingServer, cdn: MisbehavingServer, cache: Path) -> None:
    with pytest.raises(models.ChecksumError, match="SHA-256"):
        models.pull(f"hf://owner/f/{SIZE}/wrong/m.gguf", settings=quick(hub_endpoint=server.url))
    assert models.list_cached() == []


def test_a_hub_that_tells_no_hash_is_asked_for_its_list(
    server: MisbehavingServer, cdn: MisbehavingServer, cache: Path
) -> None:
    server.state.hub_tells_hash = False
    with pytest.raises(models.ChecksumError, match="SHA-256"):
        models.pull(f"hf://owner/f/{SIZE}/wrong/m.gguf", settings=quick(hub_endpoint=server.url))
    path = models.pull(f"hf://owner/f/{SIZE}/wrong/m.gguf", settings=quick(hub_endpoint=server.url))
    assert path.read_bytes() == content_of("f", SIZE)


def test_the_hub_has_another_file_than_the_catalogue(
    server: MisbehavingServer, cdn: MisbehavingServer, cache: Path
) -> None:
    source = {"type": "huggingface", "repo": "owner/f", "file": f"{SIZE}/good/m.gguf"}
    entry = entry_of(content_of("other", SIZE), [source], sha256=sha256_of(content_of("other", SIZE)))
    with pytest.raises(models.ChecksumError, match="another file"):
        get(entry, cache, quick(hub_endpoint=server.url))
    assert cdn.steps() == ["good"], "it was asked once, and nothing was read"


def test_the_token_is_for_the_hub_alone(
    server: MisbehavingServer, cdn: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", server.url + "/")
    models.pull(f"hf://owner/f/{SIZE}/cut-50000/m.gguf", settings=quick())
    assert set(authorizations(server)) == {f"Bearer {TOKEN}"}
    assert set(authorizations(cdn)) == {None}


def test_the_token_is_not_for_other_addresses(
    server: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    models.pull(server.file("f", SIZE), settings=quick())
    assert set(authorizations(server)) == {None}


def test_a_netrc_does_not_replace_the_token(
    server: MisbehavingServer, cdn: MisbehavingServer, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    netrc = tmp_path / "home" / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    models.pull(f"hf://owner/f/{SIZE}/good/m.gguf", settings=quick(hub_endpoint=server.url, hub_token=TOKEN))
    assert set(authorizations(server)) == {f"Bearer {TOKEN}"}


def test_a_split_model_comes_whole(server: MisbehavingServer, cdn: MisbehavingServer, cache: Path) -> None:
    first = models.pull("hf://owner/f/50/good/m-00002-of-00003.gguf", settings=quick(hub_endpoint=server.url))
    assert first.name == "m-00001-of-00003.gguf"
    names = [f"m-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    assert [model.path.name for model in models.list_cached()] == names
    assert [path.name for path in models.remove("hf://owner/f/50/good/m-00001-of-00003.gguf")] == names
    assert models.list_cached() == []


# --------------------------------------------------------------------------------------------- sources in order


def address(server: MisbehavingServer, name: str, script: str) -> dict[str, str]:
    return {"type": "https", "url": server.file(name, SIZE, script)}


def test_the_next_source_is_tried(server: MisbehavingServer, cache: Path) -> None:
    content = content_of("b", SIZE)
    sources = [address(server, "a", "status-404"), address(server, "b", "good")]
    path = get(entry_of(content, sources, sha256=sha256_of(content)), cache)
    assert path.read_bytes() == content
    record = Record.of(path)
    assert record is not None
    assert record.source == sources[1]["url"]


def test_the_next_source_goes_on_with_the_part(server: MisbehavingServer, cache: Path) -> None:
    content = content_of("a", SIZE)
    with MisbehavingServer() as other:
        cut = "+".join(["cut-100000"] + ["cut-0"] * 9)
        sources = [address(server, "a", cut), address(other, "a", "good")]
        assert get(entry_of(content, sources, sha256=sha256_of(content)), cache).read_bytes() == content
        assert other.state.asked[0].headers["Range"] == "bytes=100000-"


def test_no_source_has_it(server: MisbehavingServer, cache: Path) -> None:
    content = content_of("a", SIZE)
    sources = [address(server, "a", "status-404"), address(server, "b", "wrong")]
    with pytest.raises(models.HTTPStatusError, match="any of its sources") as caught:
        get(entry_of(content, sources, sha256=sha256_of(content)), cache)
    assert len(caught.value.detail["tried"]) == 2
    assert "404" in str(caught.value)
    assert "SHA-256" in str(caught.value)
    assert left_in(cache / "m.gguf") == set()


def test_a_mirror_comes_first(server: MisbehavingServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"GGUF" * 100
    server.state.pages["/mirror/m.gguf"] = ("application/octet-stream", content)
    monkeypatch.setenv("GPT4ALL_MIRROR", server.url + "/mirror/")
    entry = entry_of(content, [address(server, "a", "status-404")], sha256=sha256_of(content))
    assert get(entry, cache).read_bytes() == content
    assert server.steps() == ["page"]


@pytest.mark.parametrize("page", [None, b"GGUX" * 100, b"short"])
def test_a_mirror_without_the_file_is_passed_over(server: MisbehavingServer, cache: Path, page: bytes | None) -> None:
    content = content_of("a", SIZE)
    if page:
        server.state.pages["/m.gguf"] = ("application/octet-stream", page)
    entry = entry_of(content, [address(server, "a", "good")], sha256=sha256_of(content))
    assert get(entry, cache, quick(mirror=server.url)).read_bytes() == content


def test_md5_is_enough_for_old_entries(server: MisbehavingServer, cache: Path) -> None:
    entry = entry_of(content_of("a", SIZE), [address(server, "a", "wrong")], md5="0" * 32)
    with pytest.raises(models.ChecksumError, match="MD5"):
        get(entry, cache)


# --------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "url",
    ["http://example.org/m.gguf", "http://192.0.2.1/m.gguf", "http://127.0.0.1.example.org/m.gguf",
     "http://localhost.example.org/m.gguf", "http://[2001:db8::1]/m.gguf", "http://me@example.org/m.gguf"],
)  # fmt: skip
def test_plain_http_to_others_is_refused(cache: Path, url: str) -> None:
    with pytest.raises(models.InsecureURLError, match="plain HTTP"):
        models.pull(url, settings=quick())


def test_a_program_may_refuse_addresses_also_of_redirects(server: MisbehavingServer, cache: Path) -> None:
    asked: list[str] = []

    def refuse(url: str) -> str | None:
        asked.append(url)
        return "it is elsewhere" if len(asked) > 1 else None

    with MisbehavingServer(state=server.state, listener="other_url") as other:
        server.state.other = other.url
        with pytest.raises(models.RedirectError, match="may not be used: it is elsewhere"):
            models.pull(f"{server.url}/f/10/away/m.gguf", settings=quick(refuse=refuse))
        assert asked == [f"{server.url}/f/10/away/m.gguf", *asked[1:]]
        assert asked[1].startswith(other.url)
        assert not [one for one in server.state.asked if one.listener == "other_url"]
    with pytest.raises(models.InsecureURLError, match="it is elsewhere"):
        models.pull(f"{server.url}/f/10/good/m.gguf", settings=quick(refuse=refuse))


@pytest.mark.parametrize(
    "location", ["http://192.0.2.1/m.gguf", "ftp://example.org", "file:///etc/passwd#", "https://", "http://["]
)
def test_redirects_to_bad_addresses(server: MisbehavingServer, cache: Path, location: str) -> None:
    server.state.other = location
    with pytest.raises(models.RedirectError):
        models.pull(f"{server.url}/f/10/away+away+away/m.gguf", settings=quick())


def test_the_name_is_never_the_servers(server: MisbehavingServer, cache: Path) -> None:
    server.state.other = server.url
    path = models.pull(f"{server.url}/f/10/away/m.gguf", settings=quick())
    assert path.name == "m.gguf"
    assert path.is_relative_to(cache / "models")


def test_secrets_stay_out_of_errors_and_files(server: MisbehavingServer, cache: Path) -> None:
    url = f"{server.url}/f/10/cut-5/m.gguf?token=topsecret"
    with pytest.raises(models.ConnectionFailedError) as caught:
        models.pull(url, settings=quick(retries=0))
    path = models.pull(url, settings=quick())
    texts = [str(caught.value), *(one.read_text("latin-1") for one in path.parent.rglob("*") if one.is_file())]
    assert not any("topsecret" in text for text in texts)
    assert redacted("https://me:pw@example.org:8443/a/b?x=1#y") == "https://example.org:8443/a/b?…"


def test_proxies_are_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy is asked for the whole address."""
    with MisbehavingServer() as proxy:
        proxy.state.pages["/m.gguf"] = ("application/octet-stream", b"by proxy")
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        path = models.pull("http://models.invalid/m.gguf", settings=quick(allow_http=True))
        assert path.read_bytes() == b"by proxy"
        assert proxy.state.asked[0].headers["Host"] == "models.invalid"
