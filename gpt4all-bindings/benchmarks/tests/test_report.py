"""What the page says of numbers that are made up."""

from __future__ import annotations

from typing import Any

import bench
import instruction_sets
import report
import tables
import weights_page
from questions import Recorder


def results(values: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    asked = {instruction_sets.question(name, "Intel"): {"values": values} for name in ("AVX2", "AVX-512")}
    return {"questions": asked, "settings": {"n_prompt": 512, "n_gen": 128}}


def section(title: str, found: dict[str, Any]) -> list[str]:
    spec = next(table for table in report.TABLES if table.title == title)
    return list(report.table(found, spec, {}))


def test_columns_without_a_number_are_left_out() -> None:
    lines = section(
        "Weights of each type with AVX2, Intel: decoding",
        results(
            {
                "AVX2 decode Q4_0": {tables.C_API: [20.0, 30.0], tables.LIMIT: [40.0, 40.0]},
                "AVX2 decode Q8_0": {tables.LIMIT: [22.0]},
            }
        ),
    )
    rows = [line for line in lines if line.startswith("|")]
    assert rows == [
        "| | Q4_0 | Q8_0 |",
        "| --- | ---: | ---: |",
        "| libllmodel, C API | **25.0** (20.0 to 30.0) × 0.62 | – |",
        "| what the machine allows | **40.0** (40.0 to 40.0) | **22.0** (22.0 to 22.0) |",
    ]


def test_targets_say_honestly_what_is_reached() -> None:
    found = results(
        {
            "AVX-512 prompt Q4_0": {tables.C_API: [400.0], tables.BENCH: [150.0], tables.IK: [380.0]},
            "AVX2 decode Q4_0": {tables.C_API: [32.0], tables.LIMIT: [40.0]},
        }
    )
    assert [line for line in report.targets(found) if "Q4_0" in line] == [
        "| Q4_0 with AVX-512, Intel, prompts of 256 tokens, compared with llama-bench | 2.00 | 2.667 | yes |",
        "| Q4_0 with AVX-512, Intel, prompts of 256 tokens, compared with ik_llama.cpp | 1.10 | 1.053 | **no**, * |",
        "| Q4_0 with AVX2, Intel, decoding, compared with what the machine allows | 0.80 | 0.800 | yes |",
    ]
    assert sum("decisions/0022-products-of-our-own.md" in line for line in report.targets(found)) == 1


def test_every_target_is_of_a_column_that_is_shown() -> None:
    shown = {(column.question, column.measure) for table in weights_page.TABLES for column in table.columns}
    assert all((target.column.question, target.column.measure) in shown for target in weights_page.TARGETS)


def test_each_set_of_instructions_is_kept_for_itself() -> None:
    recorder = Recorder()
    recorder.add(tables.C_API, {"AVX2 decode Q4_0": 32.0, "AVX-512 decode Q4_0": 40.0})
    found = bench.by_kind(recorder, "AMD EPYC")
    assert {name: entry["values"] for name, entry in found.items()} == {
        "weights with AVX2, AMD": {"AVX2 decode Q4_0": {tables.C_API: [32.0]}},
        "weights with AVX-512, AMD": {"AVX-512 decode Q4_0": {tables.C_API: [40.0]}},
    }
    assert {column.question for spec in report.TABLES for column in spec.columns} >= set(found)


def test_who_failed_with_one_set_did_not_fail_with_others() -> None:
    recorder = Recorder()
    recorder.add(tables.C_API, {"AVX-512 decode Q4_0": 40.0, "AMX decode Q4_0": 41.0})
    recorder.failures = {f"{tables.IK}, AVX-512, Q4_0": "no library", tables.IK: "not installed"}
    found = bench.by_kind(recorder, "Intel")
    assert list(found["weights with AVX-512, Intel"]["failures"]) == list(recorder.failures)
    assert list(found["weights with AMX, Intel"]["failures"]) == [tables.IK]


def test_what_could_not_be_measured_is_said() -> None:
    recorder = Recorder()
    recorder.failures["weights"] = "no CPU modules"
    assert bench.by_kind(recorder, "AMD EPYC") == {"weights": {"values": {}, "failures": {"weights": "no CPU modules"}}}
