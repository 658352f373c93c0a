"""What every error of the house can do: hold its data, say what happened in two languages, and name the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, dataclass_transform

from jihwi.words import Language, fill

__all__ = ["ExtraMissing", "JihwiError", "UsageError", "error_of"]


@dataclass_transform(eq_default=False)
class JihwiError(Exception):
    """What every error of the house can do: say what happened and what to do next.

    An error's fields are what its class annotates, those of the classes above it first, as in a data class; it needs
    no decorator, because writing a hundred initialisers would take a quarter of the time of a short command.

    >>> class PenMissing(UsageError):
    ...     colour: str
    ...     length_cm: int = 14
    ...     en = "There is no {colour} pen."
    >>> PenMissing("red").words("en"), PenMissing("red").fields(), PenMissing.code
    ('There is no red pen.', {'colour': 'red', 'length_cm': 14}, 'pen_missing')
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    ko: ClassVar[str] = "작업이 실패했습니다."
    en: ClassVar[str] = "The work failed."
    ko_next: ClassVar[str] = ""
    en_next: ClassVar[str] = ""
    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = _snake(cls.__name__)
        if cls.__module__.startswith("jihwi.errors."):
            cls.__module__ = "jihwi.errors"  # where everybody finds it, also in a traceback
        own = [name for name, kind in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(kind)]
        cls._names = tuple(dict.fromkeys((*cls._names, *own)))

    def __init__(self, *said: Any, **named: Any) -> None:
        given = dict(zip(self._names, said, strict=False)) | named
        missing = [name for name in self._names if name not in given and not hasattr(type(self), name)]
        if missing or len(given) != len(said) + len(named) or not given.keys() <= set(self._names):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._names)}")
        self.__dict__.update(given)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.fields().items())})"

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The fields, in the order in which they are given."""
        return cls._names

    def fields(self) -> dict[str, object]:
        """The data of this error, by name."""
        return {name: getattr(self, name) for name in self._names}

    def words(self, language: Language = "en") -> str:
        """What happened, in one sentence."""
        return self._told(self.ko if language == "ko" else self.en, language)

    def next_step(self, language: Language = "en") -> str:
        """What to do now; empty when there is nothing to do."""
        return self._told(self.ko_next if language == "ko" else self.en_next, language)

    def in_full(self, language: Language = "en") -> str:
        """What happened and what to do now, as sentences: the first has its stop also where it ends with what a
        library said."""
        what, step = self.words(language), self.next_step(language)
        stop = "." if step and what and what[-1] not in ".!?…。" else ""
        return f"{what}{stop} {step}".strip()

    def _told(self, sentence: str, language: Language) -> str:
        """A sentence with its fields put in; what is said in them is English until it is told to who reads Korean."""
        fields = self.fields()
        if language == "ko" and any(name in _SAID for name in fields):
            from jihwi.korean import in_korean  # waits: nine in ten commands end without an error

            fields |= {name: in_korean(str(fields[name])) for name in _SAID if name in fields}
        return fill(sentence, fields)

    def __str__(self) -> str:
        return f"{self.words('en')} {self.next_step('en')}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(self.fields().values())


_SAID = ("detail", "expected", "found", "wanted", "place", "problem", "problems", "what")
"""Fields that hold words of ours, or of a library, and no name or value that somebody gave."""


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


class UsageError(JihwiError):
    """Something was asked wrongly; nothing has been done."""

    exit_code = 2


class ExtraMissing(JihwiError):
    exit_code = 2
    what: str
    install: str
    ko = "{what}에 필요한 패키지가 없습니다."
    en = "A package for {what} is missing."
    ko_next = "설치: {install}"
    en_next = "Install it: {install}"


def error_of(code: str, fields: Mapping[str, str]) -> JihwiError | None:
    """The error with this code and these fields, for its words; `None` when there is none.

    >>> from jihwi.errors import error_of
    >>> error_of("model_unreachable", {"endpoint": "m@here", "detail": "refused"}).words("en")
    'The model server at m@here cannot be reached: refused'
    """
    kinds = [JihwiError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    found = next((kind for kind in kinds if kind.code == code), None)
    if found is None:
        return None
    needed = {name for name in found.names() if not hasattr(found, name)}
    given = [name for name in found.names() if name in fields and isinstance(getattr(found, name, ""), str)]
    return found(**{name: fields[name] for name in given}) if needed <= set(given) else None
