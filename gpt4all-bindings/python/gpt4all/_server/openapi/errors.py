"""Bodies of errors, as each API has them: see failures.py of each."""

from __future__ import annotations

from .bodies import TEXT, Schema, said

OPTIONAL: Schema = {"type": ["string", "null"]}

ERRORS = {"OpenAI": "Error", "server": "Error", "Anthropic": "AnthropicError", "Ollama": "OllamaError"}
ERRORS["llama-server"] = "LlamaServerError"
"""The name of an error's schema, by the tag of the operation."""


def _object(**members: Schema) -> Schema:
    return {"type": "object", "required": list(members), "properties": members}


SCHEMAS: dict[str, Schema] = {
    "Error": _object(
        error=_object(
            message=said("What happened, and what to do.", TEXT),
            type=said("Whose fault it is, such as invalid_request_error or server_error.", TEXT),
            param=said("The member at fault.", OPTIONAL),
            code=said("What went wrong, such as model_not_found.", OPTIONAL),
        )
    ),
    "AnthropicError": _object(
        type={"const": "error"},
        error=_object(type=said("Such as invalid_request_error.", TEXT), message=said("What happened.", TEXT)),
        request_id=said("As in the header of that name.", TEXT),
    ),
    "OllamaError": _object(error=said("What happened, and what to do.", TEXT)),
    "LlamaServerError": _object(
        error=_object(
            code=said("The status.", {"type": "integer"}),
            message=said("What happened, and what to do.", TEXT),
            type=said("Such as invalid_request_error.", TEXT),
        )
    ),
}
