"""A binding's declarations that are not the header's are found, whatever is wrong with them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generate.__main__ import main
from generate.build import describe
from generate.compare import differences, expected

HEADER = describe().header
Defect = Callable[[dict[str, Any]], object]


def next_(declared: dict[str, Any]) -> Any:
    return declared["functions"]["llmodel_next"]


def event(declared: dict[str, Any]) -> Any:
    return declared["structs"]["llmodel_event"]


def test_what_the_header_has_is_right() -> None:
    declared = expected(HEADER)
    assert list(differences(HEADER, declared)) == []
    assert declared["functions"]["llmodel_next"] == {
        "returns": "i32",
        "parameters": ["pointer", "i32", *["pointer"] * 2],
    }
    assert declared["callbacks"]["llmodel_progress_fn"] == {"returns": "i32", "parameters": ["f32", "pointer"]}
    assert declared["structs"]["llmodel_event"] == [
        ["kind", "i32"],
        ["index", "i32"],
        ["data", "pointer"],
        ["size", "size"],
    ]


def test_a_language_may_have_no_size_t_and_no_use_for_an_enum() -> None:
    declared = expected(HEADER)
    declared["structs"]["llmodel_event"][3][1] = "i64"
    del declared["enums"]["llmodel_log_level"], declared["callbacks"]
    assert list(differences(HEADER, declared)) == []


@pytest.mark.parametrize(
    ("defect", "told"),
    [
        (lambda d: d.update(abi_version=2), "abi_version is 2 instead of 1"),
        (lambda d: d.pop("abi_version"), "abi_version is None instead of 1"),
        (lambda d: d.pop("functions"), "functions: llmodel_open is not declared"),
        (lambda d: d["functions"].pop("llmodel_cancel"), "functions: llmodel_cancel is not declared"),
        (lambda d: d["functions"].update(llmodel_sing={}), "functions: the header has no llmodel_sing"),
        (lambda d: next_(d).update(returns="void"), "functions: llmodel_next: returns is void instead"),
        (lambda d: next_(d)["parameters"].pop(), "functions: llmodel_next: parameters: 3 instead of 4"),
        (lambda d: next_(d)["parameters"].reverse(), "llmodel_next: parameters 1 is pointer instead of i32"),
        (lambda d: next_(d).pop("parameters"), "llmodel_next: parameters is None instead of"),
        (lambda d: d["callbacks"]["llmodel_progress_fn"]["parameters"].__setitem__(0, "f64"), "is f64 instead of f32"),
        (lambda d: d["structs"].pop("llmodel_event"), "structs: llmodel_event is not declared"),
        (lambda d: event(d).reverse(), "structs: llmodel_event 0 0 is size instead of kind"),
        (lambda d: event(d)[0].__setitem__(1, "i64"), "llmodel_event 0 1 is i64 instead of i32"),
        (lambda d: event(d)[3].__setitem__(1, "i32"), "llmodel_event 3 1 is i32 instead of size"),
        (lambda d: event(d).append(["more", "i32"]), "structs: llmodel_event: 5 instead of 4"),
        (lambda d: d["enums"]["llmodel_status"].update(io=5), "enums: llmodel_status: io is 5 instead of 4"),
        (lambda d: d["enums"]["llmodel_status"].pop("closed"), "enums: llmodel_status: closed is None instead of 12"),
        (lambda d: d["enums"]["llmodel_status"].update(sad=99), "enums: llmodel_status: sad is 99 instead of None"),
        (lambda d: d["enums"].update(llmodel_mood={}), "enums: the header has no llmodel_mood"),
        (lambda d: d.update(macros={}), "macros: no such section"),
    ],
)  # fmt: skip
def test_a_planted_defect_is_found(defect: Defect, told: str) -> None:
    declared = copy.deepcopy(expected(HEADER))
    defect(declared)
    assert told in "\n".join(differences(HEADER, declared))


def test_the_command_tells_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "declared.json"
    file.write_text(json.dumps(expected(HEADER)), encoding="utf-8")
    assert main(["--compare", str(file)]) == 0
    file.write_text(json.dumps({**expected(HEADER), "abi_version": 9}), encoding="utf-8")
    assert main(["--compare", str(file)]) == 1
    assert "abi_version is 9 instead of 1" in capsys.readouterr().out
    file.write_text("{", encoding="utf-8")
    assert main(["--compare", str(file)]) == 1
    assert f"{file}" in capsys.readouterr().err
    assert main(["--compare", str(tmp_path / "nothing.json")]) == 1
