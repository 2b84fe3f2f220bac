"""response_format=: types, schemas and OpenAI's dicts, and what answers are read as."""

from __future__ import annotations

import dataclasses
import enum
import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pydantic
import pytest

import gpt4all
from gpt4all import Model
from gpt4all._response_format import Format

ANSWER: Any = {"temperature": 0, "max_tokens": 200}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Car:
    colour: Colour
    doors: Literal[3, 5]


class Garage(TypedDict):
    cars: Annotated[list[Car], "All of them."]


def test_a_type_gives_an_object(tiny: Model) -> None:
    answer = tiny.chat("a car", response_format=Car, **ANSWER)
    assert isinstance(answer.parsed, Car)
    assert dataclasses.asdict(answer.parsed) == {
        **json.loads(answer.text),
        "colour": Colour(json.loads(answer.text)["colour"]),
    }
    assert answer.parsed is answer.parsed
    literal = tiny.complete("yes or no:", response_format=Literal["yes", "no"], **ANSWER)
    assert literal.parsed in ("yes", "no")
    stream = tiny.chat("a car", response_format=Car, stream=True, **ANSWER)
    assert "".join(stream) == answer.text
    assert stream.result.parsed == answer.parsed


def test_every_choice_is_read(tiny: Model) -> None:
    answer = tiny.chat("a car", response_format=Car, n=2, seed=1, max_tokens=200)
    assert all(isinstance(choice.parsed, Car) for choice in answer.choices)


def test_schemas_and_openais_dicts(tiny: Model) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]}
    wrapped = {"type": "json_schema", "json_schema": {"name": "n", "schema": {**schema, "additionalProperties": False}}}
    for form in ({**schema, "additionalProperties": False}, wrapped):
        answer = tiny.chat("an object", response_format=form, **ANSWER)
        assert answer.parsed in ({"a": "x"}, {"a": "y"})
        assert answer.parsed == json.loads(answer.text)
    assert tiny.chat("text", response_format={"type": "text"}, **ANSWER).parsed is None
    assert tiny.chat("text", **ANSWER).parsed is None


def test_an_answer_that_was_cut(tiny: Model) -> None:
    answer = tiny.chat("a car", response_format=Car, temperature=0, max_tokens=3)
    assert answer.finish_reason == "length"
    with pytest.raises(gpt4all.ResponseFormatError, match="max_tokens") as caught:
        _ = answer.parsed
    assert caught.value.detail["text"] == answer.text
    assert isinstance(caught.value, ValueError)


def test_an_answer_that_does_not_fit() -> None:
    form = Format.of(Garage)
    assert form is not None
    assert form.parse('{"cars": [{"colour": "red", "doors": 3}]}', "stop") == {"cars": [Car(Colour.RED, 3)]}
    with pytest.raises(gpt4all.ResponseFormatError) as caught:
        form.parse('{"cars": [{"colour": "red", "doors": 4}]}', "stop")
    assert caught.value.detail["place"] == "/cars/0/doors"
    assert caught.value.__cause__ is not None
    with pytest.raises(gpt4all.ResponseFormatError):
        form.parse("no JSON", "stop")


@pytest.mark.parametrize("form", [3, "json", complex, dict[int, str]])
def test_what_is_no_form(tiny: Model, form: object) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError):
        tiny.chat("a car", response_format=form)


class Tyre(pydantic.BaseModel):
    width: Literal[20, 30]


class Truck(pydantic.BaseModel):
    colour: Colour
    tyres: list[Tyre] = pydantic.Field(max_length=2)


def test_pydantic_models(tiny: Model) -> None:
    answer = tiny.chat("a truck", response_format=Truck, **ANSWER)
    assert isinstance(answer.parsed, Truck)
    assert all(isinstance(each, Tyre) for each in answer.parsed.tyres)
    nested = Format.of(list[Truck])
    assert nested is not None
    assert "$defs" in nested.request["json_schema"]["schema"]
    assert nested.parse('[{"colour": "red", "tyres": [{"width": 20}]}]', "stop")[0].tyres[0].width == 20
    with pytest.raises(gpt4all.ResponseFormatError) as caught:
        nested.parse('[{"colour": "red", "tyres": [{"width": 40}]}]', "stop")
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)


def test_pydantic_describes_parameters() -> None:

    def tool(count: Annotated[int, pydantic.Field(ge=1, le=5, description="How many.")]) -> int:
        return count

    described = gpt4all.Tool(tool)
    expected = {"type": "integer", "description": "How many.", "minimum": 1, "maximum": 5}
    assert described.parameters["properties"]["count"] == expected
    assert described({"count": 5}) == 5
    with pytest.raises(ValueError, match="maximum"):
        described({"count": 6})


def test_a_real_model(smollm2: Model) -> None:
    @dataclasses.dataclass
    class City:
        name: Annotated[str, "At most 20 letters."]
        country: Literal["France", "Italy", "Germany"]

    answer = smollm2.chat("Describe Berlin as JSON.", response_format=City, temperature=0, max_tokens=100)
    assert answer.parsed.country in ("France", "Italy", "Germany")  # which one hangs on the processor's rounding


def test_paths_are_no_forms(tmp_path: Path, tiny: Model) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError):
        tiny.chat("a car", response_format=tmp_path)


def pair(*wanted: int) -> dict[str, Any]:
    """A schema of [3] that looks for two items, as no grammar can."""
    contains = [{"contains": {"const": each}} for each in wanted]
    return {"type": "array", "items": {"enum": [3, 4]}, "minItems": 1, "maxItems": 1, "allOf": contains}


def test_what_no_grammar_can_say_is_checked_afterwards(tiny: Model) -> None:
    with pytest.raises(gpt4all.GrammarError):
        tiny.chat("a list", response_format=pair(3, 3), **ANSWER)
    answer = tiny.chat("a list", response_format=pair(3, 3), strict=False, **ANSWER)
    assert (answer.parsed, answer.valid, answer.invalid) == ([3], True, None)
    wrong = tiny.complete("a list", response_format=pair(3, 4), strict=False, **ANSWER)
    assert wrong.valid is False
    with pytest.raises(gpt4all.ResponseFormatError, match="none of its items") as caught:
        _ = wrong.parsed
    assert caught.value.detail["invalid"] == wrong.invalid == wrong.raw["choices"][0]["invalid"]
    assert caught.value.detail["place"] == ""
    assert wrong.invalid["keyword"] == "contains"
    stream = tiny.chat("a list", response_format=pair(3, 4), strict=False, stream=True, **ANSWER)
    assert json.loads("".join(stream)) == [3]
    assert stream.result.valid is False


def test_an_answer_that_is_not_strict_can_be_cut(tiny: Model) -> None:
    answer = tiny.chat("a list", response_format=pair(3, 3), strict=False, temperature=0, max_tokens=1)
    assert answer.valid is False
    with pytest.raises(gpt4all.ResponseFormatError, match="cut short"):
        _ = answer.parsed
    assert tiny.chat("a car", response_format=Car, **ANSWER).valid is None
