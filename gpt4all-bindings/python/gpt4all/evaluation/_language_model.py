"""The model class by which lm-eval asks a model of this library. To be imported only where lm-eval is installed."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import normalize_gen_kwargs
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from .._errors import ContextOverflowError, InvalidArgumentError, UnsupportedError
from .._model import Model
from .._results import Completion
from ._answers import Answers, key_of

Pair = tuple[list[int], list[int]]
"""The tokens of a context, and those of the continuation whose likelihood is wanted."""

Likelihood = tuple[float, bool]
"""The log-likelihood of a continuation, and whether the model would have written it at temperature 0."""

T = TypeVar("T")

_CHUNK_TOKENS = 2048
"""Of one request: enough to fill batches, and few enough to show progress and to lose little when stopped."""

_SAMPLING = {"temperature", "top_k", "top_p", "min_p"}
_NAMES = {"repetition_penalty": "repeat_penalty"}
_DEFAULT_TOKENS = 256


class LibraryLM(TemplateLM):  # type: ignore[misc]
    """An open model, as lm-eval wants it.

    chat: whether prompts become messages of the model's chat template; for `evaluate` of lm-eval, which asks for it.
    seed: of answers that are drawn.
    answers: keeps what was answered, and has what was answered before.
    report: called with how many of a task's requests are done, and how many there are.
    """

    def __init__(
        self,
        model: Model,
        *,
        chat: bool = False,
        seed: int = 0,
        answers: Answers | None = None,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        super().__init__()
        known: Any = model.info()
        if not known["capabilities"]["generate"]:
            raise UnsupportedError(f"{model.path} writes no text, so that it cannot be evaluated", {"path": model.path})
        self.chat, self._model, self._seed, self._answers, self._report = chat, model, seed, answers, report
        self._special: Mapping[str, Any] = known["special_tokens"]
        self._template: str = known.get("chat_template") or ""
        # What the library was asked for: what it opened may be rounded up, but score keeps to this.
        self._n_ctx: int = min(known["opened"]["n_ctx"], known["memory"]["n_ctx"])
        self._n_parallel: int = known["opened"]["n_parallel"]
        self._templated = False
        self._tokens = functools.lru_cache(maxsize=64)(self._encode)
        self.scored_tokens = 0

    # ------------------------------------------------------------------------------------------- what lm-eval asks for

    @property
    def max_length(self) -> int:
        """How many tokens the model sees at once."""
        return self._n_ctx

    @property
    def eot_token_id(self) -> int:
        """The token that ends a text."""
        return self._special_token("eos", "eot")

    @property
    def prefix_token_id(self) -> int:
        """The token before a text without a context."""
        return self._special_token("bos", "eos")

    @property
    def tokenizer_name(self) -> str:
        """By which lm-eval tells prompts that it keeps of one model from those of another."""
        return self._model.path

    def chat_template(self, chat_template: bool | str = False) -> str:
        """The model's own template."""
        return self._template if chat_template else ""

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The prompt for these messages. From now on, the names of control tokens in prompts are these tokens."""
        if not add_generation_prompt:
            raise UnsupportedError("a task that begins the answer itself cannot be asked with a chat template")
        self._templated = True
        return self._model.apply_template(chat_history)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """A text's tokens, with those that the model expects at the beginning unless the text has them."""
        return list(self._tokens(string, add_special_tokens, self._templated))

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[Likelihood]:
        """The likelihood of each continuation after its context."""
        found: list[Likelihood] = super().loglikelihood(requests, disable_tqdm=True)
        return found

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[tuple[str, str], list[int], list[int]]], **_: Any
    ) -> list[Likelihood]:
        pairs = [self._checked(texts, context, continuation) for texts, context, continuation in requests]
        return self._likelihoods(pairs)

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[float]:
        """The likelihood of each text, in windows where it is longer than the context."""
        windows: list[list[Pair]] = []
        for (text,) in (request.args for request in requests):
            tokens = self.tok_encode(text, add_special_tokens=False)
            rolling = get_rolling_token_windows(tokens, self.prefix_token_id, self.max_length, 1)
            windows.append([make_disjoint_window(window) for window in rolling])
        found = iter(self._likelihoods([pair for each in windows for pair in each]))
        return [sum(next(found)[0] for _ in each) for each in windows]

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[str]:
        """What the model writes after each context, as many at a time as the model was opened for."""
        asked = [self._generation(*request.args) for request in requests]
        return self._answered("generate", asked, self._write)

    # ----------------------------------------------------------------------------------------------------- likelihoods

    def _checked(self, texts: tuple[str, str], context: list[int], continuation: list[int]) -> Pair:
        """The pair, its context cut off at the left as far as it does not fit."""
        if not continuation:
            raise InvalidArgumentError(f"{texts[1]!r} is no token of its own after {texts[0][-40:]!r}")
        if len(continuation) > self._n_ctx:
            raise ContextOverflowError(
                f"a continuation has {len(continuation)} tokens, and the context only {self._n_ctx}; "
                "open the model with a larger n_ctx",
                {"n_tokens": len(continuation), "n_ctx": self._n_ctx},
            )
        kept = self._n_ctx + 1 - len(continuation)  # the last token is not run
        return context[-kept:], continuation

    def _likelihoods(self, pairs: Sequence[Pair]) -> list[Likelihood]:
        found = self._answered("loglikelihood", pairs, self._score)
        return [(float(logprob), bool(greedy)) for logprob, greedy in found]

    def _score(self, pairs: Sequence[Pair]) -> Iterator[list[tuple[int, Any]]]:
        """Scores pairs, those with the same context beside each other, so that it is computed once."""
        for places, tokens in _chunks(sorted(range(len(pairs)), key=lambda at: pairs[at]), pairs):
            batch = self._model.score_batch([(pairs[at][0], [pairs[at][1]]) for at in places])
            self.scored_tokens += tokens
            yield [(at, (found[0].logprob, found[0].greedy)) for at, found in zip(places, batch, strict=True)]

    # ------------------------------------------------------------------------------------------------------ generation

    def _generation(self, context: str, asked: Mapping[str, Any]) -> tuple[list[int], dict[str, Any]]:
        """A request to complete: its prompt, and its options."""
        options: dict[str, Any] = dict(normalize_gen_kwargs(dict(asked), _DEFAULT_TOKENS))
        until, n = [each for each in options.pop("until", []) if each], int(options.pop("max_gen_toks"))
        options.pop("do_sample", None)
        options = {_NAMES.get(key, key): value for key, value in options.items() if value is not None}
        unknown = sorted(options.keys() - _SAMPLING - set(_NAMES.values()))
        if unknown:
            raise UnsupportedError(f"the task asks for {' and '.join(unknown)} in generation, which is not known here")
        room = self._n_ctx - n
        if room < 1:
            raise ContextOverflowError(
                f"the task lets the model write {n} tokens, and the context has {self._n_ctx}; "
                "open the model with a larger n_ctx",
                {"n_tokens": n, "n_ctx": self._n_ctx},
            )
        return self.tok_encode(context)[-room:], {**options, "max_tokens": n, "stop": until, "seed": self._seed}

    def _write(self, asked: Sequence[tuple[list[int], dict[str, Any]]]) -> Iterator[list[tuple[int, Any]]]:
        with ThreadPoolExecutor(self._n_parallel) as pool:
            try:
                yield from ([each] for each in enumerate(pool.map(lambda each: self._complete(*each), asked)))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _complete(self, prompt: list[int], options: dict[str, Any]) -> str:
        result: Completion = self._model.complete(prompt, **options)
        return result.text

    # ---------------------------------------------------------------------------------------------------------- common

    def _answered(
        self, kind: str, asked: Sequence[T], ask: Callable[[Sequence[T]], Iterator[list[tuple[int, Any]]]]
    ) -> list[Any]:
        """The answers to all questions: those that are known, and the others as `ask` gives them, with their places.
        Equal questions are asked once."""
        keys = [key_of(kind, each) for each in asked]
        known = {key: self._answers.get(key) for key in keys} if self._answers else {}
        found = {key: value for key, value in known.items() if value is not None}
        missing = {key: each for key, each in zip(keys, asked, strict=True) if key not in found}
        names, times = list(missing), Counter(keys)
        done = len(keys) - sum(times[name] for name in names)
        self._report(done, len(keys))
        for some in ask(list(missing.values())):
            fresh = [(names[at], answer) for at, answer in some]
            found.update(fresh)
            if self._answers is not None:
                self._answers.keep(fresh)
            done += sum(times[name] for name, _ in fresh)
            self._report(done, len(keys))
        return [found[key] for key in keys]

    def _special_token(self, *names: str) -> int:
        for name in names:
            if name in self._special:
                return int(self._special[name]["id"])
        raise UnsupportedError(f"{self._model.path} has no {' and no '.join(names)} token, which this task needs")

    def _encode(self, text: str, add_special: bool | None, templated: bool) -> tuple[int, ...]:
        begins = self._special.get("bos", {}).get("text")
        if add_special is None:
            add_special = not (begins and text.startswith(begins))
        return tuple(self._model.tokenize(text, add_special=add_special, parse_special=templated))


def _chunks(places: Sequence[int], pairs: Sequence[Pair]) -> Iterator[tuple[list[int], int]]:
    """The places in parts, each as large as a request is to be, and its tokens; a context that comes again is free."""
    chunk, size = list[int](), 0
    for at, before in zip(places, (None, *places), strict=False):
        context, continuation = pairs[at]
        size += len(continuation) + (0 if before is not None and pairs[before][0] == context else len(context))
        chunk.append(at)
        if size >= _CHUNK_TOKENS:
            yield chunk, size
            chunk, size = [], 0
    if chunk:
        yield chunk, size
