"""A model that is asked only about what it may see: where a text's class forbids it, the agent's procedure goes on.

The class of a text travels as a mark in the labels of its events (`class:C`), so a case knows what is in it; a class
that was made stricter since is looked up. Nothing is rendered and nothing sent before this question is answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from jihwi.case.turn import Turn, View
from jihwi.evidence import SecurityClass
from jihwi.minds import DeltaSink, Mind, SkillShown
from jihwi.minds.endpoint import Endpoint

__all__ = ["ClassedMind"]

_WORDS = {
    "ko": "{classes} 등급의 글이 있어 모델에 보이지 않고 절차로 이어 갑니다.",
    "en": "Texts of class {classes} are in the case: the model is not shown it, the procedure goes on.",
}


class ClassedMind:
    """`model` at `endpoint`, or `instead` of it what goes on without a model, where there is such."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: Mind,
        instead: Callable[[View], Mind | None],
        now: Callable[[str], Awaitable[tuple[SecurityClass, ...]]] | None = None,
    ) -> None:
        """`now`: the classes that a case's texts have now; None where those of its events are all there is."""
        self._endpoint = endpoint
        self._model = model
        self._instead = instead
        self._now = now

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        """The turn of whoever may see the case. Raises ModelClassRefused when that is nobody, and ModelErrors."""
        if self._now is not None:
            classes = tuple(sorted({*view.classes, *await self._now(view.case_id)}))
            view = msgspec.structs.replace(view, classes=classes)
        withheld = self._endpoint.withheld(view.classes)
        other = self._instead(view) if withheld else None
        if other is None:
            return await self._model.think(view, skills, emit)
        turn = await other.think(view, skills, emit)
        said = {"instead_of": self._endpoint.shown, "because": "model_class_refused", "classes": withheld}
        words = _WORDS["ko" if view.language == "ko" else "en"].format(classes=", ".join(withheld))
        return msgspec.structs.replace(turn, text=turn.text or words, parameters={**turn.parameters, **said})
