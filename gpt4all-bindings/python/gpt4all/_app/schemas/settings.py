"""Settings: of the application, of a model, of a chat."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from .base import Model

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Sampling(Model):
    """How tokens are chosen. null: as the next level says; in the end, as the model's makers advise."""

    temperature: float | None = Field(default=None, ge=0, le=100)
    top_k: int | None = Field(default=None, ge=0, le=1_000_000)
    top_p: float | None = Field(default=None, ge=0, le=1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    repeat_penalty: float | None = Field(default=None, ge=0, le=100)
    seed: int | None = Field(default=None, ge=-1, le=2**32 - 1)
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000)


class ChatSettings(Model):
    """What applies to a chat. null: as the model's settings say, and else the application's.

    system: the system prompt. template: a Jinja chat template instead of the model's own.
    reasoning: whether the model thinks first, if it can.
    output_schema, in JSON `schema`: answers are JSON that satisfies it.
    tools: names of tools that may be called. collections: of documents that answers come from.
    documents_only: whether questions that they say nothing about are left unanswered.
    """

    system: str | None = Field(default=None, max_length=200_000)
    template: str | None = Field(default=None, max_length=1_000_000)
    reasoning: bool | None = None
    sampling: Sampling = Field(default_factory=Sampling)
    output_schema: dict[str, Any] | None = Field(default=None, alias="schema")
    tools: list[Name] | None = Field(default=None, max_length=100)
    collections: list[Name] | None = Field(default=None, max_length=100)
    documents_only: bool | None = None


class Preset(Model):
    """Settings that have a name, to be given to chats."""

    id: str
    name: str
    settings: ChatSettings


class NewPreset(Model):
    name: Name
    settings: ChatSettings = Field(default_factory=ChatSettings)


class PresetChange(Model):
    name: Name | None = None
    settings: ChatSettings | None = None


class AppValues(Model):
    """The application's settings."""

    theme: str = Field(
        default="system",
        title="Theme",
        description="How it looks.",
        pattern="^(system|light|dark|contrast)$",
        max_length=20,
    )
    language: str | None = Field(
        default=None,
        title="Language",
        description="The language of the application; the browser's if none is chosen.",
        max_length=35,
        pattern="^[A-Za-z0-9-]+$",
    )
    text_size: int = Field(default=100, title="Text size", description="In percent.", ge=50, le=300)
    send_with_enter: bool = Field(
        default=True, title="Enter sends", description="Otherwise Ctrl+Enter does, and Enter begins a line."
    )
    default_model: str | None = Field(
        default=None,
        title="Default model",
        description="The model of new chats; the last one used if none is chosen.",
        max_length=500,
    )
    system: str | None = Field(
        default=None,
        title="System prompt",
        description="What every model is told first, unless a chat says otherwise.",
        max_length=200_000,
    )
    reasoning: bool | None = Field(
        default=None, title="Reasoning", description="Whether models that can think do so before they answer."
    )
    documents_only: bool = Field(
        default=False,
        title="Only from documents",
        description="Leave unanswered what the chosen documents say nothing about.",
    )
    reranker: str | None = Field(
        default=None,
        title="Reranker",
        description="A model that orders the best passages that a search of documents finds; none if none is chosen.",
        min_length=1,
        max_length=500,
    )
    rerank_milliseconds: int = Field(
        default=400,
        title="Time for the reranker",
        description="In milliseconds for a search. What is not ready by then keeps its place behind the others.",
        ge=1,
        le=600_000,
        json_schema_extra={"advanced": True},
    )
    context_tokens: int = Field(
        default=0,
        title="Context",
        description="Tokens that a model has in mind. 0: what it was made for, at most 8192.",
        ge=0,
        le=1_000_000,
        json_schema_extra={"advanced": True},
    )
    threads: int = Field(
        default=0,
        title="Threads",
        description="Processor threads for a model. 0: as many as suit.",
        ge=0,
        le=1024,
        json_schema_extra={"advanced": True},
    )
    keep_open_seconds: float = Field(
        default=300,
        title="Keep models open",
        description="Seconds for which a model stays open that nobody uses; -1: always.",
        ge=-1,
        le=10_000_000,
        json_schema_extra={"advanced": True},
    )
    temperature: float | None = Field(
        default=None,
        title="Temperature",
        description="How varied answers are. Empty: as the model's makers advise.",
        ge=0,
        le=100,
        json_schema_extra={"advanced": True},
    )
    max_tokens: int | None = Field(
        default=None,
        title="Longest answer",
        description="In tokens. Empty: as long as the context has room.",
        ge=1,
        le=1_000_000,
        json_schema_extra={"advanced": True},
    )
    folders: list[Annotated[str, Field(max_length=4096)]] = Field(
        default_factory=list,
        title="Further folders",
        description="Folders beside your home that documents and models may be chosen from.",
        max_length=100,
        json_schema_extra={"advanced": True},
    )


class Settings(Model):
    """values: those that apply. defaults: those that would if nothing was set. value_schema, in JSON `schema`: a JSON
    Schema with a title, a description, a group and `advanced` for each."""

    values: AppValues
    defaults: AppValues
    value_schema: dict[str, Any] = Field(alias="schema")
