"""The options of answers that run and chat have in common. The library, which knows their ranges, checks them.

What is not given is not asked for, so that the advice of the model's makers holds: `gpt4all show` lists it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

_ELSE = "Default: see `gpt4all show`."

System = Annotated[str | None, typer.Option("--system", "-s", help="The system message.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", "-n", help="Maximum length of the answer, in tokens.")]
Temperature = Annotated[
    float | None, typer.Option("--temperature", "-t", help=f"0 always picks the most likely token. {_ELSE}")
]
TopP = Annotated[
    float | None, typer.Option(help=f"Choose among the most likely tokens with this total probability. {_ELSE}")
]
TopK = Annotated[int | None, typer.Option(help=f"Choose among this many most likely tokens. {_ELSE}")]
MinP = Annotated[
    float | None, typer.Option(help=f"Drop tokens less likely than this fraction of the most likely one. {_ELSE}")
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same answer.")]
Stop = Annotated[list[str] | None, typer.Option(help="Text that ends the answer; may be given several times.")]


def request_of(**options: Any) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in options.items() if value is not None}
