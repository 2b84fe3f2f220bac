"""The options of answers that run and chat have in common. The library, which knows their ranges, checks them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

System = Annotated[str | None, typer.Option("--system", "-s", help="The system message.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", "-n", help="Longest answer.")]
Temperature = Annotated[float | None, typer.Option("--temperature", "-t", help="0 always takes the likeliest token.")]
TopP = Annotated[float | None, typer.Option(help="Choose among the likeliest tokens with this probability together.")]
TopK = Annotated[int | None, typer.Option(help="Choose among this many likeliest tokens.")]
MinP = Annotated[float | None, typer.Option(help="Drop tokens less likely than this part of the likeliest one.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same answer.")]
Stop = Annotated[list[str] | None, typer.Option(help="Text that ends the answer; may be given several times.")]


def request_of(**options: Any) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in options.items() if value is not None}
