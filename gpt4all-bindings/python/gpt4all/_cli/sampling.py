"""The options of answers that run and chat have in common. The library, which knows their ranges, checks them.

What is not given is not asked for, so that the advice of the model's makers holds: `gpt4all show` tells it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

_ELSE = "Default: what `gpt4all show` tells."

System = Annotated[str | None, typer.Option("--system", "-s", help="The system message.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", "-n", help="Longest answer.")]
Temperature = Annotated[
    float | None, typer.Option("--temperature", "-t", help=f"0 always takes the likeliest token. {_ELSE}")
]
TopP = Annotated[
    float | None, typer.Option(help=f"Choose among the likeliest tokens with this probability together. {_ELSE}")
]
TopK = Annotated[int | None, typer.Option(help=f"Choose among this many likeliest tokens. {_ELSE}")]
MinP = Annotated[
    float | None, typer.Option(help=f"Drop tokens less likely than this part of the likeliest one. {_ELSE}")
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same answer.")]
Stop = Annotated[list[str] | None, typer.Option(help="Text that ends the answer; may be given several times.")]


def request_of(**options: Any) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in options.items() if value is not None}
