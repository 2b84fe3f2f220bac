"""The lane of the Java binding: formatter, compiler and tests, with the newest JDK that is installed."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ci.build import build, directory
from ci.common import BUILD, ROOT, Failure, NoNetwork, cache_root, file_lock, say
from ci.documentation.stand_ins import fill
from ci.packaging.java import stage_natives
from ci.packaging.jdk import NEEDED, Jdk, newest_jdk
from ci.setup import BUILD_TOOLS, Tool
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome, read_junit
from ci.testing.runners import LANE_SECONDS, LOGS, conformance_variables, last_word, library_variables

HERE = Path(__file__).resolve().parent
OUT = BUILD / "java"
JAR = f"gpt4all-{(ROOT / 'VERSION').read_text(encoding='ascii').strip()}.jar"
MODEL = cache_root() / "models" / "SmolLM2-135M-Instruct-Q4_1.gguf"
# What the lane starts ends before code that is compiled with all care has paid for itself. The programs of ProcessTest,
# which answer thousands of times, are left to compile as they will.
BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
UNREACHABLE = re.compile(r"Could not transfer|Unknown host|Connection (refused|reset|timed out)|Network is unreachable")


def _has_jdk() -> bool:
    jdk = newest_jdk()
    return jdk is not None and jdk.version >= NEEDED


def _variables() -> dict[str, str]:
    jdk = newest_jdk()
    assert jdk is not None, "the lane's tools include one"
    return {"JAVA_HOME": str(jdk.home), "MAVEN_OPTS": " ".join(BRIEF)}


def _maven(name: str, *arguments: str, variables: Mapping[str, str]) -> tuple[int, Path]:
    """Runs Maven, and returns how it ended and where its output is."""
    log = LOGS / f"{name}.log"
    log.unlink(missing_ok=True)
    command = ["mvn", "--batch-mode", "--no-transfer-progress", *arguments]
    code = run_logged(command, log, cwd=HERE, variables=variables, progress=last_word, timeout=LANE_SECONDS)
    return code, log


def ensure_packages() -> None:
    """Fetches the plugins and libraries that the build names, so that it needs no network afterwards.

    Raises NoNetwork if they cannot be had.
    """
    poms = sorted(HERE.glob("**/pom.xml"))
    wanted = hashlib.sha256(b"".join(pom.read_bytes() for pom in poms)).hexdigest()
    stamp = OUT / ".fetched"
    with file_lock(BUILD / ".java.lock", "the Java packages"):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        say("      fetching Maven's plugins and the libraries")
        # Maven resolves what runs tests only when there are some to run.
        options = ("-Dtest=SchemasTest", "-Dsurefire.failIfNoSpecifiedTests=false")
        code, log = _maven("java-packages", "spotless:check", "verify", *options, variables=_variables())
        if code and UNREACHABLE.search(log.read_text(encoding="utf-8", errors="replace")):
            raise NoNetwork(f"Maven could not fetch what the Java binding needs; the end of {log}:\n{tail(log, 6)}")
        if code == 0:
            stamp.write_text(wanted, encoding="ascii")


def _java(_: Settings) -> Outcome:
    build("release", ["llmodel"])
    jdk = newest_jdk()
    assert jdk is not None, "the lane's tools include one"
    say(f"      with JDK {jdk.version}, {jdk.home}")
    for report in OUT.glob("*/surefire-reports/*.xml"):
        report.unlink()
    variables = {**library_variables(), **conformance_variables("java"), **_variables()}
    natives = f"-Dgpt4all.natives={stage_natives(directory('release') / 'bin')}"
    code, log = _maven("java", "--offline", "--fail-at-end", natives, "spotless:check", "verify", variables=variables)
    outcome = Outcome()
    for report in sorted(OUT.glob("*/surefire-reports/TEST-*.xml")):
        outcome += read_junit(report)
    if not outcome.failed:
        outcome.check("formatter, compiler and tests of the Java binding", f"{tail(log, 40)}" if code else "")
    _declarations(outcome)
    outcome.check("the benchmark compiles", _benchmark(jdk))
    _examples(jdk, outcome)
    return outcome


def _examples(jdk: Jdk, outcome: Outcome) -> None:
    """Runs the programs of the README and of the documentation with the jar."""
    if not MODEL.is_file():
        outcome.skipped.append(("examples", f"{MODEL} is not there"))
        return
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```java\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    examples = {match[1]: block for block in blocks if (match := re.search(r"public class (\w+)", block))}
    outcome.check("the README has examples", "" if "Main" in examples else f"there are {list(examples)}")
    class_path = ["--enable-native-access=ALL-UNNAMED", "--class-path"]
    module_path = ["--enable-native-access=io.gpt4all", "--add-modules=io.gpt4all", "--module-path"]
    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch)
        fill(models, MODEL)
        for name, options in {"on the class path": class_path, "on the module path": module_path}.items():
            for program, code in examples.items():
                wrong = _pasted(jdk, options, program, code, models)
                outcome.check(f"the README's {program} runs {name} of an empty project", wrong)
        for path in sorted((ROOT / "docs" / "examples" / "java").glob("*.java")):
            code = path.read_text(encoding="utf-8")
            wrong = _pasted(jdk, class_path, path.stem, code, models, unpacks=False)
            outcome.check(f"docs/examples/java/{path.name} runs", wrong)


def _benchmark(jdk: Jdk) -> str:
    """Compiles the program that `make bench` reads streams with. Returns what went wrong."""
    path = f"{OUT / 'gpt4all' / 'classes'}{os.pathsep}{OUT / 'gpt4all' / 'libraries'}/*"
    program = HERE.parent / "benchmarks" / "WorkerStreams.java"
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            str(jdk.home / "bin" / "javac"),
            "-Xlint:all,-restricted",
            "-Werror",
            "-d",
            scratch,
            "-cp",
            path,
            str(program),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def _pasted(jdk: Jdk, options: list[str], program: str, code: str, models: Path, *, unpacks: bool = True) -> str:
    """Runs a program with the jar and what it needs, in a folder where there is nothing else, and with these models.

    unpacks: whether it needs the library, which the jar unpacks. Returns what went wrong. Neither the checkout nor a
    compiler of C can be found from there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        project, libraries, cache = (Path(scratch, name) for name in ("project", "libraries", "cache"))
        for folder in (project, libraries, cache):
            folder.mkdir()
        (project / f"{program}.java").write_text(code, encoding="utf-8")
        (cache / "models").symlink_to(models)
        # without those of sources and documentation, which `make jar` leaves there
        for jar in ((OUT / "gpt4all" / JAR), *(OUT / "gpt4all" / "libraries").glob("*.jar")):
            shutil.copy(jar, libraries)
        path = str(libraries) if options[-1] == "--module-path" else f"{libraries}/*"
        command = [str(jdk.home / "bin" / "java"), *BRIEF, *options, path, f"{program}.java"]
        environment = {"HOME": scratch, "GPT4ALL_CACHE": str(cache), "PATH": "/nonexistent", "LANG": "C.UTF-8"}
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        unpacked = sorted(path.name for path in cache.glob("native/*/libllmodel.so"))
    if done.returncode or done.stderr or len(done.stdout) < 20 or (unpacks and unpacked != ["libllmodel.so"]):
        return f"{done.returncode}, {unpacked}\n{done.stdout}\n{done.stderr}"
    return ""


def _declarations(outcome: Outcome) -> None:
    """Compares what the tests found declared with the header, and whether that would find a mistake."""
    path = OUT / "gpt4all" / "declarations.json"
    if not path.is_file():
        raise Failure(f"the tests wrote no {path}")
    outcome.check("declarations are as in the header", _compare(path))
    declared = json.loads(path.read_text(encoding="utf-8"))
    defects: dict[str, Callable[[Any], object]] = {
        "a parameter too few": lambda one: one["functions"]["llmodel_next"]["parameters"].pop(),
        "a member of another width": lambda one: one["structs"]["llmodel_event"].__setitem__(1, ["index", "i64"]),
        "a function that is missing": lambda one: one["functions"].pop("llmodel_cancel"),
        "an enum with another number": lambda one: one["enums"]["llmodel_status"].update(cancelled=12),
    }
    for name, plant in defects.items():
        defect = copy.deepcopy(declared)
        plant(defect)
        planted = path.with_name("planted.json")
        planted.write_text(json.dumps(defect), encoding="utf-8")
        outcome.check(f"{name} is found", "" if _compare(planted) else "it was not")


def _compare(path: Path) -> str:
    python = BUILD / "venv" / "bin" / "python"
    command = [str(python), "-m", "generate", "--compare", str(path)]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise Failure(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return (done.stdout + done.stderr) if done.returncode else ""


JDK = Tool(
    "",
    _has_jdk,
    by_hand=f"there is no JDK {NEEDED} or newer; install one into /usr/lib/jvm, or name its folder in JAVA_HOME",
)
MAVEN = Tool("maven", lambda: any(Path(folder, "mvn").is_file() for folder in os.environ["PATH"].split(os.pathsep)))

LANES = {
    "java": Lane(
        "the Java binding",
        _java,
        tools=[*BUILD_TOOLS, JDK, MAVEN],
        python=True,
        model=True,
        venv=ensure_packages,
        minutes=4,
        place=55,
        beside=True,
    )
}
