"""The mind that is a model: a view rendered, asked, recovered and recorded as a turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from jihwi.case.budget import Spending
from jihwi.case.turn import PromptRecord, Turn, View
from jihwi.clock import Clock, SystemClock
from jihwi.errors import ExtraMissing, ModelClassRefused, ModelError, ModelSaidNothing
from jihwi.minds import Delta, DeltaSink, SkillShown
from jihwi.minds.body import record_of
from jihwi.minds.endpoint import BYTES_A_TOKEN, Endpoint
from jihwi.minds.recover import Visible, recover
from jihwi.minds.render import RENDERING, render
from jihwi.words import storable

if TYPE_CHECKING:
    from jihwi.minds.wire import Answer, Wire

__all__ = ["ModelMind"]

_INSTALL = "pip install 'jihwi[models]'"
_PACKAGES = ("pydantic_ai", "openai", "httpx2")
_REMEMBERED = 1024
_DRAFT_LETTERS = 64
_DRAFT_SECONDS = 0.1
_CUT = ("length", "max_tokens", "content_filter")
"""Why an answer ended before it was over, in the servers' words."""


class ModelMind:
    """Asks the model at an endpoint for each turn. `think` may run many times at once.

    Raises ExtraMissing when the packages for models are not installed. Errors of the model are ModelErrors.

    It keeps nothing between turns but a cache: the parts of the last prompt of each assignment, so that the next
    record can say how much of it is kept. Where the cache does not hold the very record the view names
    (`prompt_parent`, `prompt_digest`), the new record simply stands for itself.

    Example: `ModelMind(parse_endpoint("openai:qwen@http://127.0.0.1:8000/v1"))`.
    """

    def __init__(self, endpoint: Endpoint, *, clock: Clock | None = None) -> None:
        self.endpoint = endpoint
        self._clock = clock or SystemClock()
        _look_for_packages()
        self._adapter = ""
        self._wire: Wire | None = None
        self._known: OrderedDict[tuple[str, str], tuple[str, list[str]]] = OrderedDict()

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        """The model's turn. Raises a ModelError; where the case holds what the endpoint may not see, before anything
        is rendered."""
        withheld = self.endpoint.withheld(view.classes)
        if withheld:
            raise ModelClassRefused(self.endpoint.shown, ", ".join(withheld))
        rendered = render(view, skills)
        draft = _Draft(view, emit, self._clock)
        try:
            answer = await (await self._opened()).ask(rendered, draft.more)
        except ModelError as failed:
            failed.micros = self._price(failed.input_tokens, failed.output_tokens)
            raise
        draft.flush()
        cut = answer.finish in _CUT
        found = recover(answer.text, answer.calls, view=view, box=rendered.box, cut=cut)
        if cut and not found.text and not found.actions:
            raise self._said_nothing(answer)
        notes = [*found.notes, *_notes(answer, found.notes, cut)]
        prompt, parts = self._recorded(view, answer.body)
        return Turn(
            text=found.text,
            actions=found.actions,
            usage=self._cost(answer),
            model=answer.model,
            parameters=self._parameters(answer, notes),
            prompt=prompt,
            parts=parts,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        if self._wire is not None:
            await self._wire.close()

    async def _opened(self) -> Wire:
        """The packages for models are heavy: they are brought in a thread, so that meanwhile whatever else this process
        does goes on and keeps the leases of its cases, on a slow machine for half a minute."""
        if self._wire is None:
            wire = await asyncio.to_thread(import_module, "jihwi.minds.wire")
            if self._wire is None:  # no other turn was quicker
                self._adapter, self._wire = wire.ADAPTER, wire.Wire(self.endpoint)
        return self._wire

    def _recorded(self, view: View, body: bytes) -> tuple[PromptRecord, dict[str, bytes]]:
        key = (view.case_id, view.assignment)
        digest, parts = self._known.pop(key, ("", []))
        known = view.prompt_parent if view.prompt_digest and digest == view.prompt_digest else 0
        record, fresh, digests = record_of(body, known, parts)
        self._known[key] = (record.digest, digests)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return record, fresh

    def _cost(self, answer: Answer) -> Spending:
        """Tokens and money; turns and time are counted by who runs the mind."""
        read, written = _tokens(answer)
        return Spending(tokens=read + written, micros=self._price(read, written))

    def _said_nothing(self, answer: Answer) -> ModelSaidNothing:
        filtered = answer.finish == "content_filter"
        spent = f"all its {self.endpoint.max_tokens} tokens went into thinking"
        why = "the server's filter let none of it through" if filtered else spent
        read, written = _tokens(answer)
        nothing = ModelSaidNothing(self.endpoint.shown, why, read, written, self._price(read, written))
        return nothing.after_sending(answer.body)

    def _price(self, read: int, written: int) -> int:
        return -(-(read * self.endpoint.input_micros + written * self.endpoint.output_micros) // 1_000_000)

    def _parameters(self, answer: Answer, notes: list[str]) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "temperature": self.endpoint.temperature,
            "seed": self.endpoint.seed,
            "max_tokens": self.endpoint.max_tokens,
            "rendering": RENDERING,
            "adapter": self._adapter,
            "finish": answer.finish,
        }
        if notes:
            parameters["notes"] = notes
        return parameters


def _look_for_packages() -> None:
    """Raise ExtraMissing where what a model needs is not installed; nothing of it is imported yet."""
    for name in _PACKAGES:
        if find_spec(name) is None:
            raise ExtraMissing("models", _INSTALL)


def _tokens(answer: Answer) -> tuple[int, int]:
    """Tokens read and written; a third of the bytes where the server does not say."""
    if answer.input_tokens or answer.output_tokens:
        return answer.input_tokens, answer.output_tokens
    written = len(answer.text.encode("utf-8", "replace")) + sum(len(str(call.arguments)) for call in answer.calls)
    return -(-len(answer.body) // BYTES_A_TOKEN), -(-written // BYTES_A_TOKEN)


def _notes(answer: Answer, found: tuple[str, ...], cut: bool) -> list[str]:
    notes = []
    if answer.reasoned and "reasoning_removed" not in found:
        notes.append("reasoning_removed")
    if cut:
        notes.append("stopped_by_filter" if answer.finish == "content_filter" else "cut_at_max_tokens")
    if not answer.input_tokens and not answer.output_tokens:
        notes.append("usage_estimated")
    return notes


class _Draft:
    """The deltas of one turn, a handful at a time."""

    def __init__(self, view: View, emit: DeltaSink, clock: Clock) -> None:
        self._view, self._emit, self._clock = view, emit, clock
        self._visible = Visible()
        self._held = ""
        self._sent = clock.monotonic_seconds()

    def more(self, piece: str) -> None:
        self._held += self._visible.more(piece)
        if self._held and (len(self._held) >= _DRAFT_LETTERS or self._due()):
            self._send()

    def flush(self) -> None:
        self._held += self._visible.rest()
        if self._held:
            self._send()

    def _due(self) -> bool:
        return self._clock.monotonic_seconds() - self._sent >= _DRAFT_SECONDS

    def _send(self) -> None:
        self._emit(Delta(self._view.case_id, self._view.assignment, self._view.turn, storable(self._held)))
        self._held = ""
        self._sent = self._clock.monotonic_seconds()
