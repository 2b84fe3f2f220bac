"""What docs/benchmarks.md says of weights of each type, and what is to be reached."""

from __future__ import annotations

from collections.abc import Iterator

from instruction_sets import AMX, AVX2, AVX512, KINDS, MAKERS, SETS, question
from noise import TYPES
from tables import BENCH, C_API, IK, LIMIT, SERVER, Column, Plot, Table, Target
from weights import (
    CHATS,
    DECODE,
    DEFAULT_MODEL,
    FEW,
    LONG,
    N_CHAT_ANSWER,
    N_CHAT_PROMPT,
    N_CHATS,
    N_DECODE,
    N_LONG,
    N_PROMPT,
    PROMPT,
    TESTS,
)

COLUMNS = (*TYPES, DEFAULT_MODEL)
WORDS = {
    PROMPT: f"prompts of {N_PROMPT} tokens",
    DECODE: "decoding",
    LONG: f"prompts of {N_LONG:,} tokens",
    CHATS: "eight chats",
}
HOW = {
    PROMPT: "A prompt that is not cached anywhere, in one batch, computed twice in a process that is warm.",
    DECODE: f"{N_DECODE} tokens after a short prompt, twice in a process; llama-bench decodes them after none.",
    LONG: "One prompt that is not cached anywhere, in batches of 512, for a few of the files: it takes long.",
    CHATS: f"{N_CHATS} answers of {N_CHAT_ANSWER} tokens after prompts of {N_CHAT_PROMPT}, sent together: all tokens "
    "of all answers divided by the time until the last has ended, for a few of the files. ik_llama.cpp is called "
    "without a server, and without flash attention, which ends its process here.",
}
COMPARED = (
    "A LLaMA of 0.8 billion parameters that are noise, quantised to each type, and the default model (SmolLM2-135M, "
    "Q4_1). × is the ratio to what the machine allows, measured in the same turn: the time to read all matrices once "
    "for each batch at the speed at which the threads read memory, or to add up their products of 8 bits as fast as "
    "they do with these instructions when they do nothing else, whichever is longer. Attention is not counted."
)
THEIRS = {
    AVX2: "The module `haswell` of our library, llama-bench and llama-server; ik_llama.cpp is the wheel on PyPI.",
    AVX512: "The module of our library, llama-bench and llama-server for AVX-512 with VNNI but without AMX, `zen4` "
    "where it can run and `cascadelake` elsewhere; the others are built on the machine for its processor, and none "
    "uses AMX.",
    AMX: "The module `sapphirerapids` of our library, llama-bench and llama-server.",
}
BEST_MODE = " ik_llama.cpp lays weights out anew as it loads them, or does not: the faster of both counts."


def column(of_set: str, maker: str, test: str, name: str, reference: str = LIMIT) -> Column:
    """The rates of a file."""
    return Column(question(of_set, maker), f"{of_set} {test} {name}", name, reference)


TABLES = (
    Table(
        "Weights of each type: what the machine allows",
        COMPARED,
        tuple(
            Column(question(of_set, maker), f"{of_set} {measure}", f"{of_set}, {maker}, {unit}", LIMIT)
            for of_set, maker in KINDS
            for measure, unit in (("read_bandwidth", "GB/s"), ("peak_products_per_ns", "products/ns"))
        ),
        Plot("plot_weights.py", "weights.svg", "Tokens for a second with weights of each type, beside what is allowed"),
    ),
    *(
        Table(
            f"Weights of each type with {of_set}, {maker}: {WORDS[test]}",
            f"{HOW[test]} In tokens for a second. {THEIRS[of_set]}{BEST_MODE if of_set != AMX else ''}",
            tuple(column(of_set, maker, test, name) for name in COLUMNS),
        )
        for of_set, maker in KINDS
        for test in TESTS
    ),
)

EXPLAINED = "[decision 22](decisions/0022-products-of-our-own.md)"

# Those whose speed was known before our kernels were begun.
FIRST = ("Q4_0", "Q4_1", "Q4_K_M", "Q6_K", "Q8_0")
PROMPTS = {"Q4_0": 2.0, "Q4_1": 5.0, "Q4_K_M": 2.0, "Q6_K": 3.3, "Q8_0": 4.0}
OF_ALLOWED = {AVX2: 0.8, AVX512: 0.8, AMX: 0.85}


def _targets(of_set: str, test: str, name: str, other: str, least: float) -> Iterator[Target]:
    for maker in MAKERS:
        words = f"{name} with {of_set}, {maker}, {WORDS[test]}, compared with {other}"
        yield Target(words, column(of_set, maker, test, name, other), C_API, other, least, EXPLAINED)


_ASKED = (
    *((AVX512, PROMPT, name, BENCH, least) for name, least in PROMPTS.items()),
    *((AVX512, PROMPT, name, IK, 1.1) for name in FIRST),
    *((AVX2, PROMPT, name, BENCH, 1.5) for name in FIRST),
    *((AMX, PROMPT, name, BENCH, 1.5) for name in TYPES),
    *(
        (of_set, DECODE, name, LIMIT, least)
        for of_set, least in OF_ALLOWED.items()
        for name in (TYPES if of_set == AMX else FIRST)
    ),
    *((of_set, DECODE, DEFAULT_MODEL, LIMIT, 0.6) for of_set in (AVX2, AVX512)),
    *((of_set, CHATS, name, SERVER, 1.5) for of_set in SETS for name in FEW[CHATS]),
)
TARGETS = tuple(target for asked in _ASKED for target in _targets(*asked))
