"""Which sources clang-tidy looks at for a change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ci import files, tidy


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
        command = ["git", *identity, "-C", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, **contents: str) -> str:
        for name, text in contents.items():
            (self.root / name.replace("_", ".")).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for module in (files, tidy):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.delenv(tidy.BASE, raising=False)
    return Repository(tmp_path)


def test_the_base_is_where_the_branch_left_main(repository: Repository) -> None:
    left = repository.commit(a_cpp="1")
    repository.git("switch", "-q", "-c", "work")
    repository.commit(a_cpp="2")
    assert tidy.base_of_change() == left


def test_the_base_on_main_is_the_last_tag_if_it_is_near(repository: Repository) -> None:
    first = repository.commit(a_cpp="1")
    assert tidy.base_of_change() == first
    repository.git("tag", "v1")
    repository.commit(a_cpp="2")
    assert tidy.base_of_change() == "v1"
    for number in range(3, 4 + tidy.COMMITS):
        repository.commit(a_cpp=str(number))
    assert tidy.base_of_change() == repository.git("rev-parse", f"HEAD~{tidy.COMMITS}")


def test_a_base_may_be_named(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tidy.BASE, "v9")
    assert tidy.base_of_change() == "v9"


def test_what_changed_last_comes_first(repository: Repository) -> None:
    base = repository.commit(a_cpp="1", b_cpp="1", c_cpp="1", d_cpp="1")
    repository.commit(a_cpp="2")
    repository.commit(b_cpp="2")
    (repository.root / "c.cpp").write_text("2")
    (repository.root / "e.cpp").write_text("1")
    assert tidy.changed_files(base) == ["c.cpp", "e.cpp", "b.cpp", "a.cpp"]


def test_a_header_brings_a_source_that_includes_it(repository: Repository) -> None:
    repository.commit(a_cpp='#include "x.h"\n', x_cpp='#include "x.h"\n', y_cpp='#include "y/z.h"\n', z_md="")
    assert tidy.concerned(["x.h", "z.md"]) == ["x.cpp"]
    assert tidy.concerned(["z.h", "a.cpp"]) == ["y.cpp", "a.cpp"]
    assert tidy.concerned(["unknown.h"]) == []


def test_a_source_is_looked_at_again_when_a_header_that_it_reads_has_changed(repository: Repository) -> None:
    headers = ["deep/b.h", "a.h", "unused.h", "other/b.hpp"]
    (repository.root / "deep").mkdir()
    (repository.root / "deep" / "b.h").write_text("#include <vector>\n")
    (repository.root / "a.h").write_text('  #  include "../deep/b.h"\n#include "a.h"\n')
    (repository.root / "unused.h").write_text("")
    (repository.root / "x.cpp").write_text('#include <string>\n#include "a.h"\nint unused;\n')
    assert tidy.with_headers("x.cpp", headers) == ["x.cpp", "a.h", "deep/b.h"]
