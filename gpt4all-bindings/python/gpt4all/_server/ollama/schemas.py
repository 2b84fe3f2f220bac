"""Bodies of Ollama's requests."""

from __future__ import annotations

from ..openapi.bodies import MODEL, OBJECT, SWITCH, TEXT, TEXTS, Body, Schema, ignored, reference, said
from .options import OBSOLETE, RENAMED, SAME, WITHOUT_EFFECT
from .requests import EFFORTS

DURATION = r"^[+-]?(([0-9]+(\.[0-9]*)?(ns|us|ms|s|m|h))+|[0-9]+(\.[0-9]+)?)$"
NUMBER: Schema = {"type": "integer"}
NAMED: dict[str, Schema] = {"model": MODEL, "name": said("An older name of model.", TEXT)}
KEPT: dict[str, Schema] = {
    "keep_alive": said(
        "How long the model stays open afterwards: seconds, or as Go has it, such as 5m; negative: for ever.",
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": DURATION}]},
    ),
    "options": reference("OllamaOptions"),
}
OPTIONS = Body(
    "OllamaOptions",
    "How an answer is generated.",
    {
        "num_predict": said("How many tokens to generate at most; without limit if it is not positive.", NUMBER),
        "repeat_last_n": said(
            "How many tokens are looked at for repetitions; -1: all.", {"type": "integer", "minimum": -1}
        ),
        **{name: {"const": value, "description": "Ollama does no more either."} for name, value in OBSOLETE.items()},
        **ignored(WITHOUT_EFFECT, "Ollama's"),
    },
    engine="chat_request",
    taken={**{name: name for name in sorted(SAME)}, **RENAMED},
)
GENERATION: dict[str, Schema] = {
    "stream": said("Send the answer in pieces, a line of JSON each.", {"type": "boolean", "default": True}),
    "format": said("The form of the answer: any JSON, or a JSON Schema.", {"anyOf": [{"enum": ["", "json"]}, OBJECT]}),
    "think": said("Whether, or how much, to think first.", {"enum": [True, False, *EFFORTS]}),
    "logprobs": said("Tell the log-probability of each token.", SWITCH),
    "top_logprobs": said("Of how many others, too.", {"type": "integer", "minimum": 0, "maximum": 20}),
    "truncate": said("A prompt that is too long is refused here.", {"const": False}),
    "shift": said("An answer ends where the context does.", {"const": False}),
    **KEPT,
}
CALL: Schema = {
    "type": "object",
    "required": ["function"],
    "properties": {
        "function": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": TEXT, "arguments": OBJECT, "index": NUMBER},
        }
    },
}
MESSAGE: Schema = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["system", "user", "assistant", "tool"]},
        "content": TEXT,
        "thinking": said("What the assistant thought first.", TEXT),
        "tool_calls": {"type": "array", "items": CALL},
        "tool_name": said("The tool that answers.", TEXT),
    },
}
CHAT = Body(
    "OllamaChatRequest",
    "A conversation, whose next message is asked for. Without messages, the model is only opened.",
    {
        **NAMED,
        "messages": {"type": "array", "items": MESSAGE},
        "tools": {"type": "array", "items": {"$ref": "#/$defs/tool"}},
        **GENERATION,
    },
    required=("model",),
    example={"model": "smollm2", "messages": [{"role": "user", "content": "Why is the sky blue?"}]},
)
GENERATE = Body(
    "OllamaGenerateRequest",
    "A prompt that is to be answered. Without one, the model is only opened.",
    {
        **NAMED,
        "prompt": TEXT,
        "suffix": said("What follows the gap that is to be filled.", TEXT),
        "system": said("What stands before the prompt.", TEXT),
        "context": said(
            "What an earlier answer gave, to continue it.", {"type": "array", "items": {"$ref": "#/$defs/token_id"}}
        ),
        "raw": said("Without the model's template.", SWITCH),
        **GENERATION,
    },
    required=("model",),
    example={"model": "smollm2", "prompt": "Why is the sky blue?"},
)
EMBED = Body(
    "OllamaEmbedRequest",
    "Texts that are to become vectors.",
    {
        **NAMED,
        "input": {"anyOf": [TEXT, TEXTS]},
        "truncate": said("Cut what is too long.", {"type": "boolean", "default": True}),
        "dimensions": said("Keep so many numbers of each.", {"type": "integer", "minimum": 0}),
        **KEPT,
    },
    required=("model",),
)
EMBEDDINGS = Body(
    "OllamaEmbeddingsRequest", "A text that is to become a vector.", {**NAMED, "prompt": TEXT, **KEPT}, ("model",)
)
SHOW = Body("OllamaShowRequest", "A model to describe.", {**NAMED, "verbose": SWITCH}, ("model",))
PULL = Body(
    "OllamaPullRequest",
    "A model to download, from the catalogue or as hf://OWNER/REPOSITORY/FILE.",
    {
        **NAMED,
        "stream": said("Tell how far it is, a line of JSON each.", {"type": "boolean", "default": True}),
        "insecure": said("What comes is checked all the same.", SWITCH),
    },
    required=("model",),
)
DELETE = Body("OllamaDeleteRequest", "A model whose file is to be deleted.", NAMED, ("model",))
BODIES = (OPTIONS, CHAT, GENERATE, EMBED, EMBEDDINGS, SHOW, PULL, DELETE)
