"""Which sources clang-tidy looks at for a change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ci import files, tidy
from ci.common import ROOT


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


TIDY = """
from pathlib import Path
from ci import files, tidy
from ci.common import run_main
for module in (files, tidy):
    module.ROOT = Path.cwd()
tidy.BUILD = Path("build")
run_main("tidy", tidy.check_clang_tidy)
"""


def test_being_ended_leaves_out_what_is_left(repository: Repository) -> None:
    root = repository.root
    names = [f"x{number}.cpp" for number in range(2 * (os.cpu_count() or 1) + 1)]
    repository.commit(**{name.replace(".", "_"): "" for name in names})
    (root / "build" / "tidy").mkdir(parents=True)
    entries = [{"file": str(root / name), "command": "c++"} for name in names]
    (root / "build" / "tidy" / "compile_commands.json").write_text(json.dumps(entries))
    program = root / tidy.CLANG_TIDY
    program.write_text("#!/bin/sh\necho $$ >> pids\nexec sleep 60\n")
    program.chmod(0o755)
    variables = {"PYTHONPATH": str(ROOT), "PATH": f"{root}{os.pathsep}{os.environ['PATH']}", "GPT4ALL_CACHE": str(root)}
    running = subprocess.Popen([sys.executable, "-c", TIDY], cwd=root, env={**os.environ, **variables})
    pids = root / "pids"
    deadline = time.monotonic() + 60
    while not (pids.is_file() and pids.read_text().strip()):
        assert time.monotonic() < deadline, "nothing was started"
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 128 + signal.SIGTERM
    started = pids.read_text().split()
    assert len(started) <= (os.cpu_count() or 1)
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
