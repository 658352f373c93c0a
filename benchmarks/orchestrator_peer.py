"""The workload of `make bench-orchestrator` in another framework: runs in that framework's own environment, one round
for each line it is sent, and answers with the wall and CPU microseconds of a turn.

3 agents, 6 turns of a model without latency, 3 tool calls, 2 handoffs, an answer of 1 KB.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TURNS = 6
ANSWER = "x" * 1024
FOUND = "The works last until 30 September 2026."
REQUEST = "Until when do the works last?"
NAMES = ("first", "second", "third")


def _swarm(folder: Path) -> Callable[[], None]:
    from openai.types.chat import ChatCompletion
    from swarm import Agent, Swarm

    def look(query: str) -> str:
        return FOUND

    agents: list[Any] = []

    def pass_on_to_second() -> Any:
        return agents[1]

    def pass_on_to_third() -> Any:
        return agents[2]

    passing: list[list[Any]] = [[pass_on_to_second], [pass_on_to_third], []]
    agents += [Agent(name=n, functions=[look, *more]) for n, more in zip(NAMES, passing, strict=True)]

    def said(turn: int) -> Any:
        calls = None
        if turn in (0, 2, 4):
            calls = [_chat_call(turn, "look", {"query": f"works {turn}"})]
        elif turn < TURNS - 1:
            calls = [_chat_call(turn, ("pass_on_to_second", "", "pass_on_to_third")[turn - 1], {})]
        message = {"role": "assistant", "content": None if calls else ANSWER, "tool_calls": calls}
        choice = {"index": 0, "finish_reason": "tool_calls" if calls else "stop", "message": message}
        whole = {"id": "1", "created": 1, "model": "m", "object": "chat.completion", "choices": [choice]}
        return ChatCompletion.model_validate(whole)

    class Client:
        chat: Any
        completions: Any

        def __init__(self) -> None:
            self.chat = self.completions = self
            self.turn = 0

        def create(self, **_: Any) -> Any:
            self.turn += 1
            return said(self.turn - 1)  # every mind of this benchmark makes its turn anew

    def case() -> None:
        client = Client()
        done = Swarm(client=client).run(agents[0], [{"role": "user", "content": REQUEST}])
        assert client.turn == TURNS
        assert done.messages[-1]["content"] == ANSWER

    return case


def _chat_call(turn: int, name: str, arguments: dict[str, str]) -> dict[str, Any]:
    return {"id": f"call{turn}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def _openai_agents(folder: Path) -> Callable[[], None]:
    from agents import Agent, Model, ModelResponse, Runner, SQLiteSession, Usage, function_tool, set_tracing_disabled
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    set_tracing_disabled(True)

    @function_tool
    def look(query: str) -> str:
        """Look something up."""
        return FOUND

    class Fake(Model):
        turn = 0

        async def get_response(self, *_: Any, **__: Any) -> Any:
            turn, Fake.turn = Fake.turn, Fake.turn + 1
            item: Any
            if turn in (0, 2, 4):
                item = _call("look", {"query": f"works {turn}"}, turn)
            elif turn < TURNS - 1:
                item = _call(f"transfer_to_{NAMES[(turn + 1) // 2]}", {}, turn)
            else:
                text = ResponseOutputText(text=ANSWER, type="output_text", annotations=[])
                item = ResponseOutputMessage(
                    id="1", type="message", role="assistant", content=[text], status="completed"
                )
            return ModelResponse(output=[item], usage=Usage(), response_id=None)

        def stream_response(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

    def _call(name: str, arguments: dict[str, str], turn: int) -> Any:
        return ResponseFunctionToolCall(
            id=str(turn), call_id=f"call{turn}", type="function_call", name=name, arguments=json.dumps(arguments)
        )

    model = Fake()
    third = Agent(name=NAMES[2], model=model, tools=[look])
    second = Agent(name=NAMES[1], model=model, tools=[look], handoffs=[third])
    first = Agent(name=NAMES[0], model=model, tools=[look], handoffs=[second])
    loop = asyncio.new_event_loop()
    number = 0

    def case() -> None:
        nonlocal number
        number += 1
        Fake.turn = 0
        session = SQLiteSession(f"case{number}", folder / "sessions.db")
        done = loop.run_until_complete(Runner.run(first, REQUEST, session=session))
        session.close()
        assert Fake.turn == TURNS
        assert done.final_output == ANSWER

    return case


def _langgraph(folder: Path) -> Callable[[], None]:
    import sqlite3

    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import END, START, MessagesState, StateGraph
    from langgraph.types import Command

    def agent(number: int) -> Callable[[Any], Any]:
        def act(state: Any) -> Any:
            if not any(isinstance(m, ToolMessage) and m.name == NAMES[number] for m in state["messages"]):
                call = {"name": "look", "args": {"query": f"works {number}"}, "id": f"call{number}"}
                return Command(goto=f"look{number}", update={"messages": [AIMessage("", tool_calls=[call])]})
            if number < 2:
                return Command(goto=NAMES[number + 1], update={"messages": [AIMessage("over to you")]})
            return Command(goto=END, update={"messages": [AIMessage(ANSWER)]})

        return act

    def tool(number: int) -> Callable[[Any], Any]:
        def look(state: Any) -> Any:
            return {"messages": [ToolMessage(FOUND, tool_call_id=f"call{number}", name=NAMES[number])]}

        return look

    graph: Any = StateGraph(MessagesState)
    for number, name in enumerate(NAMES):
        graph.add_node(name, agent(number), destinations=(*NAMES, f"look{number}", END))
        graph.add_node(f"look{number}", tool(number))
        graph.add_edge(f"look{number}", name)
    graph.add_edge(START, NAMES[0])
    database = sqlite3.connect(folder / "checkpoints.db", check_same_thread=False)
    saver = SqliteSaver(database)
    saver.setup()
    database.execute("PRAGMA synchronous = FULL")
    app = graph.compile(checkpointer=saver)
    number = 0

    def case() -> None:
        nonlocal number
        number += 1
        config = {"configurable": {"thread_id": str(number)}}
        done = app.invoke({"messages": [HumanMessage(REQUEST)]}, config, durability="sync")
        assert done["messages"][-1].content == ANSWER

    return case


def _dbos(folder: Path) -> Callable[[], None]:
    from dbos import DBOS

    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{folder / 'dbos.sqlite'}",
            "log_level": "CRITICAL",
            "console_log_level": "CRITICAL",
        }
    )

    @DBOS.step()
    def think(turn: int) -> dict[str, Any]:
        if turn in (0, 2, 4):
            return {"call": "look", "query": f"works {turn}"}
        return {"hand_off": NAMES[(turn + 1) // 2]} if turn < TURNS - 1 else {"answer": ANSWER}

    @DBOS.step()
    def look(query: str) -> str:
        return FOUND

    @DBOS.workflow()
    def run(request: str) -> str:
        for turn in range(TURNS):
            said = think(turn)
            if "call" in said:
                look(said["query"])
        return str(said["answer"])

    DBOS.launch()

    def case() -> None:
        assert run(REQUEST) == ANSWER

    return case


PEERS: dict[str, Callable[[Path], Callable[[], None]]] = {
    "openai-swarm": _swarm,
    "openai-agents": _openai_agents,
    "langgraph": _langgraph,
    "dbos": _dbos,
}


def main() -> None:
    """One round of so many cases for each number read."""
    out = os.fdopen(os.dup(1), "w")  # what a framework prints is not an answer
    os.dup2(2, 1)
    case = PEERS[sys.argv[1]](Path(sys.argv[2]))
    case()
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        cases = int(line)
        case()  # not counted: the processor's caches hold it again, as for everybody who is measured
        wall, cpu = time.perf_counter(), _cpu()
        for _ in range(cases):
            case()
        turns = cases * TURNS
        answer = {"wall": (time.perf_counter() - wall) / turns * 1e6, "cpu": (_cpu() - cpu) / turns * 1e6}
        print(json.dumps(answer), file=out, flush=True)
    os._exit(0)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
