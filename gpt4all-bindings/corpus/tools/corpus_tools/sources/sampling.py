"""How tokens are chosen where a request does not say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._steps import TEXT, TINY, Json, absent, case, differs_from, equals, open_, request, same_as, step

DESCRIPTION = (
    "How tokens are chosen where a request does not say: as the user who opened the model wants it, as its file "
    "advises, as a catalogue knows of its makers, or by default."
)

ADVICE = "tiny-llama-advice"
CATALOGUE = {"temperature": 0.2, "top_k": 30, "repeat_penalty": 1.1, "repeat_last_n": 32}


def told(field: str, value: object, source: str) -> Json:
    return equals(f"/result/sampling/{field}", {"value": value, "source": source})


def asked(*expect: Json, **fields: object) -> Json:
    return request("complete", {"prompt": "hello", "max_tokens": 16, "ignore_eos": True, **fields}, *expect)


def cases() -> Iterator[Json]:
    samplers = ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"]
    of_file = (
        told("temperature", 0, "file"),
        told("top_k", 5, "file"),
        told("samplers", samplers, "file"),
        told("top_p", 1, "file"),  # of samplers that the file leaves out
        told("min_p", 0, "file"),
        told("repeat_penalty", 1, "default"),
    )
    yield case(
        "file", "What the file advises, without a value that is none", ADVICE, step("inspect", *of_file, options={})
    )
    yield case("file-opened", "The same of an open model", ADVICE, open_(*of_file))
    yield case(
        "default",
        "What holds where nobody says anything",
        TINY,
        step(
            "inspect",
            told("temperature", 0.8, "default"),
            told("top_k", 40, "default"),
            told("top_p", 0.95, "default"),
            told("min_p", 0.05, "default"),
            told("samplers", samplers, "default"),
            absent("/result/sampling/logit_bias"),
            options={},
        ),
    )
    yield case(
        "encoder",
        "Nothing, of a model that only encodes",
        "tiny-bert",
        step("inspect", absent("/result/sampling"), options={}),
    )
    yield case(
        "order",
        "The option goes before the file, and the file before the catalogue",
        ADVICE,
        open_(
            told("temperature", 0, "file"),
            told("top_k", 7, "option"),
            told("repeat_last_n", 32, "catalogue"),
            told("repeat_penalty", 1, "file"),  # which leaves its sampler out
            told("presence_penalty", 0.5, "option"),
            catalogue_sampling=CATALOGUE,
            sampling={"top_k": 7, "presence_penalty": 0.5},
        ),
    )
    yield case(
        "file-greedy",
        "A request goes by the file, and what it says itself goes before",
        ADVICE,
        open_(),
        asked(seed=1),
        asked(same_as(TEXT, "/1" + TEXT), seed=2),
        asked(same_as(TEXT, "/1" + TEXT), temperature=0),
        asked(same_as(TEXT, "/1" + TEXT), seed=3, top_p=0.9),
        asked(differs_from(TEXT, "/1" + TEXT), seed=3, temperature=5, top_k=0),
    )
    yield case(
        "option-greedy",
        "A request goes by the option",
        TINY,
        open_(sampling={"temperature": 0}),
        asked(seed=1),
        asked(same_as(TEXT, "/1" + TEXT), temperature=0),
        asked(differs_from(TEXT, "/1" + TEXT), seed=3, temperature=5, top_k=0, top_p=1, min_p=0),
    )
    yield case(
        "option-seed",
        "Every field of sampling can be given when the model is opened",
        TINY,
        open_(sampling={"seed": 7, "temperature": 1.5, "samplers": ["temperature"]}),
        asked(),
        asked(same_as(TEXT, "/1" + TEXT)),
        open_(),
        asked(same_as(TEXT, "/1" + TEXT), seed=7, temperature=1.5, samplers=["temperature"]),
    )
    yield case(
        "left-out",
        "A sampler that is left out works for a request that has its field",
        TINY,
        open_(sampling={"samplers": ["top_k"]}),
        asked(temperature=0, seed=1),
        asked(same_as(TEXT, "/1" + TEXT), temperature=0, seed=2),
    )
    for name in ("sampling", "catalogue_sampling"):
        for number, fields in enumerate(({"temperature": -1}, {"temprature": 1}, {"samplers": ["best"]})):
            given: dict[str, Any] = {name: fields}
            yield case(
                f"refused-{name.replace('_', '-')}-{number + 1}",
                "They are checked like a request's",
                TINY,
                open_(status="invalid_argument", **given),
            )
