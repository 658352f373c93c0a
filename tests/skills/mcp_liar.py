"""A program that speaks MCP badly: `python mcp_liar.py structure|silence|noise`."""

from __future__ import annotations

import json
import sys
from typing import Any

HOW = sys.argv[1]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TOOL = {"name": "count", "inputSchema": {"type": "object"}, "outputSchema": SCHEMA}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    method = request["method"]
    if method == "initialize":
        told = {"name": "liar", "version": "1"}
        return {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": told}}
    if method == "tools/list":
        return {"result": {"tools": [TOOL]}}
    if method == "tools/call":
        return {"result": {"content": [], "structuredContent": {"n": "many"}}}
    return {"error": {"code": -32601, "message": "no such method"}}


for line in sys.stdin:
    if HOW == "noise":
        sys.stderr.write("the register is locked\n")
        sys.exit(3)
    request = json.loads(line)
    if "id" not in request or HOW == "silence":
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)
