"""`make test`: every lane, one after another. The last line is `N passed, N failed, N skipped`."""

from __future__ import annotations

import argparse
import os
import sys
import time

from ci.common import Failure, MissingTool, NoNetwork, in_words, run_main, say
from ci.lanes import DEFAULT_LANES, LANES, Lane, Settings, prepare
from ci.setup import ensure_tools
from ci.steps import remember, remembered
from ci.testing.reports import Outcome

SHOWN_LINES = 80


def expected(name: str) -> float:
    """Seconds that a lane will likely take."""
    return remembered(f"lane-{name}") or LANES[name].minutes * 60


def run_lane(name: str, lane: Lane, settings: Settings, required: bool) -> Outcome:
    """Runs one lane. Needs that cannot be met skip it, unless it is required; anything else that is raised fails it."""
    try:
        ensure_tools(lane.tools)
        prepare(lane)
    except (MissingTool, NoNetwork) as failure:
        if required:
            return Outcome(failed=[(name, f"is required by GPT4ALL_REQUIRE and cannot run: {failure}")])
        return Outcome(skipped=[(name, str(failure))])
    except (Failure, OSError) as failure:
        return Outcome(failed=[(name, str(failure))])
    try:
        return lane.run(settings)
    except (Failure, OSError) as failure:
        return Outcome(failed=[(name, str(failure))])


def describe(outcome: Outcome, took: float) -> None:
    """Says how a lane ended: counts, a reason for each skip, the text of each failure."""
    say(f"      {outcome}, in {in_words(took)}")
    for name, reason in outcome.skipped:
        say(f"      skipped {name}: {reason}")
    for name, text in outcome.failed:
        lines = text.splitlines()
        say(f"      FAILED {name}")
        for line in lines[:SHOWN_LINES]:
            say("        " + line)
        if len(lines) > SHOWN_LINES:
            say(f"        … and {len(lines) - SHOWN_LINES} lines more")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in LANES]:
        raise Failure(f"no such lane: {', '.join(unknown)}; there are {', '.join(LANES)}")
    return names


def _time_left(names: list[str], with_all: bool) -> str:
    first = in_words(expected(names[0]))
    return f"{first}, {in_words(sum(map(expected, names)))} with all that follow" if with_all else first


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lanes", default="", help=f"of {','.join(LANES)}; else {','.join(DEFAULT_LANES)}")
    parser.add_argument("--fuzz-seconds", type=int, default=Settings.fuzz_seconds, help="for all fuzz targets together")
    parser.add_argument("--fuzz-runs", type=int, default=Settings.fuzz_runs, help="inputs for each, instead of a time")
    parser.add_argument("--fuzz-targets", default="", help="names of fuzz targets, with commas between; else all")
    parser.add_argument("--mutations", type=int, default=Settings.mutations, help="how many mutated files to try")
    arguments = parser.parse_args()
    names = _names(arguments.lanes) or list(DEFAULT_LANES)
    required = _names(os.environ.get("GPT4ALL_REQUIRE", ""))
    settings = Settings(
        fuzz_seconds=arguments.fuzz_seconds,
        fuzz_runs=arguments.fuzz_runs,
        fuzz_targets=tuple(filter(None, arguments.fuzz_targets.split(","))),
        mutations=arguments.mutations,
    )
    usual = settings == Settings()  # else what earlier runs took says nothing about this one, nor this one about later

    begin = time.monotonic()
    rows: list[tuple[str, Outcome, float]] = []
    total = Outcome()
    for number, name in enumerate(names, 1):
        title = f"[{number}/{len(names)}] {name}: {LANES[name].title}"
        say(f"{title} (about {_time_left(names[number - 1 :], number == 1)})" if usual else title)
        start = time.monotonic()
        outcome = run_lane(name, LANES[name], settings, name in required)
        took = time.monotonic() - start
        describe(outcome, took)
        if usual and outcome.passed and not outcome.failed:
            remember(f"lane-{name}", took)
        rows.append((name, outcome, took))
        total += outcome

    say("")
    for name, outcome, took in rows:
        say(f"{name:10} {outcome!s:45} {in_words(took):>12}")
    say(f"in all {in_words(time.monotonic() - begin)}")
    print(total, flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(run_main("make test", main))
