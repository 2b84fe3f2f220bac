"""The description of the APIs, and its page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gpt4all import schema

from .conftest import TEXT, Served
from .test_mutations import BODIES

jsonschema = pytest.importorskip("jsonschema", reason="`make test LANES=server` installs it")

# What can be asked with a model that writes text: by path, what is to be changed in the document's example.
EXAMPLES: dict[str, dict[str, Any]] = {
    "/api/chat": {"options": {"num_predict": 1}},
    "/api/generate": {"options": {"num_predict": 1}},
    "/v1/chat/completions": {"max_tokens": 1},
    "/v1/completions": {"max_tokens": 1},
    "/v1/messages": {"max_tokens": 1},
    "/v1/responses": {"max_output_tokens": 1},
}


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    told: dict[str, Any] = served.get("/openapi.json").json()
    return told


def validator(document: dict[str, Any], path: str, method: str = "post") -> Any:
    """For the bodies of an operation."""
    body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema.Draft202012Validator({**document, **body})


def test_every_body_is_described(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    operations = {
        (path, method): operation for path, found in document["paths"].items() for method, operation in found.items()
    }
    reading = {key for key, operation in operations.items() if "requestBody" in operation}
    without = {("/v1/responses/{id}/cancel", "post"), ("/v1/responses/{id}", "delete")}
    assert reading == {key for key in operations if key[1] != "get"} - without
    for path, method in reading:
        checks = validator(document, path, method)
        checks.check_schema(checks.schema)
        assert not checks.is_valid({"model": TEXT, "nonsense": 1}), path
        assert not checks.is_valid([]), path
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(set(ids)) == len(ids)


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r'"\$ref": ?"([^"]*)"', str(document).replace("'", '"')))
    assert len(names) > 30
    assert names == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]} & names
    assert not re.search("HTTPValidationError|#/\\$defs", str(document))


def test_members_are_the_engines(document: dict[str, Any]) -> None:
    """They are put together here, so that the document can say what OpenAI has otherwise."""
    definitions = schema()["$defs"]
    for name in ("chat_request", "complete_request", "infill_request", "embed_request", "conversation", "sampling"):
        known = {"type", "description", "required", "properties", "allOf"}
        assert definitions[name].keys() <= known | {"unevaluatedProperties", "additionalProperties"}, name
    chat = document["components"]["schemas"]["ChatCompletionRequest"]["properties"]
    for name in ("messages", "tools", "response_format", "seed", "top_k", "stop", "top_logprobs", "grammar"):
        assert name in chat
    assert chat["min_p"] == definitions["sampling"]["properties"]["min_p"]
    assert chat["stream"]["default"] is False


def test_clients_requests_are_as_described(document: dict[str, Any]) -> None:
    for path, bodies in BODIES.items():
        for body in bodies:
            validator(document, path).validate(body)


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_work(served: Served, document: dict[str, Any], path: str) -> None:
    name = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    (example,) = document["components"]["schemas"][name.rsplit("/", 1)[1]]["examples"]
    validator(document, path).validate(example)
    body = {**example, **EXAMPLES[path], "model": TEXT}
    validator(document, path).validate(body)
    assert served.post(path, body).status_code == 200


def test_the_page_needs_only_this_server(keyed: Served) -> None:
    page = keyed.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    needed = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(needed) == 4
    for path in needed:
        file = keyed.get(f"/{path}")
        assert (file.status_code, file.headers["x-content-type-options"]) == (200, "nosniff"), path
        assert file.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert "validatorUrl: null" in keyed.get("/docs/start.js").text
    assert keyed.get("/openapi.json").status_code == 200
    assert keyed.get("/docs/other.js").status_code == 401
    assert keyed.get("/v1/models").status_code == 401
