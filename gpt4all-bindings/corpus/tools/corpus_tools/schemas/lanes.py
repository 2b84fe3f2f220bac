"""The lane of JSON Schemas: whether what their grammars admit is valid, be they the official suite's or others."""

from __future__ import annotations

import os
from pathlib import Path

from ci.build import build, directory
from ci.common import BUILD, ROOT, VENV_PYTHON, Failure, NoNetwork
from ci.steps import run_logged, tail
from ci.testing.lane import Lane, Settings
from ci.testing.reports import Outcome
from ci.testing.runners import LANE_SECONDS, library_variables, run_pytest

TOOLS = Path(__file__).resolve().parents[2]
SUITE = BUILD / "json-schema-suite"
LOG = BUILD / "logs" / "schemas.log"
NO_NETWORK = 4  # with which corpus_tools.schemas.suite ends


def _fetch() -> None:
    """Gets the official suite. Raises NoNetwork."""
    variables = {"PYTHONPATH": str(TOOLS)}
    command = [str(VENV_PYTHON), "-m", "corpus_tools.schemas.suite", str(SUITE)]
    LOG.unlink(missing_ok=True)
    code = run_logged(command, LOG, cwd=ROOT, variables=variables, timeout=LANE_SECONDS)
    if code == NO_NETWORK:
        raise NoNetwork(tail(LOG, 3))
    if code:
        raise Failure(f"the test suite of JSON Schema could not be read:\n{tail(LOG)}")


def _schemas(_: Settings) -> Outcome:
    build("release", ["llmodel", "walk_grammar"])
    variables = library_variables()
    variables["PYTHONPATH"] += os.pathsep + str(TOOLS)
    variables["GPT4ALL_JSON_SCHEMA_SUITE"] = str(SUITE)
    variables["GPT4ALL_WALK_GRAMMAR"] = str(directory("release") / "bin" / "walk_grammar")
    tests = TOOLS / "tests"
    names = ("real_world_schemas", "generated_schemas", "checked_schemas", "schema_keywords")
    more = [str(tests / f"test_{name}.py") for name in names]
    return run_pytest("schemas", tests / "test_schemas.py", variables, options=more)


LANES = {
    "schemas": Lane(
        "JSON Schemas, of the official suite, from practice and made up",
        _schemas,
        python=True,
        venv=_fetch,
        minutes=2,
        place=45,
        beside=True,
    )
}
