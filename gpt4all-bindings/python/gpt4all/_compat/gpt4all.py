"""GPT4All: the class that programs of older releases know, on top of Model.

Release 2.8.2 is what its names, defaults and exceptions follow; chat_session() takes the names of its unreleased
successor, too. The methods of Model (chat, complete, tokenize and so on) are all there beside them.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from .. import _operations as operations
from .._errors import InvalidArgumentError, checked_text, whole_number
from .._library import path_text
from .._model import Model
from ..models import find
from . import retrieve
from .chat_session import ChatSession, Sessions, answer_of
from .device_names import device_option
from .llmodel import (
    LLModel,
    ResponseCallbackType,
    TokenIds,
    View,
    empty_response_callback,
    layers,
    sampling,
    stops,
)
from .prompts import (
    DEFAULT_PROMPT_TEMPLATE,
    Hook,
    JinjaTemplate,
    Message,
    OwnTemplate,
    Pattern,
    Prompting,
    is_jinja,
)

if TYPE_CHECKING:
    from .._library import Progress

ConfigType = dict[str, Any]
"""A row of the catalogue, with the keys that the old one had."""

MessageType = Message
"""What was said in a chat session: a dict with `role` and `content`."""


class GPT4All(Model):
    """A model that is found by name, downloaded if needed, and opened.

    model_name: a file, a file's name (".gguf" is optional), a name from the catalogue, or hf://owner/repo/file.
    model_path: the folder that holds the file, or to download it to. None: DEFAULT_MODEL_DIRECTORY.
    model_type: stored in the attribute of that name; otherwise unused.
    allow_download: whether a missing model may be downloaded. If not, the network is not used.
    n_threads: CPU threads. None: chosen for this machine.
    device: None for the best available; "cpu"; "gpu"; a vendor ("amd", "nvidia", "intel"); a backend ("cuda", or
        "kompute", which means Vulkan); or one of list_gpus().
    n_ctx: context in tokens; 0 for as many as the model was trained for, up to 8192.
    ngl: layers on the GPU; 100 and above for all.
    verbose: print on stderr which file was found or downloaded.
    progress, options: as for Model; `n_gpu_layers`, `threads` and so on take precedence over the older names.

    The attribute `config` holds what the catalogue knows, and the path.

    Raises ModelNotFoundError (a FileNotFoundError) if there is no such file or folder, DeviceError (a ValueError) for a
    device that does not exist, InvalidModelError (a RuntimeError) for a file that is not a model, OutOfMemoryError.
    """

    def __init__(
        self,
        model_name: str | os.PathLike[str],
        *,
        model_path: str | os.PathLike[str] | None = None,
        model_type: str | None = None,
        allow_download: bool = True,
        n_threads: int | None = None,
        device: str | Sequence[str] | None = None,
        n_ctx: int = 2048,
        ngl: int = 100,
        verbose: bool = False,
        progress: Progress | None = None,
        **options: Any,
    ) -> None:
        self.model_type = model_type
        self._sessions = Sessions()
        self._renderers: dict[str, Model] = {}
        self._past: list[int] = []
        self._ngl = ngl
        if not isinstance(device, (Sequence, type(None))):
            checked_text(device, "device")
        chosen = device_option(device) if device is None or isinstance(device, str) else list(device)
        self.config: ConfigType = self.retrieve_model(
            path_text(model_name), model_path=model_path, allow_download=allow_download, verbose=verbose
        )
        given: dict[str, Any] = {"n_ctx": n_ctx, "n_gpu_layers": layers(ngl), "device": chosen}
        if n_threads is not None:
            given["threads"] = max(whole_number(n_threads, "n_threads"), 0)
        if self.config.get("chatTemplate"):
            given["chat_template"] = self.config["chatTemplate"]  # the file has none, or a bad one
        self._options: Any = {**given, **options}
        entry = find(os.path.basename(self.config["path"]))
        if entry is not None and entry.kind == "embedding":
            self._limit_context(entry.context_length)
        super().__init__(self.config["path"], progress=progress, **self._options)
        info = self.info()
        if not info["capabilities"]["generate"] and self._limit_context(info["n_ctx_train"]):
            super().close()
            super().__init__(self.config["path"], progress=progress, **self._options)

    def _limit_context(self, trained: int) -> bool:
        """Keeps n_ctx, whose default is made for chats, within what an encoder was trained for: such a model has no
        positions beyond that. Whether there was anything to change."""
        if not 0 < trained < self._options["n_ctx"]:
            return False
        self._options["n_ctx"] = trained
        return True

    # -------------------------------------------------------------------------------------------- finding model files

    @staticmethod
    def list_models() -> list[ConfigType]:
        """The catalogue of this release, in rows like the old one's. Needs no network."""
        return retrieve.rows()

    @classmethod
    def retrieve_model(
        cls,
        model_name: str,
        model_path: str | os.PathLike[str] | None = None,
        allow_download: bool = True,
        verbose: bool = False,
    ) -> ConfigType:
        """Finds a model's file, or downloads it, and returns the catalogue's row with the file's "path".

        Raises ModelNotFoundError (a FileNotFoundError) for a missing folder, or a missing file that may not be
        downloaded; RuntimeError if the default folder cannot be created; DownloadError.
        """
        folder = retrieve.default_folder() if model_path is None else path_text(model_path)
        return retrieve.retrieve(
            model_name,
            Path(folder),
            default=model_path is None,
            download=cls.download_model if allow_download else None,
            verbose=verbose,
        )

    @staticmethod
    def download_model(
        model_filename: str,
        model_path: str | os.PathLike[str],
        verbose: bool = True,
        url: str | None = None,
        expected_size: int | None = None,
        expected_md5: str | None = None,
        *,
        expected_sha256: str | None = None,
    ) -> str | os.PathLike[str]:
        """Downloads a model into the folder `model_path`, resuming where an earlier run was interrupted.

        url: None for the sources in the catalogue.
        expected_size: in bytes.
        expected_md5, expected_sha256: in hexadecimal. The file gets its final name only if they match; they are not
            needed if the catalogue knows them.

        Returns the file. Raises DownloadError, which is also a ValueError for a wrong status, size or hash.
        """
        return retrieve.download(
            model_filename,
            Path(path_text(model_path)),
            verbose=verbose,
            url=url,
            size=expected_size,
            md5=expected_md5,
            sha256=expected_sha256,
        )

    @staticmethod
    def list_gpus() -> list[str]:
        """Names of the GPUs, to pass as `device`, such as "cuda:NVIDIA H200"; an empty list if there are none."""
        return LLModel.list_gpus()

    # ------------------------------------------------------------------------------------------------- what it runs on

    @property
    def model(self) -> LLModel:
        """The layer below, which older programs use: model.set_thread_count(), model.prompt_model()."""
        return View(self, self._ngl, self._options, self._past, self._reopen)

    @property
    def backend(self) -> str:
        """Where the model computes: "cpu", "cuda", "vulkan", "metal" or another of llama.cpp's backends."""
        return self.model.backend

    @property
    def device(self) -> str | None:
        """The name of the GPU in use, or None."""
        return self.model.device

    def close(self) -> None:
        """Cancels whatever is running and frees the memory. Safe to call at any time, and more than once. Afterwards,
        everything raises ClosedError, which is a ValueError."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()
        super().close()

    def _reopen(self, threads: int) -> None:
        super().close()
        self._options["threads"] = threads
        super().__init__(self.config["path"], **self._options)

    # ------------------------------------------------------------------------------------------------------ generating

    @overload
    def generate(self, prompt: str, *, streaming: Literal[False] = ..., **parameters: Any) -> str: ...
    @overload
    def generate(self, prompt: str, *, streaming: Literal[True], **parameters: Any) -> Generator[str, None, None]: ...
    @overload
    def generate(self, prompt: str, *, streaming: bool, **parameters: Any) -> Any: ...
    def generate(
        self,
        prompt: str,
        *,
        max_tokens: int = 200,
        temp: float = 0.7,
        top_k: int = 40,
        top_p: float = 0.4,
        min_p: float = 0.0,
        repeat_penalty: float = 1.18,
        repeat_last_n: int = 64,
        n_batch: int = 8,
        n_predict: int | None = None,
        streaming: bool = False,
        callback: ResponseCallbackType = empty_response_callback,
        **request: Any,
    ) -> Any:
        """Continues a text; within chat_session(), answers a message.

        max_tokens, or n_predict: maximum length of the answer, in tokens; -1 for as long as there is room.
        temp: 0 always picks the most likely token. top_k, top_p, min_p, repeat_penalty, repeat_last_n: as in
            types.Sampling. n_batch: has no effect, because tokens are processed in batches that suit the machine.
        streaming: return an iterator over the pieces of the text. Leaving its loop early stops the generation.
        callback: called with a token's id and its text; if it returns False, the generation stops.
        request: the other options in types.CompleteOptions, such as seed, stop and grammar.

        Anything not given has the value above, as in older releases; the advice of the model's makers, which chat() and
        complete() follow, is not used here.

        Returns the text. Raises ContextOverflowError (a ValueError) if the prompt does not fit into the context.
        """
        options = sampling(
            max_tokens=max_tokens if n_predict is None else n_predict,
            temp=temp,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repeat_penalty=repeat_penalty,
            repeat_last_n=repeat_last_n,
            **request,
        )
        self._use()
        pieces: list[str] = []
        generator = self._answer(prompt, options, callback, pieces)
        if streaming:
            return generator
        for _ in generator:
            pass
        return "".join(pieces)

    def _answer(
        self, prompt: str, options: Mapping[str, Any], callback: ResponseCallbackType, pieces: list[str]
    ) -> Generator[str, None, None]:
        """The text piece by piece, until the callback has enough; `pieces` has the last one, too."""
        session = self._sessions.current
        given: Any = options
        if session is None:
            answer = answer_of(self.complete(prompt, stream=True, **given))
        else:
            answer = session.reply(self, prompt, options)
        ids = TokenIds(self)
        with contextlib.closing(answer):
            for piece in answer:
                pieces.append(piece)
                if callback is not empty_response_callback and stops(callback(ids(piece), piece)):
                    return
                yield piece

    # -------------------------------------------------------------------------------------------------- chat sessions

    @contextlib.contextmanager
    def chat_session(
        self,
        system_prompt: str | Literal[False] | None = None,
        prompt_template: str | None = None,
        *,
        system_message: str | Literal[False] | None = None,
        chat_template: str | None = None,
    ) -> Iterator[GPT4All]:
        """Within this context, generate() answers messages and remembers them; they are forgotten when it ends.

        system_message, or system_prompt: the system message. None: the catalogue's. False: none.
        chat_template, or prompt_template: a Jinja template of the conversation, or a pattern of one turn with {0} for
            the user's message and {1} for the reply. None: the template of the model's file.

        Raises ValueError (InvalidArgumentError) for a pattern that cannot be read, TemplateError for Jinja.
        """
        system = _either("system_message", system_message, "system_prompt", system_prompt)
        template = _either("chat_template", chat_template, "prompt_template", prompt_template)
        if system is None:
            system = self.config.get("systemMessage") or ""
        history: list[Message] = []
        if system is not False:
            history.append({"role": "system", "content": checked_text(system, "system_message")})
        session = ChatSession(history, self._prompting(template))
        self._sessions.add(session)
        try:
            yield self
        finally:
            self._sessions.remove(session)

    @property
    def current_chat_session(self) -> list[MessageType] | None:
        """A copy of the messages in the chat session; None outside of one. Assign a list of messages, such as a saved
        one, to replace them: ValueError outside of a session."""
        session = self._sessions.current
        return None if session is None else [dict(message) for message in session.history]

    @current_chat_session.setter
    def current_chat_session(self, messages: Sequence[Mapping[str, Any]]) -> None:
        session = self._sessions.current
        if session is None:
            raise InvalidArgumentError("current_chat_session may only be set when there is an active chat session")
        session.assign(messages)

    def _prompting(self, template: str | None) -> Prompting:
        if type(self)._format_chat_prompt_template is not GPT4All._format_chat_prompt_template:
            warnings.warn(
                "overriding _format_chat_prompt_template() is deprecated; give chat_session() a chat_template",
                DeprecationWarning,
                stacklevel=5,
            )
            return Hook(self._format_chat_prompt_template)
        if template is not None:
            checked_text(template, "chat_template")
            return JinjaTemplate(self._renderer(template)) if is_jinja(template) else Pattern(template)
        if self._options.get("chat_template") or self.info().get("chat_template"):
            return OwnTemplate()
        warnings.warn(
            f"{self.path} has no chat template, and none was given: prompts and answers are marked with ### Human and "
            "### Assistant, which this model may not know. Give a chat_template.",
            DeprecationWarning,
            stacklevel=5,
        )
        return Pattern(DEFAULT_PROMPT_TEMPLATE)

    def _renderer(self, template: str) -> Any:
        """Applies a Jinja template that is not the model's: by a second handle to the same file, whose weights are
        mapped and never read, since a template can only be given when a model is opened."""
        if template not in self._renderers:
            self._renderers[template] = Model(
                self.path, chat_template=template, device="cpu", n_gpu_layers=0, n_ctx=64, n_parallel=1, repack=False
            )
        renderer = self._renderers[template]
        return lambda messages: renderer._ask(operations.template_tokens(messages))

    def _format_chat_prompt_template(
        self, messages: list[MessageType], default_prompt_header: str = "", default_prompt_footer: str = ""
    ) -> str:
        """The text of messages. Deprecated since release 2.3.0: only subclasses that replace it make it be called."""
        parts = [default_prompt_header + "\n\n"] if default_prompt_header else []
        for message in messages:
            if message["role"] == "user":
                parts.append(DEFAULT_PROMPT_TEMPLATE.format(message["content"]))
            elif message["role"] == "assistant":
                parts.append(message["content"] + "\n")
        return "".join(parts) + ("\n\n" + default_prompt_footer if default_prompt_footer else "")


def _either(name: str, value: Any, older_name: str, older_value: Any) -> Any:
    if value is not None and older_value is not None:
        raise InvalidArgumentError(f"give {name} or {older_name}, which is its older name, but not both")
    return older_value if value is None else value
