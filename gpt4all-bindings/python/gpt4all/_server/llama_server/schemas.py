"""Bodies of llama-server's requests: the engine's, but for a few members."""

from __future__ import annotations

from ..openapi.bodies import MODEL, SWITCH, TEXT, TEXTS, Body, Schema, said

CHOSEN = said("The model's name; needed if there are several models, and none was named at the start.", MODEL)
ANSWER: dict[str, Schema] = {
    "model": CHOSEN,
    "stream": said("Send the answer in pieces, as server-sent events.", SWITCH),
    "response_fields": said("Tell only these members of the answer.", TEXTS),
    "t_max_prompt_ms": {"description": "Taken for llama-server's clients; it changes no answer here."},
}
COMPLETION = Body(
    "LlamaServerCompletionRequest",
    "A text that is to be continued.",
    ANSWER,
    required=("prompt",),
    engine="complete_request",
    without=("n",),
)
INFILL = Body(
    "InfillRequest",
    "A gap between two texts that is to be filled.",
    {
        **ANSWER,
        "input_extra": {
            "type": "array",
            "maxItems": 1024,
            "description": "Other files of the project, for the model to look at.",
            "items": {
                "type": "object",
                "required": ["text"],
                "properties": {"filename": TEXT, "text": TEXT, "time": {"type": "integer"}},
            },
        },
    },
    engine="infill_request",
    without=("n",),
)
TOKENIZE = Body(
    "TokenizeRequest",
    "A text that is to become tokens.",
    {"model": CHOSEN},
    required=("content",),
    engine="tokenize_request",
)
DETOKENIZE = Body(
    "DetokenizeRequest",
    "Tokens that are to become a text.",
    {"model": CHOSEN},
    required=("tokens",),
    engine="detokenize_request",
)
TEMPLATE = Body(
    "ApplyTemplateRequest",
    "A conversation that is to become a prompt.",
    {"model": CHOSEN},
    required=("messages",),
    engine="apply_template_request",
)
BODIES = (COMPLETION, INFILL, TOKENIZE, DETOKENIZE, TEMPLATE)
