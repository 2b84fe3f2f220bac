"""What docs/benchmarks.md says of each question: a table or more, and what is to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multiple_choice import TASKS
from serving import CLIENTS, KINDS, N_ANSWER, N_CTX, N_PARALLEL

C_API, PYTHON, TYPESCRIPT = "libllmodel, C API", "libllmodel, Python", "libllmodel, TypeScript"
BENCH, SERVER, LCP, NODE = "llama-bench", "llama-server", "llama-cpp-python", "node-llama-cpp"
IK = "ik_llama.cpp"
LOOP = "a loop in C"
SERVE = "gpt4all serve"
OUR_GRAMMARS, CONVERTER, LLGUIDANCE = "libllmodel, grammars", "llama.cpp's converter", "llguidance"
SCHEMAS = ("1,000 properties", "depth 30", "Pydantic model", "GitHub issue", "enum of 2,000", "pattern")
FREE, BOUND = "free", "under a schema"
LAID_OUT, FIRST_OPENED, OPENED_AGAIN = "nothing kept", "the first time", "the second time"
LARGE = "Q8_0"  # of noise
OUR_KERNELS, GGML_KERNELS, LIMIT = "our kernels", "the best of ggml's kernels", "what the machine allows"
GGML_ATTENTION = "ggml's attention"
VECTORS = {1: "one vector", 8: "eight vectors", 256: "256 vectors"}
WEIGHTS = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "MXFP4")
DECODED = ("small object", "enums", "pattern", "depth 30", "1,000 properties")  # schemas by which a model writes
# How each language reads streams, by what its worker calls it; a worker calls the loop in C "c".
WAYS = {
    "Python": {"threads": "Python, threads", "asyncio": "Python, asyncio"},
    "TypeScript": {"promises": "TypeScript, promises"},
    "Go": {"goroutines": "Go, goroutines"},
    "Java": {"threads": "Java, threads", "virtual": "Java, virtual threads"},
}
ORDER = (
    C_API,
    PYTHON,
    TYPESCRIPT,
    SERVE,
    BENCH,
    SERVER,
    LCP,
    IK,
    NODE,
    LOOP,
    *(way for ways in WAYS.values() for way in ways.values()),
    OUR_GRAMMARS,
    CONVERTER,
    LLGUIDANCE,
    FREE,
    BOUND,
    OUR_KERNELS,
    GGML_KERNELS,
    GGML_ATTENTION,
    LIMIT,
    LAID_OUT,
    FIRST_OPENED,
    OPENED_AGAIN,
)

MIB = float(1 << 20)


@dataclass(frozen=True)
class Column:
    """One measure of a question, with its unit and whom the others are compared with.

    against: another measure of the question, with whose value for the same contender this one is compared instead.
    """

    question: str
    measure: str
    head: str
    reference: str
    scale: float = 1.0
    against: str = ""


@dataclass(frozen=True)
class Plot:
    """A picture: the program that draws it from results.json, the file's name, and what it shows."""

    program: str
    file: str
    shows: str


@dataclass(frozen=True)
class Table:
    """One section of the page."""

    title: str
    text: str
    columns: Sequence[Column]
    plot: Plot | None = None


# What a server is asked, by the name of its measures, in the words of the page.
LOADS = {
    f"{kind} {count}": f"{count} chat{'s' if count > 1 else ''}{', shared prefix' if kind == 'shared' else ''}"
    for kind in KINDS
    for count in CLIENTS
}
SERVING_PLOT = Plot("plot_serving.py", "serving.svg", "Throughput and waits of three servers with 1, 8 and 32 chats")
SERVING = (
    (
        "Servers under load",
        "Chats over HTTP with `gpt4all serve`, llama-server and llama-cpp-python's server, streamed by so many clients "
        "at once, each of which asks again as soon as it has its answer: all tokens of all answers divided by the time "
        f"until the last has ended. An answer has {N_ANSWER} tokens. Prompts begin differently, or share a prefix of a "
        f"few hundred tokens that is new to the server. All have a context of {N_CTX} tokens; the first two give "
        f"{N_PARALLEL} answers at a time, which share it, and llama-cpp-python's server gives one after the other.",
        "total", "tokens/s", 1.0,
    ),
    (
        "A server's first token",
        "The same chats: the wait from sending a request to the first text, which half of them do not exceed.",
        "p50", "ms", 1e3,
    ),
    (
        "A server's first token at the latest",
        "The same: the wait that 95 of 100 chats do not exceed.",
        "p95", "ms", 1e3,
    ),
)  # fmt: skip

_CONSTRAINED = {name: Column("constrained", f"decode {name}", f"{name}, tokens/s", FREE) for name in DECODED}


def _product(name: str, inputs: int) -> Column:
    in_ggml = name.replace("Q", "q") if name.endswith("_K") else name.lower()
    return Column("products", f"{in_ggml} {inputs}", name, GGML_KERNELS)


_ATTENTION = {
    f"{kind}, {cells:,} cells, {words}": Column(
        "attention", f"{in_ggml} {cells} {queries}", f"{kind}, {cells:,}, {words}", LIMIT
    )
    for kind, in_ggml in (("F16", "f16"), ("Q8_0", "q8_0"))
    for cells in (4096, 16384)
    for queries, words in ((1, "one token"), (512, "512 tokens"))
}


TABLES = (
    Table(
        "One stream",
        "A prompt of {n_prompt} tokens that is not cached anywhere, computed in one batch, and {n_gen} tokens decoded "
        "after a short prompt, several times a round. Our numbers are measured by the consumer's clock, from sending "
        "a request to its first piece of text and from there to the last: they include JSON, sampling, detokenising "
        "and, for Python, the binding. llama-bench does none of these; it feeds random tokens to the model.",
        (
            Column("prefill", "prefill", "prefill, tokens/s", BENCH),
            Column("decode", "decode", "decode, tokens/s", BENCH),
        ),
    ),
    Table(
        "Decode beside busy neighbours",
        "The same decoding while no, one or two other processes compute without pause, as on a computer that is in "
        "use. They are not pinned to a core.",
        tuple(
            Column("neighbours", f"decode_{level}", f"{beside}, tokens/s", LCP)
            for level, beside in enumerate(("alone", "beside one", "beside two"))
        ),
        Plot("plot_neighbours.py", "decode.svg", "Decode speed with 0, 1 and 2 busy neighbour processes"),
    ),
    Table(
        "Eight chats at once",
        "Eight conversations sent together, {n_gen} tokens each, in eight sequences that share a cache; all tokens of "
        "all answers divided by the time until the last has ended. llama-server is called over HTTP by a small C++ "
        "client that looks for text in its events but does not parse their JSON.",
        (Column("parallel", "total", "together, tokens/s", SERVER),),
    ),
    *(
        Table(
            f"Streaming from {language}",
            "One model, open in one process, whose streams are read in turn by a loop in C and by each way of the "
            "language, so that any difference is the cost of the binding: one chat, then eight at once, whose pieces "
            "are counted while all eight are being written.",
            (
                Column("streaming", f"{language} single", "one stream, pieces/s", LOOP),
                Column("streaming", f"{language} eight", "eight streams, pieces/s", LOOP),
            ),
        )
        for language in WAYS
    ),
    Table(
        "Beside another SDK in one process",
        "Decoding of one stream, as above, through a binding of ours and another SDK for the same language: each in a "
        "process of its own, and both in one, where they answer in turn. Each brings its own build of llama.cpp; the "
        "one that is loaded first would lend the other its functions if these were not kept apart. An SDK that gave "
        "another answer than alone, or ended the process, would be named as not measured instead. × is the ratio to "
        "the same SDK alone in the same round.",
        (
            Column("beside", "alone", "alone, tokens/s", ""),
            Column("beside", "first", "loaded first, tokens/s", "", against="alone"),
            Column("beside", "second", "loaded second, tokens/s", "", against="alone"),
        ),
    ),
    Table(
        "Grammars of JSON Schemas",
        "From a JSON Schema to what a model can be held to, without anything remembered: by our compiler, by "
        "llama.cpp's own converter, and by llguidance. The first two include llama.cpp's reading of the grammar. They "
        "do not promise the same: the converter leaves out keywords in silence, and llguidance does its work later, "
        "for each token. XGrammar is not measured, since it cannot be imported without PyTorch.",
        tuple(Column("schemas", f"compile {name}", f"{name}, ms", OUR_GRAMMARS, 1e3) for name in SCHEMAS),
    ),
    Table(
        "Masks of grammars",
        "The time for a mask of the whole vocabulary, on one thread, at the tokens of a valid text: the median over "
        "the tokens. Generation asks for one only where the grammar refuses the token that was drawn without it.",
        tuple(Column("schemas", f"mask {name}", f"{name}, ms", OUR_GRAMMARS, 1e3) for name in SCHEMAS),
    ),
    Table(
        "Decoding under JSON Schemas",
        "Decoding of one stream through the C API, {n_gen} tokens after a chat's prompt: free, and held to a schema, "
        "in turn in one process. Both go through the same sampling, which is repeated under the mask where the grammar "
        "refuses the token that was drawn.",
        tuple(_CONSTRAINED[name] for name in DECODED),
    ),
    *(
        Table(
            f"Products of weights with {words}",
            f"A matrix of 2,048 columns and 5,632 rows times {words} of single precision: products for a nanosecond. "
            "Our kernels, the fastest of those that ggml has for the processor (plain, repacked, AMX), and what the "
            "machine allows: the smaller of what it can read, if each weight is read once, and of the products of 8 "
            "bits that its vector units add up when they do nothing else. (Tiles of AMX could do more.)",
            tuple(_product(name, inputs) for name in WEIGHTS),
        )
        for inputs, words in VECTORS.items()
    ),
    Table(
        "Attention over long contexts",
        "Attention of 32 heads of 128 numbers, of which four share a head of keys and values, over 4,096 and 16,384 "
        "cells of a cache in F16 or Q8_0: of one token, as in decoding, and of the last 512 tokens of a prompt. "
        "Products of numbers for a nanosecond. What the machine allows is the smaller of the products of single "
        "precision that its threads add up when they do nothing else, and of what they can read, if each key and value "
        "is read once.",
        tuple(_ATTENTION.values()),
    ),
    Table(
        "Questions with given answers",
        "Log-likelihoods of the answers to made-up questions as long as those of the seven tasks by which the paper of "
        "GPT4All compares models, all questions of a task in one request of `score_batch`: tokens of the questions and "
        "answers for a second. A question's tokens count once, and so does what llama-bench computes, a prompt of "
        "{n_prompt} tokens of which it predicts only what follows the last.",
        tuple(Column("scoring", name, f"{name}, tokens/s", BENCH) for name in (*TASKS, "all")),
    ),
    Table(
        "Questions through lm-eval",
        "lm-eval asks for log-likelihoods of answers to questions of the same shapes, made of common words: of our "
        "class for it, and of the class that it has for llama-cpp-python's server, with two threads each. A request is "
        "a question with one of its answers.",
        (Column("harness", "requests", "requests/s", LCP),),
    ),
    *(
        Table(
            title,
            text,
            tuple(
                Column("serving", f"{name} {measure}", f"{load}, {unit}", SERVER, scale) for name, load in LOADS.items()
            ),
            SERVING_PLOT if measure == "total" else None,
        )
        for title, text, measure, unit, scale in SERVING
    ),
    Table(
        "The first token",
        "The wait for the first piece of text after {n_prefix} new tokens (cold), and after the same tokens with a "
        "different ending of {n_tail} tokens (warm), when the prefix is reused.",
        (
            Column("first_token", "cold", "cold, ms", SERVER),
            Column("first_token", "warm", "warm, ms", SERVER),
        ),
    ),
    Table(
        "Loading",
        "From the start of a process until the model is ready, and until one token has been generated and the process "
        "has ended. The file is in the page cache. The interpreter's own start-up is included. llama-server runs with "
        "`--no-warmup`, because the library does not warm up automatically either.",
        (
            Column("load", "ready", "ready, ms", SERVER),
            Column("load", "whole", "one token, ms", BENCH),
        ),
    ),
    Table(
        "Opened again",
        "The same through the C API, where laid-out weights are not kept (`cache_disk_mib` 0), where they are laid out "
        "and kept, and where they are mapped from there: the default model, and one of noise that has 0.8 billion "
        f"parameters in {LARGE}. Each round begins with an empty cache.",
        (
            Column("loading", "ready", "ready, ms", SERVER),
            Column("loading", "whole", "one token, ms", BENCH),
            Column("loading", "large_ready", "0.8 billion: ready, ms", SERVER),
            Column("loading", "large_whole", "0.8 billion: one token, ms", BENCH),
        ),
    ),
    Table(
        "Memory",
        "Peak resident memory of the process that holds the model, including the mapped file: during the run of the "
        "first table, with a context of {n_ctx} tokens (llama-bench creates one no longer than each test needs), and "
        "during the eight chats.",
        (
            Column("prefill", "rss", "one stream, MiB", BENCH, 1 / MIB),
            Column("parallel", "rss", "eight chats, MiB", SERVER, 1 / MIB),
        ),
    ),
)


@dataclass(frozen=True)
class Target:
    """What a ratio must be."""

    what: str
    column: Column
    name: str
    reference: str
    least: float
    explained: str = ""  # which page says why it may be missed


_DECODE = Column("decode", "decode", "", BENCH)
_TOTAL = Column("parallel", "total", "", SERVER)
_OF_ROWS = "[decision 20](decisions/0020-attention-of-our-own.md)"
PANELS = "[decision 24](decisions/0024-weights-are-laid-out-once.md)"
_OPENED = {
    "the default model": Column("loading", "ready", "", SERVER),
    "0.8 billion parameters": Column("loading", "large_ready", "", SERVER),
}


def _served(load: str, measure: str) -> Column:
    return Column("serving", f"{load} {measure}", "", SERVER)


TARGETS = (
    Target("Decoding through Python, compared with llama-bench", _DECODE, PYTHON, BENCH, 0.95),
    Target(
        "Decoding through Python beside one busy neighbour, compared with llama-cpp-python",
        Column("neighbours", "decode_1", "", LCP), PYTHON, LCP, 1.5,
    ),
    Target("Decoding through TypeScript, compared with node-llama-cpp", _DECODE, TYPESCRIPT, NODE, 1.0),
    Target("Eight chats through the C API, compared with llama-server", _TOTAL, C_API, SERVER, 1.0),
    *(
        Target(
            f"{count.capitalize()} through {way}, compared with the loop in C",
            Column("streaming", f"{language} {measure}", "", LOOP), way, LOOP, least,
        )
        for language, ways, least in ((each, ways, 0.97 if each == "Python" else 0.95) for each, ways in WAYS.items())
        for way in ways.values()
        for count, measure in (("one stream", "single"), ("eight streams", "eight"))
    ),
    *(
        Target(f"Decoding under a schema ({name}), compared with free decoding", column, BOUND, FREE, 0.95)
        for name, column in _CONSTRAINED.items()
    ),
    Target(
        "Scores of seven tasks' questions, compared with llama-bench's prefill",
        Column("scoring", "all", "", BENCH), PYTHON, BENCH, 0.85,
    ),
    Target(
        "Questions through lm-eval, compared with its class for llama-cpp-python's server",
        Column("harness", "requests", "", LCP), PYTHON, LCP, 3.0,
    ),
    *(
        Target(
            f"{name} times {words}, compared with ggml",
            _product(name, inputs), OUR_KERNELS, GGML_KERNELS, 1.0,
        )
        for name in WEIGHTS
        for inputs, words in VECTORS.items()
    ),
    *(Target(f"Attention, {what}", column, OUR_KERNELS, LIMIT, 0.5, _OF_ROWS) for what, column in _ATTENTION.items()),
    *(
        Target(f"Opening {what}: with nothing kept, compared with {then}", column, LAID_OUT, then, least, PANELS)
        for what, column in _OPENED.items()
        for then, least in ((FIRST_OPENED, 0.95), (OPENED_AGAIN, 2.0))
    ),
    *(
        Target(f"{load} over HTTP, compared with llama-server", _served(name, "total"), SERVE, SERVER, 1.0)
        for name, load in LOADS.items()
    ),
    *(
        Target(
            f"{load}, the first token at the latest: llama-server's wait, compared with that for `gpt4all serve`",
            _served(name, "p95"), SERVER, SERVE, 1.0,
        )
        for name, load in LOADS.items()
    ),
    *(
        Target(f"{load} over HTTP, compared with llama-cpp-python's server", _served(name, "total"), SERVE, LCP, 3.0)
        for name, load in LOADS.items()
        if name.endswith(" 8")
    ),
)  # fmt: skip
