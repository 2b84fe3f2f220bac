"""Calls of tools."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import CONTENT, REASON, SMOLLM2, TINY, Json, absent, case, contains, exact, greedy, open_, request, user

DESCRIPTION = "Calls of tools, with a template that describes tools and writes calls as Hermes models do."

TEMPLATE = (
    "{% if tools %}tools:{% for tool in tools %} {{ tool.function | tojson }}{% endfor %}\n{% endif %}"
    "{% for message in messages %}{{ message.role }}: {{ message.content or '' }}"
    '{% for call in message.tool_calls or [] %}<tool_call>\n{"name": "{{ call.function.name }}", '
    '"arguments": {{ call.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n{% endfor %}'
)
CALL = "/result/choices/0/message/tool_calls/0"
SECOND_CALL = "/result/choices/0/message/tool_calls/1"
ARGUMENTS = f"{CALL}/function/arguments"
CALLED = (f"{CALL}/function/name", f"{CALL}/type", REASON)


def tool(name: str) -> Json:
    parameters = {
        "type": "object",
        "properties": {"place": {"enum": ["Paris", "Rome"]}, "days": {"enum": [1, 2]}},
        "required": ["place", "days"],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": "The weather.", "parameters": parameters}}


def ask(**more: object) -> Json:
    tools = [tool("weather"), tool("forecast")]
    fields = {"messages": user("How is the weather?"), "tools": tools, "max_tokens": 200, "parallel_tool_calls": False}
    return {**fields, **more}


def cases() -> Iterator[Json]:
    # The tiny model likes many kinds of space within a call alike, so that its arguments are not the same everywhere.
    for model, name, said in (
        (TINY, "tiny", [contains(ARGUMENTS, '"place"')]),
        (SMOLLM2, "smollm2", exact(ARGUMENTS)),
    ):
        opened = open_(chat_template=TEMPLATE, n_ctx=1024)
        forecast = {"type": "function", "function": {"name": "forecast"}}
        demanded = ask(tool_choice="required", tools=[tool("weather")])
        yield case(
            f"{name}-required",
            "A call is demanded",
            model,
            opened,
            greedy("chat", demanded, *exact(*CALLED), *said, absent(SECOND_CALL)),
        )
        yield case(
            f"{name}-named",
            "The call of one tool is demanded",
            model,
            opened,
            greedy("chat", ask(tool_choice=forecast), *exact(*CALLED), *said, absent(SECOND_CALL)),
        )
    opened = open_(chat_template=TEMPLATE, n_ctx=1024)
    yield case(
        "tiny-none",
        "No call is allowed",
        TINY,
        opened,
        greedy("chat", ask(tool_choice="none", max_tokens=8), *exact(CONTENT, REASON), absent(CALL)),
    )
    yield case(
        "tiny-auto",
        "The model may call, and does not",
        TINY,
        opened,
        greedy("chat", ask(max_tokens=8), *exact(CONTENT, REASON), absent(CALL)),
    )
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"place": "Rome", "days": 2}'},
    }
    told = [
        *user("How is the weather?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "It is sunny."},
    ]
    yield case(
        "tiny-answered",
        "A call and what the tool said become part of the prompt",
        TINY,
        opened,
        request("apply_template", {"messages": told, "tools": [tool("weather")]}, *exact("/result/prompt")),
        greedy("chat", {"messages": told, "tools": [tool("weather")], "max_tokens": 8}, *exact(CONTENT)),
    )
    yield case(
        "tiny-unseen",
        "A template without a place for tools would hide them from the model",
        TINY,
        open_(),
        request("chat", ask(), status="unsupported"),
    )
    yield case(
        "tiny-unknown",
        "The tool that is to be called is not among the tools",
        TINY,
        opened,
        request(
            "chat", ask(tool_choice={"type": "function", "function": {"name": "other"}}), status="invalid_argument"
        ),
    )
