"""Installing Python packages: what uv is told of pip's settings, and what is made of what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.common import Failure, NoNetwork
from ci.python_packages import failure, uv_variables


def test_pips_settings_are_uvs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_FIND_LINKS", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)
    settings = (
        ":env:.index-url='https://of.variable.example/simple'\n"
        "global.index-url='https://of.file.example/simple'\n"
        "global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'\n"
        ":env:.find-links='/wheels /more'\n"
        "global.timeout='60'\n"
    )
    assert uv_variables(settings) == {
        "UV_DEFAULT_INDEX": "https://of.variable.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
    }


def test_uvs_own_settings_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://of.uv.example/simple")
    assert uv_variables("global.index-url='https://of.file.example/simple'\n") == {}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("ERROR: Could not find a version that satisfies the requirement x==2 (from versions: none)", NoNetwork),
        ("WARNING: Retrying: Temporary failure in name resolution", NoNetwork),
        ("ERROR: Could not find a version that satisfies the requirement x==2 (from versions: 1.0)", Failure),
        ("error: Failed to fetch: `https://of.file.example/simple/x/`", NoNetwork),
        ("╰─▶ Because there is no version of x==2 and you require x==2, we can conclude that", Failure),
    ],
)
def test_pins_that_an_index_has_not_got_are_an_error(tmp_path: Path, said: str, kind: type[Failure]) -> None:
    log = tmp_path / "pip.log"
    log.write_text(said + "\n")
    found = failure("x", log)
    assert type(found) is kind
    assert said in str(found)
