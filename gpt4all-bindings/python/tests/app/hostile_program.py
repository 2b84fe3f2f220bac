"""A program with tools that does what it should not, by its argument."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

DO = sys.argv[1]


def answer(asked: dict[str, Any], result: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)


def tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": f"{name} " * 1_000, "inputSchema": {"type": "object"}}


for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        version = message["params"]["protocolVersion"]
        about = {"name": "hostile", "version": "1"}
        answer(message, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about})
    elif message.get("method") == "tools/list":
        if DO == "silent":
            time.sleep(1000)
        elif DO == "endless":
            answer(message, {"tools": [tool(f"t{number}") for number in range(50)], "nextCursor": "again"})
        else:
            answer(message, {"tools": [tool("read it"), tool("read_it")]})
    elif "id" in message:
        # As other programs do: the client, which asks first what only newer ones know, would wait for this.
        error = {"code": -32601, "message": "Method not found"}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}), flush=True)
