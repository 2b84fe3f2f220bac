"""Does the steps of a case, and says how each ends."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import gguf
import jinja2

from ..places import committed_models
from . import sampling, templates
from .generation import AmbiguousError
from .hugging_face import family
from .model_files import ModelFile, open_file, path_of
from .named_templates import default_name
from .opened import Opened, PromptTooLongError, done
from .operations import OPERATIONS
from .refusals import refused
from .values import Json, NotCoveredError, Partial, Unknown

# What other implementations have a part in; everything else is the same in all runs, and counts for the first.
COMPUTED = {
    "llama-cpp-python": ("complete", "chat", "score", "score_batch", "embed", "rerank", "tokenize"),
    "sentence-transformers": ("embed",),
}


class Run:
    """A case that runs on one implementation."""

    def __init__(self, case: Json, scratch: Path, *, implementation: str) -> None:
        self._places = {"${models}": committed_models().as_posix(), "${scratch}": scratch.as_posix()}
        self._case, self._implementation = case, implementation
        self._kinds: dict[Path, tuple[Path, str]] = {}  # what was quantised: from what, and to which type
        self._model: Opened | None = None
        self._sessions: dict[str, list[Json]] = {}
        self._states: dict[Path, tuple[str, Json, list[int]]] = {}  # what was saved: of which model, and the tokens

    def outcome(self, step: Json) -> Any:
        """A step's outcome. Raises NotCoveredError."""
        given = self._filled(step)
        if given["do"] == "together":
            return [self._tried(self._request, call) for call in given["requests"]]
        return self._tried(getattr(self, f"_{given['do']}", self._unknown), given)

    def _tried(self, work: Any, given: Json) -> Any:
        outcome = self._done(work, given)
        if self._implementation == "transformers" or isinstance(outcome, Unknown):
            return outcome
        operation = "chat" if given.get("do") == "say" else given.get("operation")
        by_grammar = outcome.get("status") == "grammar_error" and "grammar" in given["request"]
        refused_here = "status" in outcome and not by_grammar
        if operation not in COMPUTED[self._implementation] or refused_here:
            return Unknown("not computed by a model")
        return outcome

    def _done(self, work: Any, given: Json) -> Any:
        try:
            return work(given)
        except NotCoveredError as error:
            return Unknown(str(error))
        except PromptTooLongError as error:
            return {"status": "context_overflow", "detail": error.detail or Unknown("particulars of this library")}
        except AmbiguousError as error:
            return {"ambiguous": str(error)}
        except jinja2.TemplateError:
            return {"status": "template_error"}

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, str):
            for name, folder in self._places.items():
                value = value.replace(name, folder)
        return value

    def _unknown(self, step: Json) -> Json:
        raise NotCoveredError("only this library says it")

    def _path(self, step: Json) -> Path:
        return Path(step["path"]) if "path" in step else path_of(self._case["model"])

    def _open(self, step: Json) -> Json:
        path, kind = self._kinds.get(self._path(step), (self._path(step), None))
        if status := refused(step["do"], path, step["options"]):
            return {"status": status}
        if source := step["options"].get("chat_template"):
            templates.check_template(source)
        self._model = Opened(path, step["options"], kind=kind, implementation=self._implementation)
        return self._inspect(step)

    def _inspect(self, step: Json) -> Json:
        path, kind = self._kinds.get(self._path(step), (self._path(step), None))
        if status := refused(step["do"], path, step["options"]):
            return {"status": status}
        return done(described(open_file(path), kind, step["options"]))

    def _quantize(self, step: Json) -> Json:
        if status := refused(step["do"], self._path(step), step["options"]):
            return {"status": status}
        if Path(step["out_path"]).parent.is_file():
            return {"status": "io"}
        self._kinds[Path(step["out_path"])] = (self._path(step), step["options"]["type"])
        return done(Partial(type=step["options"]["type"], input_bytes=self._path(step).stat().st_size))

    def _request(self, step: Json) -> Json:
        if "cancel_after" in step:
            raise NotCoveredError("when a request is cancelled is this library's own")
        if self._model is None:
            return {"status": "closed"}
        model = self._model
        if status := refused(step["operation"], model.file.path, step["request"], model):
            return {"status": status}
        if step["operation"] not in OPERATIONS:
            raise NotCoveredError("only this library says it")
        request = step["request"]
        if step["operation"] in ("complete", "chat"):
            chosen = sampling.defaults(model.file, model.options)["temperature"]
            request = {"temperature": chosen["value"], **request}
        return OPERATIONS[step["operation"]](model, request, self._case.get("regex"))

    def _say(self, step: Json) -> Json:
        heard = self._sessions.setdefault(step["session"], [])
        if not heard and "system" in step:
            heard.append({"role": "system", "content": step["system"]})
        heard.append({"role": "user", "content": step["content"]})
        outcome = self._request({"operation": "chat", "request": {**step["request"], "messages": heard}})
        heard.append({"role": "assistant", "content": outcome["result"]["choices"][0]["message"]["content"]})
        return outcome

    def _fork(self, step: Json) -> Json:
        self._sessions[step["to"]] = list(self._sessions[step["session"]])
        return Partial()

    def _save_state(self, step: Json) -> Json:
        model, path = self._slot(step), Path(step["path"])
        if isinstance(model, dict):
            return model
        if path.parent.is_file():
            return {"status": "io"}
        if not path.parent.is_dir():
            return {"status": "not_found"}
        self._states[path] = (self._digest(model), self._cache_types(model), model.computed)
        return done(Partial(n_tokens=len(model.computed)))

    def _restore_state(self, step: Json) -> Json:
        model, path = self._slot(step), Path(step["path"])
        if isinstance(model, dict):
            return model
        if path not in self._states:
            return {"status": "invalid_model" if path.is_file() else "not_found"}
        digest, types, tokens = self._states[path]
        if (digest, types) != (self._digest(model), self._cache_types(model)):
            return {"status": "invalid_model"}
        model.computed = tokens
        return done(Partial(n_tokens=len(tokens)))

    def _slot(self, step: Json) -> Any:
        """The model, or the outcome if there is no such slot."""
        if self._model is None:
            return {"status": "closed"}
        model = self._model
        if status := refused("state", model.file.path, step["request"], model):
            return {"status": status}
        if step["request"].get("id_slot", 0) >= model.options.get("n_parallel", 1):
            return {"status": "not_found"}
        return model

    @staticmethod
    def _digest(model: Opened) -> str:
        return hashlib.sha256(model.file.path.read_bytes()).hexdigest()

    @staticmethod
    def _cache_types(model: Opened) -> Json:
        return {key: model.options.get(key, "f16") for key in ("cache_type_k", "cache_type_v")}

    def _close(self, _: Json) -> Json:
        self._model = None
        return Partial()


def described(file: ModelFile, kind: str | None, options: Json) -> Json:
    """What is told of a model file."""
    texts = file.value("tokenizer.ggml.tokens")
    eos = file.value("tokenizer.ggml.eos_token_id")
    only_encodes = file.architecture == "bert"
    ranks = "cls.weight" in file.weights
    file_type = gguf.LlamaFileType(file.value("general.file_type")).name
    # what the model is, and what it runs as where that is another architecture
    runs_as = {"runs_as": file.architecture} if family(file) != file.architecture else {}
    has_none = not only_encodes and not file.value("tokenizer.chat_template")
    default = {"default_chat_template": default_name(family(file), texts)} if has_none else {}
    return Partial(
        architecture=family(file),
        **runs_as,
        quantization=kind or file_type.removeprefix("MOSTLY_").removeprefix("ALL_"),
        n_params=sum(weight.size for weight in file.weights.values()),
        n_ctx_train=file.parameter("context_length"),
        n_vocab=len(texts),
        n_embd=file.parameter("embedding_length"),
        n_layer=file.parameter("block_count"),
        n_head=file.parameter("attention.head_count"),
        n_head_kv=file.parameter("attention.head_count_kv", file.parameter("attention.head_count")),
        size=file.path.stat().st_size,
        format="gguf",
        capabilities={"generate": not only_encodes, "embed": True, "rerank": ranks},
        chat_template=file.value("tokenizer.chat_template"),
        **default,
        **({} if only_encodes else {"sampling": sampling.defaults(file, options)}),
        special_tokens=Partial(eos=Partial(id=eos)),
    )
