"""What each operation gives, as far as another implementation can tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import templates
from .constraint import Constraint
from .embedding import embed, rerank
from .generation import AmbiguousError, Answer, Rows, generate, log_softmax
from .llama_cpp_engine import LlamaCppEngine
from .opened import Opened, PromptTooLongError, done
from .schema_regex import schema_regex
from .tool_calls import call_regex, forced_call, message_of, tools_of
from .values import Json, NotCoveredError, OneOf, Partial, Unknown


def prompt_tokens(model: Opened, prompt: Any) -> list[int]:
    """Tokens of a prompt: a text, or ids and texts of which the first, if it is a text, begins the prompt."""
    if isinstance(prompt, str):
        return model.vocabulary.encode(prompt, add_special=True)
    made: list[int] = []
    for place, item in enumerate(prompt):
        made += [item] if isinstance(item, int) else model.vocabulary.encode(item, add_special=place == 0)
    return made


def constraint_of(model: Opened, request: Json, regex: str | None) -> Constraint | None:
    form = request.get("response_format", {})
    if tools := call_regex(request):
        return Constraint(tools)
    if "grammar" in request:
        one_text = re.fullmatch(r'root ::= "([^"\\]*)"', request["grammar"])
        if regex is None and one_text is None:
            raise NotCoveredError("a grammar without a regular expression that says the same")
        return Constraint(regex or re.escape(one_text[1] if one_text else ""))
    if "json_schema" in request:
        return Constraint(schema_regex(request["json_schema"]))
    return Constraint(schema_regex(form["json_schema"]["schema"])) if form.get("type") == "json_schema" else None


def answer_of(model: Opened, prompt: list[int], request: Json, regex: str | None) -> Answer:
    if len(prompt) >= model.n_ctx:
        raise PromptTooLongError({"n_prompt_tokens": len(prompt), "n_ctx": model.n_ctx})
    engine = model.engine(request.get("lora"))
    if "n_predict" in request:  # another name
        request = {"max_tokens": request["n_predict"], **{key: request[key] for key in request if key != "n_predict"}}
    # where a context is shifted, it has room for as many tokens as are asked for
    room = request["max_tokens"] if model.options.get("context_shift") else model.n_ctx - len(prompt)
    return generate(engine, model.vocabulary, prompt, request, room, constraint_of(model, request, regex))


def complete(model: Opened, request: Json, regex: str | None) -> Json:
    prompt = prompt_tokens(model, request["prompt"])
    answer = answer_of(model, prompt, request, regex)
    choice = choice_of(model, answer, request) | {"text": answer.text}
    return result(model, choice, request, prompt, answer)


def chat(model: Opened, request: Json, regex: str | None) -> Json:
    prompt = templates.tokens(model.file, model.vocabulary, model.options, request)
    try:
        answer = answer_of(model, prompt, request, regex)
    except AmbiguousError:
        if len(tools_of(request)) != 1:
            raise
        return done(Partial(choices=[forced_call(request)]))
    choice = choice_of(model, answer, request) | message_of(answer, request)
    return result(model, choice, request, prompt, answer)


def result(model: Opened, choice: Json, request: Json, prompt: list[int], answer: Answer) -> Json:
    cached = {"cached_tokens": model.cached(prompt)}
    # the last token that was chosen is only computed if another one follows it
    model.computed = [*prompt, *(answer.tokens if answer.count > len(answer.tokens) else answer.tokens[:-1])]
    usage = {"prompt_tokens": len(prompt), "completion_tokens": answer.count, "prompt_tokens_details": cached}
    return done(Partial(choices=[choice] * request.get("n", 1), usage=usage))


def choice_of(model: Opened, answer: Answer, request: Json) -> Json:
    choice: Json = {"finish_reason": answer.finish, "tokens": answer.tokens}
    if answer.stop is not None:
        choice["stopping_word"] = answer.stop
    if request.get("logprobs", request.get("n_probs")) is not None:
        top = int(request.get("top_logprobs", request.get("n_probs", request.get("logprobs", 0))) or 0)
        rows = zip(answer.tokens, answer.rows, strict=True)
        content = [probabilities(model, token, row, top, request) for token, row in rows]
        choice["logprobs"] = {"content": content}
    return choice


def probabilities(model: Opened, token: int, row: Rows, top: int, request: Json) -> Json:
    best = [int(index) for index in (-row).argsort()[:top]]
    if request.get("post_sampling_probs"):
        return Partial(id=token, prob=1.0)  # greedy: no other token is left
    return described(model, token, row) | {"top_logprobs": [described(model, index, row) for index in best]}


def described(model: Opened, token: int, row: Rows) -> Json:
    piece = model.vocabulary.piece(token, special=True)
    try:
        text: Any = piece.decode()
    except UnicodeDecodeError:
        text = Unknown("a token that is no text of its own")
    return {"id": token, "token": text, "bytes": list(piece), "logprob": float(row[token])}


def scored_input(model: Opened, request: Json, given: Json) -> tuple[Json, list[list[float]]]:
    context = given["context"]
    if isinstance(context, str):
        context = model.vocabulary.encode(context, add_special=request.get("add_special", True))
    engine = model.engine(request.get("lora"))
    scored, floats = [], []
    for item in given["continuations"]:
        tokens = continuation_tokens(model, given["context"], item)
        cut = max(0, len(context) + len(tokens) - 1 - model.n_ctx)
        if cut and not request.get("truncate"):
            raise PromptTooLongError({})
        before = context[cut:]
        rows = [log_softmax(row) for row in engine.rows([*before, *tokens])[len(before) - 1 : -1]]
        each = [float(row[token]) for row, token in zip(rows, tokens, strict=True)]
        greedy = all(int(row.argmax()) == token for row, token in zip(rows, tokens, strict=True))
        found = {"tokens": tokens, "logprob": sum(each), "token_logprobs": each, "greedy": greedy, "n_truncated": cut}
        scored.append(found)
        floats += [list(map(float, row)) for row in rows]
    return {"continuations": scored, "context_tokens": context}, floats


def score(model: Opened, request: Json, _: str | None) -> Json:
    found, floats = scored_input(model, request, request)
    vocabulary = len(model.vocabulary.texts)
    return done(Partial(**found, n_vocab=vocabulary), floats if "logprob_rows" in request else [])


def score_batch(model: Opened, request: Json, _: str | None) -> Json:
    results = [scored_input(model, request, given)[0] for given in request["inputs"]]
    return done(Partial(results=results, n_vocab=len(model.vocabulary.texts)))


def continuation_tokens(model: Opened, context: Any, continuation: Any) -> list[int]:
    """Tokens of a text that goes on another one, whose first word is no beginning."""
    if not isinstance(continuation, str):
        return list(continuation)
    if model.vocabulary.kind != "llama" or context in ("", []):
        return model.vocabulary.encode(continuation)
    # SentencePiece puts a space before the beginning of a text, and here this is none
    marked = model.vocabulary.encode("\n" + continuation)
    start = model.vocabulary.encode("\n")
    assert marked[: len(start)] == start
    return marked[len(start) :]


def tokenize(model: Opened, request: Json, _: str | None) -> Json:
    content = request["content"]
    if isinstance(content, str):
        special = {
            "add_special": request.get("add_special", False),
            "parse_special": request.get("parse_special", True),
        }
        engine = model.engine(None) if model.implementation == "llama-cpp-python" else None
        if isinstance(engine, LlamaCppEngine):
            return done(Partial(tokens=engine.tokenize(content, **special)))
        return done(Partial(tokens=model.vocabulary.encode(content, **special)))
    if model.vocabulary.kind == "llama" and any(isinstance(item, str) for item in content):
        made: list[int] = []
        for item in content:
            made += [item] if isinstance(item, int) else model.vocabulary.encode(item)
        return done(Partial(tokens=made))
    return done(Partial(tokens=content))


def count_tokens(model: Opened, request: Json, _: str | None) -> Json:
    if "messages" in request:
        return done(Partial(input_tokens=len(templates.tokens(model.file, model.vocabulary, model.options, request))))
    made = model.vocabulary.encode(request["prompt"], add_special=request.get("add_special", True))
    return done(Partial(input_tokens=len(made)))


def detokenize(model: Opened, request: Json, _: str | None) -> Json:
    text = model.vocabulary.decode(request["tokens"], special=request.get("special", True))
    if model.vocabulary.kind == "bert":
        raise NotCoveredError("how the tokens of WordPiece are joined to a text is not defined")
    if model.vocabulary.kind != "llama":
        return done(Partial(content=text))
    # SentencePiece takes away the space that it puts before a text; not every program does
    return done(Partial(content=OneOf(text, text.removeprefix(" "))))


def apply_template(model: Opened, request: Json, _: str | None) -> Json:
    told = Partial(prompt=templates.shown(model.file, model.vocabulary, model.options, request))
    if request.get("return_tokens", False):
        told["tokens"] = templates.tokens(model.file, model.vocabulary, model.options, request)
    return done(told)


def adapters(model: Opened, request: Json, _: str | None) -> Json:
    for change in request.get("lora", []):
        model.scales[change["id"]] = change["scale"]
    return done(Partial(adapters=[Partial(id=index, scale=scale) for index, scale in enumerate(model.scales)]))


OPERATIONS: dict[str, Callable[[Opened, Json, str | None], Json]] = {
    "complete": complete,
    "chat": chat,
    "score": score,
    "score_batch": score_batch,
    "tokenize": tokenize,
    "count_tokens": count_tokens,
    "detokenize": detokenize,
    "apply_template": apply_template,
    "adapters": adapters,
    "embed": embed,
    "rerank": rerank,
}
