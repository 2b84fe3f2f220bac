"""Bodies of OpenAI's requests, where they differ from the engine's."""

from __future__ import annotations

from ..openapi.bodies import MODEL, SWITCH, TEXT, Body, Schema, ignored, said
from .bodies import WITHOUT_EFFECT

IGNORED = ignored(WITHOUT_EFFECT, "OpenAI's")
STREAM: dict[str, Schema] = {
    "stream": said("Send the answer in pieces, as server-sent events.", SWITCH),
    "stream_options": {
        "type": "object",
        "properties": {"include_usage": said("Send a last piece that tells how many tokens it took.", SWITCH)},
    },
}
SEED = said(
    "The same request, run alone, gets the same answer from the same seed. -1: a different one each time.",
    {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
)
NAMED: Schema = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
TOKENS: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/token_id"}}

CHAT = Body(
    "ChatCompletionRequest",
    "A conversation, whose next message is asked for.",
    {
        "model": MODEL,
        **STREAM,
        "seed": SEED,
        "tool_choice": {
            "description": "Whether tools are called, which one must be, or which may be.",
            "anyOf": [
                {"enum": ["auto", "none", "required"]},
                {
                    "type": "object",
                    "properties": {"type": {"const": "function"}, "function": NAMED},
                    "required": ["type", "function"],
                },
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": "allowed_tools"},
                        "allowed_tools": {
                            "type": "object",
                            "properties": {
                                "mode": {"enum": ["auto", "required"]},
                                "tools": {
                                    "type": "array",
                                    "items": {"type": "object", "properties": {"function": NAMED}},
                                },
                            },
                            "required": ["mode", "tools"],
                        },
                    },
                    "required": ["type", "allowed_tools"],
                },
            ],
        },
        "modalities": {"const": ["text"], "description": "Models here write text."},
        **IGNORED,
    },
    required=("model", "messages"),
    engine="chat_request",
    example={"model": "smollm2", "messages": [{"role": "user", "content": "Why is the sky blue?"}], "max_tokens": 50},
)
COMPLETION = Body(
    "CompletionRequest",
    "Texts that are to be continued.",
    {
        "model": MODEL,
        "prompt": {
            "description": "A text or its tokens, or several of them; a stream continues only one.",
            "default": "",
            "anyOf": [
                TEXT,
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": TEXT},
                TOKENS,
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": TOKENS},
            ],
        },
        "max_tokens": said("How many tokens to generate at most.", {"type": "integer", "minimum": -1, "default": 16}),
        "suffix": said("What follows the gap that is to be filled, for models that can.", {**TEXT, "default": ""}),
        "best_of": said("As many as n: all answers are given.", {"type": "integer", "minimum": 1, "maximum": 64}),
        "seed": SEED,
        "echo": said("Put the prompt in front of the answer.", SWITCH),
        **STREAM,
        **IGNORED,
    },
    required=("model",),
    engine="complete_request",
    example={"model": "smollm2", "prompt": "The sky is", "max_tokens": 10},
)
EMBEDDINGS = Body(
    "EmbeddingsRequest",
    "Texts that are to become vectors.",
    {"model": MODEL, "encoding_format": {"enum": ["float", "base64"], "default": "float"}, **IGNORED},
    required=("model", "input"),
    engine="embed_request",
    example={"model": "nomic-embed-text", "input": ["search_query: Why is the sky blue?"]},
)
RERANK = Body(
    "RerankRequest",
    "Documents that are to be ranked by how well they answer a query.",
    {
        "model": MODEL,
        "documents": {
            "type": "array",
            "minItems": 1,
            "items": {
                "anyOf": [TEXT, {"type": "object", "required": ["text"], "properties": {"text": TEXT}}],
            },
        },
        "return_documents": said("Repeat the documents in the answer.", SWITCH),
        **IGNORED,
    },
    required=("model", "query", "documents"),
    engine="rerank_request",
)
BODIES = (CHAT, COMPLETION, EMBEDDINGS, RERANK)
