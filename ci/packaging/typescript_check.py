"""Installs the npm packages into empty projects, and runs the README's first example there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.build import ccache_variables
from ci.common import cache_root
from ci.documentation.stand_ins import fill
from ci.packaging.typescript import BINDING, npm_pack, pack
from ci.testing.reports import Outcome

MODEL = cache_root() / "models" / "SmolLM2-135M-Instruct-Q4_1.gguf"
SECONDS = 600
DEVICES = 'require("gpt4all").devices().then((all) => console.log(JSON.stringify(all)));'
PROGRAMS = ("node", "npm", "sh")  # what npm needs in order to install: no compiler, and no Python for node-gyp


def first_example() -> str:
    """The first program of the README."""
    readme = (BINDING / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```typescript\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def as_commonjs(code: str) -> str:
    """The same program for Node's older kind of module, which has neither `import` nor `await` outside functions."""
    imports = re.compile(r'^import (\{.*?\}) from "(\S+)";$', re.MULTILINE)
    required = [f'const {names} = require("{module}");' for names, module in imports.findall(code)]
    return "\n".join([*required, "(async () => {", imports.sub("", code), "})();", ""])


class Project:
    """An empty project outside the checkout, with a home folder and a cache of its own."""

    def __init__(self, scratch: Path, packages: Sequence[Path], variables: Mapping[str, str]) -> None:
        """variables: of the environment, in which there is nothing of ours."""
        self.folder, cache = scratch / "project", scratch / "cache"
        self.folder.mkdir(parents=True)
        if MODEL.is_file():
            fill(cache / "models", MODEL)  # with a short context: answers may go on until it is full
        self._variables = {"HOME": str(scratch), "GPT4ALL_CACHE": str(cache), "LANG": "C.UTF-8", **variables}
        self._packages = [str(package) for package in packages]
        (self.folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a program there."""
        return subprocess.run(
            [shutil.which(command[0]) or command[0], *command[1:]],
            cwd=self.folder, env=self._variables, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip

    def install(self) -> subprocess.CompletedProcess[str]:
        """Installs the packages, without a network."""
        return self.run("npm", "install", "--offline", "--no-audit", "--no-fund", *self._packages)

    def example(self, name: str, code: str) -> str:
        """Runs a program. Returns what went wrong."""
        (self.folder / name).write_text(code, encoding="utf-8")
        done = self.run("node", name)
        wrong = done.returncode or done.stderr or len(done.stdout) < 20
        return f"{done.returncode}\n{done.stdout}\n{done.stderr}" if wrong else ""


def _output(done: subprocess.CompletedProcess[str]) -> str:
    return f"npm ended with {done.returncode}\n{done.stdout}\n{done.stderr}"


def _dependencies(into: Path) -> list[Path]:
    """What the main package depends on, packed from what is installed in the checkout."""
    names = json.loads((BINDING / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return [npm_pack(BINDING / "node_modules" / name, into) for name in names]


def _ccache_folder() -> str:
    command = ["ccache", "--get-config", "cache_dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def check_installation(outcome: Outcome, library_folder: Path) -> None:
    """Installs both packages, and the main package alone with and without a compiler."""
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        main, platform = pack(library_folder, scratch)
        others = _dependencies(scratch)
        programs = scratch / "bin"
        programs.mkdir()
        for name in PROGRAMS:
            programs.joinpath(name).symlink_to(Path(shutil.which(name) or name).resolve())
        without_compiler = {"PATH": str(programs)}

        project = Project(scratch / "both", [main, platform, *others], without_compiler)
        done = project.install()
        outcome.check("the npm packages install without a compiler", _output(done) if done.returncode else "")
        if done.returncode == 0:
            _examples(outcome, project)

        done = Project(scratch / "none", [main, *others], without_compiler).install()
        told = "the addon could not be compiled" in done.stderr and "is not installed" in done.stderr
        outcome.check(
            "npm says why the main package alone cannot be installed without a compiler",
            "" if done.returncode and told else _output(done),
        )

        compiler = {"CXX": f"ccache {os.environ.get('CXX', 'c++')}", **ccache_variables()}
        compiler |= {"CCACHE_BASEDIR": str(scratch), "CCACHE_DIR": _ccache_folder()}  # not that of the project's home
        variables = {"PATH": os.environ["PATH"], "GPT4ALL_LIBRARY": str(library_folder), **compiler}
        project = Project(scratch / "alone", [main, *others], variables)
        done = project.install()
        built = (project.folder / "node_modules/gpt4all/build/Release/gpt4all.node").is_file()
        outcome.check(
            "the main package alone compiles the addon", "" if built and done.returncode == 0 else _output(done)
        )
        outcome.check("the addon that was compiled loads the library", project.example("main.cjs", DEVICES))


def _examples(outcome: Outcome, project: Project) -> None:
    code = first_example()
    kinds = {"ESM": ("main.mjs", code), "CommonJS": ("main.cjs", as_commonjs(code))}
    for kind, (file, program) in kinds.items():
        name = f"the README's first example runs as {kind} with the npm packages"
        if MODEL.is_file():
            outcome.check(name, project.example(file, program))
        else:
            outcome.skipped.append((name, f"{MODEL} is not there"))
