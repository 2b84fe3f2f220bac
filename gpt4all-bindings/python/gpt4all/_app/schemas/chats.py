"""Chats, their messages, and what happens while one is answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ..codes import Notice
from ..error_codes import ERROR_CODES
from .base import TEXT_LENGTH, Error, Model
from .settings import ChatSettings, Name

Id = Annotated[str, Field(min_length=1, max_length=100)]
Role = Literal["user", "assistant", "tool"]
State = Literal["done", "running", "stopped", "failed", "interrupted"]
Stage = Literal["waiting", "opening", "searching", "reading", "answering"]


class Attachment(Model):
    """A file that was given with a message. tokens: None if it has not been counted."""

    id: str
    name: str
    kind: Literal["text", "image"]
    size: int
    characters: int | None = None
    pages: int | None = None
    tokens: int | None = None


class EvidenceScores(Model):
    """Why a passage was found: see gpt4all.documents.Scores."""

    words: int | None
    letters: int | None
    vectors: int | None
    similarity: float | None
    fused: float
    rerank: float | None = None


class Evidence(Model):
    """A passage of a document that an answer may cite by its number.

    start, end: characters in the document's text; found: those that the search found. page: on which these begin.
    sha256: of the file as it was read.
    """

    number: int
    file_id: str | None
    collection: str
    path: str
    title: str
    headings: list[str]
    pages: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    page: int | None = None
    start: int
    end: int
    found: Annotated[list[int], Field(min_length=2, max_length=2)]
    text: str
    sha256: str
    scores: EvidenceScores | None
    cited: bool


class Reranking(Model):
    """What the reranker did for a search: how many candidates it had, and how many were done in time. Those come first,
    and the others behind them in the order that the search found."""

    candidates: int
    done: int
    seconds: float


class Searched(Model):
    """files: how many were searched. used: how many passages the model was given. mode: what was given of them.
    reranking: null without a reranker, or where the order of passages does not matter."""

    files: int
    used: int
    mode: Literal["passages", "whole", "map_reduce", "none"]
    answerable: bool
    reranking: Reranking | None = None


class ToolCall(Model):
    """A call that the model asks for. asked: it waits for a decision."""

    id: str
    name: str
    arguments: str
    state: Literal["asked", "running", "done", "denied", "failed"]
    result: str | None


class ToolInfo(Model):
    """A tool that the settings of a chat may name. error: why a program of that name offers none."""

    name: str
    description: str
    error: str | None


class Stats(Model):
    """What an answer took. cached_tokens: those of the prompt that had not to be computed."""

    prompt_tokens: int
    cached_tokens: int
    tokens: int
    seconds: float
    tokens_per_second: float
    first_token_seconds: float | None


class Message(Model):
    """A message. dropped: the ids of messages that the model was not given, as the context has no room for them.
    shortened: how many characters of the message that it answers were left out for that reason."""

    id: str
    chat_id: str
    parent: str | None
    role: Role
    content: str
    reasoning: str | None
    reasoning_seconds: float | None
    created: float
    model: str | None
    state: State
    error: Error | None
    attachments: list[Attachment]
    evidence: list[Evidence]
    searched: Searched | None
    tool_calls: list[ToolCall]
    stats: Stats | None
    dropped: list[str]
    shortened: int | None = None
    stop_reason: str | None


class ChatSummary(Model):
    """A chat in the list. job: the answer that is being written, if there is one."""

    id: str
    title: str
    folder_id: str | None
    pinned: bool
    created: float
    updated: float
    model: str | None
    job: str | None


class Chat(ChatSummary):
    """A chat with its messages, a tree by their parents. leaf: the last message of the branch that is shown."""

    settings: ChatSettings
    leaf: str | None
    messages: list[Message]


Place = Annotated[str, Field(max_length=110, pattern="^(pinned|loose|folder:.+)$")]
"""Where in the list a chat is. What is pinned is so whatever folder it is in; "loose" are those in none."""

PAGE = 100
LONGEST_PAGE = 500


class NewChat(Model):
    title: str | None = Field(default=None, max_length=500)
    model: str | None = Field(default=None, max_length=500)
    folder_id: Id | None = None
    settings: ChatSettings = Field(default_factory=ChatSettings)


class ChatChange(Model):
    """Only what is given changes."""

    title: str | None = Field(default=None, min_length=1, max_length=500)
    pinned: bool | None = None
    folder_id: Id | None = None
    model: str | None = Field(default=None, max_length=500)
    settings: ChatSettings | None = None
    leaf: Id | None = None


class Folder(Model):
    """A folder of chats. chats: how many are listed in it."""

    id: str
    name: str
    chats: int


class FolderName(Model):
    name: Name


class NewMessage(Model):
    """parent: the message that this one follows; null: none; absent: the chat's leaf."""

    parent: Id | None = None
    content: str = Field(max_length=TEXT_LENGTH)
    attachments: list[Id] = Field(default_factory=list, max_length=50)


class Sent(Model):
    """A message, the reply that is being written, and the job that writes it."""

    user: Message
    reply: Message
    job: str


class Replying(Model):
    reply: Message
    job: str


class Decision(Model):
    approve: bool


class Context(Model):
    """How full a model's context is, in tokens.

    used: by the prompt. reserved: for the answer. evidence: the part of the prompt that documents take.
    """

    used: int
    limit: int
    reserved: int
    evidence: int
    dropped: list[str]


class JobEvent(Model):
    """An event of a job. Which of the members there are depends on `type`.

    start: content, reasoning: what there is of the answer already, which text and reasoning are appended to.
    stage: stage, done, total, detail. evidence: evidence, searched. context: context. reasoning, text: text. tool_call:
    call. notice: code, message, and in total the number that it names. stats: stats. done: message. error: error.
    """

    seq: int
    type: Literal[
        "start", "stage", "evidence", "context", "reasoning", "text", "tool_call", "notice", "stats", "done", "error"
    ]
    content: str | None = None
    reasoning: str | None = None
    stage: Stage | None = None
    done: int | None = None
    total: int | None = None
    detail: str | None = None
    evidence: list[Evidence] | None = None
    searched: Searched | None = None
    context: Context | None = None
    text: str | None = None
    call: ToolCall | None = None
    code: str | None = Field(default=None, json_schema_extra=Notice.known())
    message: Message | str | None = None
    stats: Stats | None = None
    error: Error | None = None


class SearchHit(Model):
    """A place in a chat. message_id: None for its title. marks: where the words are in the snippet."""

    chat_id: str
    title: str
    message_id: str | None
    snippet: str
    marks: list[Annotated[list[int], Field(min_length=2, max_length=2)]]
    updated: float


class ImportFile(Model):
    """data: the file in base64."""

    name: str = Field(max_length=500)
    data: str = Field(max_length=128 << 20)


class ImportPiece(Model):
    """The next piece of a file of chats that is too large for one request.

    id: of the file, as the answer to its first piece tells it; null begins one. size: of the whole file. offset: what
    has come before. data: in base64.
    """

    id: Id | None = None
    name: str = Field(max_length=500)
    size: int = Field(ge=1, le=1 << 50)
    offset: int = Field(ge=0)
    data: str = Field(max_length=16 << 20)


class Skipped(Model):
    """reason: in English. code: the same for programs, one of the codes of errors."""

    name: str
    reason: str
    code: str = Field(json_schema_extra={"x-extensible-enum": [*ERROR_CODES]})


class Imported(Model):
    """chats: the ids of those that were made. skipped: what was not taken, and why."""

    chats: list[str]
    skipped: list[Skipped]


class ImportProgress(Model):
    """received: bytes. imported: what came of the file, once it is whole."""

    id: str
    received: int
    imported: Imported | None


class Exported(Model):
    """Chats as they can be imported again."""

    format: Literal["gpt4all-chats"]
    version: int
    chats: list[dict[str, Any]]
