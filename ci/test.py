"""`make test`: every lane, some of them side by side. The last line is `N passed, N failed, N skipped`."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ci.common import LABEL, Failure, MissingTool, NoNetwork, in_words, run_main, say
from ci.steps import end_all, remember, remembered
from ci.testing.discover import find_lanes
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import processors

SHOWN_LINES = 80


def expected(name: str, lane: Lane) -> float:
    """Seconds that a lane will likely take."""
    return remembered(f"lane-{name}") or lane.minutes * 60


def run_lane(name: str, lane: Lane, settings: Settings, required: bool) -> Outcome:
    """Runs one lane. Needs that cannot be met skip it, unless it is required; anything else that is raised fails it."""
    try:
        lane.prepare()
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


def side_by_side(lanes: Sequence[tuple[str, Lane]]) -> list[list[tuple[str, Lane]]]:
    """The lanes in groups that run at the same time: those that come one after another and say that they may."""
    groups: list[list[tuple[str, Lane]]] = []
    for name, lane in lanes:
        if lane.beside and groups and groups[-1][0][1].beside:
            groups[-1].append((name, lane))
        else:
            groups.append([(name, lane)])
    return groups


def run_group(
    group: Sequence[tuple[str, Lane]], settings: Settings, required: Sequence[str]
) -> list[tuple[str, Outcome, float]]:
    """Runs lanes at the same time, and says how each ended as soon as it has. Ctrl-C ends them all.

    No more than there are processors, and one for those that wait for a disk or a network; the longest first, so that
    none is left alone at the end.
    """
    lock = threading.Lock()

    def run(name: str, lane: Lane) -> tuple[str, Outcome, float]:
        if len(group) > 1:
            LABEL.set(f"{name}: ")
        start = time.monotonic()
        outcome = run_lane(name, lane, settings, name in required)
        took = time.monotonic() - start
        with lock:
            describe(outcome, took)
        return name, outcome, took

    if len(group) == 1:
        return [run(*group[0])]
    longest_first = sorted(group, key=lambda item: -expected(*item))
    with ThreadPoolExecutor(processors() + 1) as pool:
        waiting = {name: pool.submit(run, name, lane) for name, lane in longest_first}
        try:
            return [waiting[name].result() for name, _ in group]
        except BaseException:
            end_all()
            raise


def _names(text: str, lanes: Mapping[str, Lane]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in lanes]:
        raise Failure(f"no such lane: {', '.join(unknown)}; the lanes are {', '.join(lanes)}")
    return names


def chosen_lanes(text: str, lanes: Mapping[str, Lane]) -> list[str]:
    """The lanes that a text such as "native,python" names; those that are not optional, if it only leaves some out, as
    "-wheel,-fuzz" does. Raises Failure if there is no such lane."""
    given = [name.strip() for name in text.split(",")]
    left_out = _names(",".join(name[1:] for name in given if name.startswith("-")), lanes)
    named = _names(",".join(name for name in given if not name.startswith("-")), lanes)
    usually = [name for name, lane in lanes.items() if not lane.optional]
    return [name for name in named or usually if name not in left_out]


def _time_left(lanes: Sequence[tuple[str, Lane]], with_all: bool) -> str:
    first = in_words(expected(*lanes[0]))
    whole = sum(expected(name, lane) for name, lane in lanes)
    return f"{first}, {in_words(whole)} with all that follow" if with_all else first


def show_lanes(lanes: Mapping[str, Lane]) -> None:
    """Lists all lanes, and why `make test` leaves some out if none is named."""
    for name, lane in lanes.items():
        left_out = f"\n{'':15}not run unless named: {lane.optional}" if lane.optional else ""
        print(f"{name:14} {lane.title}, {in_words(lane.minutes * 60)} with nothing built{left_out}")


def main() -> int:
    """Reads the command line."""
    lanes = find_lanes()
    usually = [name for name, lane in lanes.items() if not lane.optional]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lanes",
        default="",
        help=f"of {','.join(lanes)}; else {','.join(usually)}. A - before a name leaves it out: --lanes=-wheel,-fuzz",
    )
    parser.add_argument("--list", action="store_true", help="say which lanes there are, and run none")
    parser.add_argument("--fuzz-seconds", type=int, default=Settings.fuzz_seconds, help="for all fuzz targets together")
    parser.add_argument("--fuzz-runs", type=int, default=Settings.fuzz_runs, help="inputs for each, instead of a time")
    parser.add_argument("--fuzz-targets", default="", help="names of fuzz targets, with commas between; else all")
    parser.add_argument("--mutations", type=int, default=Settings.mutations, help="how many mutated files to try")
    arguments = parser.parse_args()
    if arguments.list:
        show_lanes(lanes)
        return 0
    names = chosen_lanes(arguments.lanes, lanes)
    required = _names(os.environ.get("GPT4ALL_REQUIRE", ""), lanes)
    chosen = [(name, lanes[name]) for name in names]
    settings = Settings(
        fuzz_seconds=arguments.fuzz_seconds,
        fuzz_runs=arguments.fuzz_runs,
        fuzz_targets=tuple(filter(None, arguments.fuzz_targets.split(","))),
        mutations=arguments.mutations,
    )
    usual = settings == Settings()  # else what earlier runs took says nothing about this one, nor this one about later

    begin = time.monotonic()
    rows: list[tuple[str, Outcome, float]] = []
    number = 0
    for group in side_by_side(chosen):
        for name, lane in group:
            number += 1
            title = f"[{number}/{len(chosen)}] {name}: {lane.title}"
            say(f"{title} (about {_time_left(chosen[number - 1 :], number == 1)})" if usual else title)
        rows += run_group(group, settings, required)
    total = Outcome()
    for name, outcome, took in rows:
        if usual and outcome.passed and not outcome.failed:
            remember(f"lane-{name}", took)
        total += outcome

    say("")
    for name, outcome, took in rows:
        say(f"{name:13} {outcome!s:45} {in_words(took):>12}")
    for name, lane in lanes.items():
        if lane.optional and not arguments.lanes:
            say(f"not run: {name}, {lane.title}: {lane.optional} (make test LANES={name})")
    say(f"in all {in_words(time.monotonic() - begin)}")
    print(total, flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(run_main("make test", main))
