#!/usr/bin/env python3
"""Many downloads from a server that misbehaves at random: no wrong file, and no .part that a later run cannot use.

Each download of a trial is done by a process of its own, some of which are killed, and some of which meet others that
fetch the same file. Then the server behaves, and the file must come, right and alone. The same seed does the same.

    python soak_downloads.py --count 1000 --seed 1

Prints what happened, and one line that ends in "ok" or tells what went wrong.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "catalogue"))

from misbehaving_server import content_of

from gpt4all import CancellationError, models
from gpt4all.models import _download  # noqa: F401 - here, so that children are killed in downloads, not in imports
from models_helpers import QUICK, left_in, sha256_of

SERVER = Path(__file__).resolve().parents[2] / "catalogue" / "misbehaving_server.py"
NUMBERED = ("cut", "reset", "stall", "chunkcut")
HARMLESS = (
    "good", "slow", "hangup", "garbage", "norange", "badstart", "badtotal", "shifted", "norangeheader", "shortrange",
    "refuse", "chunked", "gzip", "weak", "status-500", "status-503", "status-404", "wait-0", *NUMBERED, *NUMBERED,
)  # fmt: skip
"""What never makes a file wrong that nothing is known of."""
HARMFUL = ("partial200", "lyingstart", "wrong", "truncated", "extended", "overlong")
"""What only a size or a hash tells from the right answer."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """One file: what the server does to it, what is known of it, and what becomes of the processes that fetch it."""

    number: int
    size: int
    script: str
    knowledge: str  # "hash", "hub" or "nothing"
    runs: tuple[str, ...]  # "plain", "kill" (after so many ms), "pair", "cancel"


def trial_of(seed: int, number: int) -> Trial:
    """The trial of that number; the same for the same seed."""
    dice = random.Random(f"{seed} {number}")
    size = dice.choice([0, 1, 100, 5_000, 70_000, 200_000, dice.randrange(300_000)])
    knowledge = dice.choice(["hash", "hub", "nothing"])
    kinds = (
        HARMLESS
        + (HARMFUL if knowledge != "nothing" else ())
        + (("change", "changeblind") if knowledge != "hash" else ())
    )
    steps = [dice.choice(kinds) for _ in range(dice.randrange(1, 12))]
    steps = [f"{step}-{dice.randrange(size + 1)}" if step in NUMBERED else step for step in steps]
    kill = f"kill-{dice.randrange(80)}"
    runs = tuple(dice.choice(["plain", "pair", "cancel", kill, kill]) for _ in range(dice.randrange(1, 4)))
    return Trial(number, size, "+".join(steps), knowledge, runs)


class Attempt:
    """Fetching a trial's file, as often as it takes."""

    def __init__(self, trial: Trial, server: str, folder: Path) -> None:
        self.trial = trial
        self.server = server
        self.name = f"t{trial.number}"
        self.path = folder / self.name / "m.gguf"
        self.problems: list[str] = []
        self.outcomes: collections.Counter[str] = collections.Counter()

    def fetch(self, progress: Any = None, stall_seconds: float = 0.3) -> None:
        """One download, in this process."""
        trial = self.trial
        settings = models.Settings(**{**QUICK, "hub_endpoint": self.server, "stall_seconds": stall_seconds})
        below = f"{trial.size}/{trial.script}/m.gguf"
        address = f"{self.server}/{self.name}/{below}"
        if trial.knowledge == "hub":
            address = f"hf://soak/{self.name}/{below}"
        sha256 = sha256_of(content_of(self.name, trial.size)) if trial.knowledge == "hash" else None
        models.download(address, self.path, sha256=sha256, progress=progress, settings=settings)

    def run(self) -> None:
        """All runs of the trial, and the last one, which must succeed."""
        for run in self.trial.runs:
            children = [self._child(run) for _ in range(2 if run == "pair" else 1)]
            if run.startswith("kill"):
                time.sleep(int(run.partition("-")[2]) / 1000)
                os.kill(children[0], signal.SIGKILL)
            for child in children:
                self._note(os.waitpid(child, 0)[1])
            self._check_file(f"after {run}")
        with urllib.request.urlopen(f"{self.server}/calm/{self.name}") as answer:
            answer.read()
        try:
            self.fetch(stall_seconds=30)  # the machine may be busy, and that is not the server's fault
        except Exception as error:
            self.problems.append(f"the server behaves, and yet: {type(error).__name__}: {error}")
            return
        self._check_file("at the end", must_be_there=True)
        # One that was killed between giving the file its name and clearing up leaves the description of a .part
        # that is no more. The file is there, and prune() removes it.
        if left := left_in(self.path) - ({"m.gguf.part.json"} if self.outcomes["killed"] else set()):
            self.problems.append(f"left behind: {left}")

    def _child(self, run: str) -> int:
        child = os.fork()
        if child:
            return child
        code = 99
        try:
            self.fetch((lambda now: now.done_bytes < self.trial.size / 2) if run == "cancel" else None)
            code = 0
        except CancellationError:
            code = 1
        except models.DownloadError as error:
            code = 10 + KINDS.index(type(error))
        except BaseException as error:
            print(f"{self.trial}: {type(error).__name__}: {error}", file=sys.stderr)
        finally:
            os._exit(code)

    def _note(self, status: int) -> None:
        if os.WIFSIGNALED(status):
            self.outcomes["killed"] += 1
            return
        code = os.WEXITSTATUS(status)
        if code == 99:
            self.problems.append("an error that is none of ours")
        names = {0: "fetched", 1: "cancelled"}
        self.outcomes[names.get(code) or (KINDS[code - 10].__name__ if code != 99 else "unknown error")] += 1

    def _check_file(self, when: str, *, must_be_there: bool = False) -> None:
        if not self.path.exists():
            if must_be_there:
                self.problems.append(f"{when}: no file")
            return
        found = self.path.read_bytes()
        versions = range(1 + (0 if self.trial.knowledge == "hash" else self.trial.script.count("change")))
        if all(found != content_of(self.name, self.trial.size, version) for version in versions):
            self.problems.append(f"{when}: a wrong file of {len(found)} bytes")


KINDS: list[type[models.DownloadError]] = [
    one for one in vars(models).values() if isinstance(one, type) and issubclass(one, models.DownloadError)
]


def attempt(trial: Trial, server: str, folder: str) -> tuple[Trial, dict[str, int], list[str]]:
    """What a worker does."""
    one = Attempt(trial, server, Path(folder))
    one.run()
    return trial, dict(one.outcomes), one.problems


def soak(count: int, seed: int, workers: int) -> tuple[dict[str, Any], list[str]]:
    """Runs that many trials. Returns what happened, and what went wrong."""
    started = time.monotonic()
    outcomes: collections.Counter[str] = collections.Counter()
    problems: list[str] = []
    command = [sys.executable, str(SERVER)]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-"))
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        server = json.loads(process.stdout.readline())["url"]
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            trials = [trial_of(seed, number) for number in range(count)]
            for trial, found, wrong in pool.map(attempt, trials, [server] * count, [folder] * count):
                outcomes.update(found)
                problems += [f"{trial}: {one}" for one in wrong]
        with urllib.request.urlopen(f"{server}/stats") as answer:
            stats = json.load(answer)
    summary = {
        "downloads": count,
        "seed": seed,
        "runs": sum(outcomes.values()) + count,
        "outcomes": dict(sorted(outcomes.items())),
        "requests": sum(stats["steps"].values()),
        "range_requests": stats["ranges"],
        "misbehaved": sum(number for step, number in stats["steps"].items() if step != "good"),
        "seconds": round(time.monotonic() - started, 1),
    }
    return summary, problems


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4)
    arguments = parser.parse_args()
    summary, problems = soak(arguments.count, arguments.seed, arguments.workers)
    print(json.dumps(summary))
    for problem in problems:
        print(problem)
    print(f"{arguments.count} downloads, {summary['misbehaved']} misbehaviours, {len(problems)} problems: "
          + ("FAILED" if problems else "ok"))  # fmt: skip
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
