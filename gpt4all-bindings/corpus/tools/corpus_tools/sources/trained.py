"""The small models that were trained: GPT-J, MPT and LLaMA, with the tokenizers of their time."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import REASON, TEXT, Json, absent, case, equals, exact, greedy, near, open_, request, step
from .complete import SEEN

DESCRIPTION = "What models of the three architectures of 2023 do that were trained on Shakespeare, in Q8_0."

GPTJ, MPT, LLAMA = "shakespeare-gptj", "shakespeare-mpt", "shakespeare-llama"
MODELS = (GPTJ, MPT, LLAMA)
# With as many tokens as are sure.
PROMPTS: dict[str, dict[str, tuple[str, int]]] = {
    GPTJ: {
        "marcius": ("Young MARCIUS:\nA' shall not", 10),
        "sicinius": ("SICINIUS:\nHow now, my", 9),
        "duchess": ("DUCHESS OF YORK:\nAy, boy.", 9),
        "wish": ("A noble wish.", 9),
    },
    MPT: {
        "volumnia": ("VOLUMNIA:\nAway, you fool!", 12),
        "virgilia": ("VIRGILIA:\nMy lord and", 11),
        "richard": ("KING RICHARD III:\nThen, by myself--", 10),
        "brutus": ("BRUTUS:\nWhat then, sir?", 7),
    },
    LLAMA: {
        "cleomenes": ("That at her", 16),
        "buckingham": ("BUCKINGHAM:\nHe did, my", 10),
        "duchess": ("DUCHESS OF YORK:\nAy, boy.", 8),
        "archbishop": ("ARCHBISHOP OF YORK:\nLast night, I", 8),
    },
}
RUNS_AS = {GPTJ: equals("/result/runs_as", "phi2")}  # the others run under their own names
STOPS = {
    GPTJ: ("SICINIUS:\nHow now, my", "?"),
    MPT: ("KING RICHARD III:\nThen, by myself--", ":"),
    LLAMA: ("BUCKINGHAM:\nHe did, my", "\n"),
}
TEXTS = {
    "speech": "ROMEO:\nI'll have't; what say'st thou, 'tis she!\n",
    "spaces": "  two  spaces,\tone tab and a trailing one ",
    "digits": "1234567890 3.14 2026-11-21",
    "accents": "Ünïcödé, façade, Straße",
    "cjk": "日本語の文章 한국어",
    "emoji": "🙂🚀👩‍🚀 ok",
    "lines": "one\ntwo\r\nthree\n\n\n    four",
}
# The names of control tokens, which end a text in two of them and nothing in the third.
MARKED = "one<|endoftext|>two</s>three"
CONTINUATIONS = [" lord,", " lady", " sword."]


FACTS = ("architecture", "quantization", "n_params", "n_ctx_train", "n_vocab", "n_embd", "n_layer", "n_head", "size")


def cases() -> Iterator[Json]:
    for model in MODELS:
        name = model.removeprefix("shakespeare-")
        told = [*exact(*(f"/result/{fact}" for fact in FACTS)), RUNS_AS.get(model, absent("/result/runs_as"))]
        yield case(f"{name}-inspect", "What is told of the file", model, step("inspect", *told, options={}))
        for prompt_name, (prompt, tokens) in PROMPTS[model].items():
            asked = greedy("complete", {"prompt": prompt, "max_tokens": tokens, "return_tokens": True}, *exact(*SEEN))
            yield case(f"{name}-{prompt_name}", f"A greedy continuation: {prompt_name}", model, open_(), asked)
        for text_name, text in TEXTS.items():
            tokens_of = request("tokenize", {"content": text}, *exact("/result/tokens"))
            yield case(f"{name}-tokens-{text_name}", f"Tokens of a text: {text_name}", model, open_(), tokens_of)
        yield case(
            f"{name}-tokens-special",
            "Names of special tokens are read as those tokens unless that is switched off",
            model,
            open_(),
            request("tokenize", {"content": MARKED}, *exact("/result/tokens")),
            request("tokenize", {"content": MARKED, "parse_special": False}, *exact("/result/tokens")),
            request("tokenize", {"content": "My lord", "add_special": True}, *exact("/result/tokens")),
        )
        expect = [
            item
            for index in range(len(CONTINUATIONS))
            for item in (
                *exact(f"/result/continuations/{index}/tokens"),
                near(f"/result/continuations/{index}/logprob", 0.3),
            )
        ]
        scored = request("score", {"context": "ROMEO:\nMy", "continuations": CONTINUATIONS}, *expect)
        yield case(f"{name}-score", "Log-likelihoods of continuations", model, open_(), scored)
        prompt, stop = STOPS[model]
        stopped = {"prompt": prompt, "max_tokens": 40, "stop": [stop]}
        yield case(
            f"{name}-stop",
            "An answer that ends before a stop text",
            model,
            open_(),
            greedy("complete", stopped, equals(REASON, "stop"), *exact(TEXT)),
        )
