"""What can be set, where it is said, and how: few settings, each documented, an unknown one is an error.

A setting stands in `jihwi.toml` (in the folder one works in) or in the environment as `JIHWI_` and its name in
capitals; the environment wins. What a person may change while it runs is in the house stream, never here.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jihwi.errors import SecretMissing, SettingInvalid, SettingsUnreadable, SettingUnknown
from jihwi.references import REFERENCE_EXPECTED, is_reference, secret_behind
from jihwi.skills.servers import SERVER_EXPECTED, parse_server

__all__ = ["NOT_SETTINGS", "SETTINGS_FILE", "STANDING", "Settings", "StoreAddress", "documented", "load_settings"]

SETTINGS_FILE = "jihwi.toml"

NOT_SETTINGS = frozenset({"JIHWI_TEST_ALL", "JIHWI_TEST_POSTGRES", "JIHWI_CORPUS", "JIHWI_COMPILED"})
"""Names that tests and the building of a wheel use."""

STANDING = ("copy", "draft", "fragment", "official", "older", "repealed")
"""What a search may prefer among equals (`jihwi.library.Standing`)."""
_WEIGHTS_EXPECTED = "official, draft, repealed, older, copy or fragment=WEIGHT (-1 to 1), separated by commas"
_POSTGRES_EXPECTED = "postgresql://USER:PASSWORD@HOST/NAME"
_STORE_EXPECTED = f"{_POSTGRES_EXPECTED}, {REFERENCE_EXPECTED}"
_HOST = r"(?:[\w.%-]*|\[[0-9A-Fa-f:.]*\])(?::\d*)?"
_ADDRESS = re.compile(
    rf"postgres(?:ql)?://(?:[^\s@/?#]*@)?(?P<where>{_HOST}(?:,{_HOST})*(?:/[^\s@?#/]*)?)(?:\?[^\s@#]*)?", re.ASCII
)
_HALF_ENCODED = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class StoreAddress:
    """Where the cases lie: a Postgres address, a reference to one, or nothing for the state folder itself.

    An address may hold a password, so that shown to anybody (`str`, `repr`) it is only the place. Made of anything
    else it raises ValueError, which repeats nothing of it. Letters that mean something in an address (`@ / ? # %`) are
    written percent-encoded in a password.

    >>> address = StoreAddress("postgresql://kim:secret@db.example:5433/cases?sslmode=require")
    >>> print(address)
    postgresql://db.example:5433/cases
    >>> StoreAddress("env:CASES").url({"CASES": "postgresql://kim:secret@db.example/cases"})
    'postgresql://kim:secret@db.example/cases'
    >>> bool(StoreAddress())
    False
    """

    said: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.said and not is_reference(self.said) and not _is_address(self.said):
            raise ValueError(_STORE_EXPECTED)

    def __bool__(self) -> bool:
        return bool(self.said)

    def __str__(self) -> str:
        found = _ADDRESS.fullmatch(self.said)
        return f"postgresql://{found['where']}" if found else self.said

    def __repr__(self) -> str:
        return f"StoreAddress({str(self)!r})"

    def url(self, environment: Mapping[str, str] | None = None) -> str:
        """The address with its password, looked up where a reference says, each time anew. Raises SecretMissing,
        which names the reference and never what lies behind it."""
        if not is_reference(self.said):
            return self.said
        found = secret_behind(self.said, "store", _POSTGRES_EXPECTED, environment=environment).strip()
        if not _is_address(found):
            raise SecretMissing("store", self.said, "something else", _POSTGRES_EXPECTED)
        return found


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None and _HALF_ENCODED.search(text) is None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")
    return value.strip()


def _language(value: Any) -> str:
    if value not in ("ko", "en", "auto"):
        raise ValueError("ko, en or auto")
    return str(value)


def _labels(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(p, str) for p in parts):
        raise ValueError('labels separated by commas, in the file ["one", "other"]')
    return tuple(sorted({p.strip() for p in parts if p.strip()}))


def _count(value: Any) -> int:
    number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else -1
    if number < 0:
        raise ValueError("a whole number, 0 or more")
    return number


def _at_least_one(value: Any) -> int:
    number = _count(value)
    if not number:
        raise ValueError("a whole number, 1 or more")
    return number


def _counts(value: Any) -> tuple[tuple[str, int], ...]:
    if isinstance(value, str):
        value = dict(part.partition("=")[::2] for part in value.split(",") if part.strip())
    if not isinstance(value, dict):
        raise ValueError("NAME=COUNT separated by commas")
    found = {str(name).strip(): _count(count) for name, count in value.items()}
    if not all(found) or not all(found.values()):
        raise ValueError("NAME=COUNT separated by commas, each 1 or more")
    return tuple(sorted(found.items()))


def _weights(value: Any) -> tuple[tuple[str, float], ...]:
    if isinstance(value, str):
        value = dict(part.partition("=")[::2] for part in value.split(",") if part.strip())
    if not isinstance(value, dict):
        raise ValueError(_WEIGHTS_EXPECTED)
    found = {str(name).strip(): float(weight) for name, weight in value.items()}
    if not found.keys() <= set(STANDING) or not all(-1 <= weight <= 1 for weight in found.values()):
        raise ValueError(_WEIGHTS_EXPECTED)
    return tuple(sorted(found.items()))


def _seconds(value: Any) -> float:
    number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    if not 0 < number < 1e9:
        raise ValueError("a number of seconds above 0")
    return number


def _reference(value: Any) -> str:
    if value == "" or (isinstance(value, str) and is_reference(value)):
        return str(value)
    raise ValueError(f"{REFERENCE_EXPECTED}, never the secret itself")


def _class(value: Any) -> str:
    if value not in ("C", "S", "O"):
        raise ValueError("C, S or O")
    return str(value)


def _classes(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not {str(p).strip() for p in parts} - {""} <= {"C", "S", "O"}:
        raise ValueError("C, S and O separated by commas")
    return tuple(sorted({str(p).strip() for p in parts} - {""}))


def _store(value: Any) -> StoreAddress:
    return StoreAddress(_text(value))


def _folders(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(p, str) for p in parts):
        raise ValueError('folders separated by commas, in the file ["one", "other"]')
    return tuple(p.strip() for p in parts if p.strip())


def _servers(value: Any) -> tuple[str, ...]:
    parts = value.splitlines() if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(p, str) for p in parts):
        raise ValueError(SERVER_EXPECTED)
    lines = tuple(p.strip() for p in parts if p.strip())
    names = [parse_server(line).name for line in lines]
    if len(names) != len(set(names)):
        raise ValueError("each server once")
    return lines


_MAY_BE_SECRET = (_reference, _store, _servers)
"""What is given for these may be a secret written by mistake: an error does not repeat it."""


def _setting(default: Any, parse: Callable[[Any], Any], expected: str, ko: str, en: str) -> Any:
    return field(default=default, metadata={"parse": parse, "expected": expected, "ko": ko, "en": en})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, read once. See `jihwi doctor` for their values and docs/settings.md for the list."""

    home: str = _setting(
        "./.jihwi", _text, "a folder on this machine", "상태를 두는 폴더", "The folder that holds the state"
    )
    store: StoreAddress = _setting(  # noqa: RUF009 -- as the others; the linter does not know that it is frozen
        StoreAddress(),
        _store,
        _STORE_EXPECTED,
        "사건과 자료실을 두는 Postgres. 비우면 상태 폴더에 둡니다",
        "The Postgres server that holds cases and library; the state folder does when empty",
    )
    language: str = _setting("auto", _language, "ko, en or auto", "메시지의 언어", "The language of messages")
    viewer: str = _setting(
        "", _text, "a short name", "일하는 사람의 이름", "The name of who works here; the login name when empty"
    )
    labels: tuple[str, ...] = _setting(
        (), _labels, "labels separated by commas", "이 사람이 가진 자료 표지", "The labels this person holds"
    )
    team: str = _setting(
        "report", _text, "a built-in team or a folder", "쓸 팀", "The team that works: built-in, or a folder"
    )
    skill_folders: tuple[str, ...] = _setting(
        (),
        _folders,
        "folders separated by commas",
        "팀의 것 밖에 더 쓸 SKILL.md 폴더들이 있는 폴더",
        "Folders of SKILL.md folders, besides those of the team",
    )
    mcp_servers: tuple[str, ...] = _setting(
        (),
        _servers,
        "NAME=http://HOST/mcp or NAME=stdio:PROGRAM, one a line",
        "팀이 쓸 수 있는 MCP 서버",
        "The MCP servers that a team may use",
    )
    model: str = _setting(
        "",
        _text,
        "openai:NAME@http://127.0.0.1:8000/v1, or empty for no model",
        "쓸 모델. 비우면 모델 없이 일합니다",
        "The model to use; none when empty",
    )
    model_fallback: str = _setting(
        "",
        _text,
        "openai:NAME@http://127.0.0.1:8000/v1, or empty for none",
        "첫 모델이 두 번 실패하거나 거절하면 물을 모델. 비우면 없습니다",
        "The model to ask when the first has failed twice or refused; none when empty",
    )
    model_key: str = _setting(
        "", _reference, REFERENCE_EXPECTED, "모델 열쇠가 있는 곳", "Where the model's key is to be found"
    )
    model_seconds: float = _setting(
        120.0,
        _seconds,
        "a number of seconds",
        "모델이 아무 말이 없어도 기다리는 시간. 한 차례 전체는 그 다섯 배까지입니다",
        "How long a model may be silent; a whole turn may take five times as long",
    )
    model_tokens: int = _setting(
        4096,
        _at_least_one,
        "a whole number, 1 or more",
        "한 차례의 답이 쓸 수 있는 토큰 수. 생각을 길게 쓰는 모델이면 늘리고, 서버가 받는 길이가 짧으면 줄입니다",
        "How many tokens one answer may take: more for a model that thinks aloud, less for a server that takes little",
    )
    model_turns: int = _setting(
        0,
        _count,
        "a whole number; 0 for as many as come",
        "모델 하나가 한 번에 받는 차례 수. 이 저장소를 함께 쓰는 모든 실행기를 합한 수입니다",
        "How many turns one model takes at a time, over all runners that share the store",
    )
    model_classes: tuple[str, ...] = _setting(
        ("O",),
        _classes,
        "C, S and O separated by commas",
        "모델이 보아도 되는 문서 등급 (C 기밀, S 민감, O 공개)",
        "Classes of documents whose text the model may see: C classified, S sensitive, O open",
    )
    security_class: str = _setting(
        "O", _class, "C, S or O", "등급을 정하지 않은 폴더의 등급", "The class of folders that were given none"
    )
    standing: tuple[tuple[str, float], ...] = _setting(
        (),
        _weights,
        _WEIGHTS_EXPECTED,
        "비슷하게 맞는 대목 가운데 무엇을 앞에 둘지: 이름=더할 점수. 0이면 보지 않습니다",
        "What a search prefers among equals: NAME=WEIGHT added to a score of 0 to 2; 0 switches one off",
    )
    skill_calls: tuple[tuple[str, int], ...] = _setting(
        (),
        _counts,
        "NAME=COUNT separated by commas",
        "기술 하나를 한 번에 실행하는 수. 이 저장소를 함께 쓰는 모든 실행기를 합한 수입니다",
        "How many calls of a skill run at a time, over all runners that share the store",
    )
    embedding: str = _setting(
        "",
        _text,
        "openai:NAME@http://127.0.0.1:8000/v1, local:FOLDER, or empty for words alone",
        "벡터로도 찾을 때 쓸 모델. 비우면 낱말로만 찾습니다",
        "The model whose vectors help the search; words alone when empty",
    )
    embedding_key: str = _setting(
        "",
        _reference,
        REFERENCE_EXPECTED,
        "임베딩 모델의 열쇠가 있는 곳",
        "Where the embedding model's key is to be found",
    )
    embedding_classes: tuple[str, ...] = _setting(
        ("O",),
        _classes,
        "C, S and O separated by commas",
        "임베딩 서버가 보아도 되는 문서 등급",
        "Classes of documents whose text the embedding server may see; a local: model sees all",
    )
    signing_key: str = _setting(
        "",
        _reference,
        REFERENCE_EXPECTED,
        "서명하는 열쇠가 있는 곳. 비우면 상태 폴더의 signing.key",
        "Where the key that signs releases and heads is; signing.key in the state folder when empty",
    )
    reading_processes: int = _setting(
        0, _count, "a whole number; 0 for one a core", "문서를 읽는 프로세스 수", "How many processes read documents"
    )
    reading_seconds: float = _setting(
        60.0,
        _seconds,
        "a number of seconds",
        "파일 하나를 읽는 데 드는 가장 긴 시간",
        "How long one file may take to read",
    )
    busy_seconds: float = _setting(
        10.0, _seconds, "a number of seconds", "저장소가 바쁠 때 기다리는 시간", "How long to wait for a busy store"
    )


def documented() -> list[tuple[str, str, str, str, str]]:
    """Every setting: name, default, what is expected, meaning in Korean, meaning in English."""
    return [
        (f.name, _shown(f.default), f.metadata["expected"], f.metadata["ko"], f.metadata["en"])
        for f in fields(Settings)
    ]


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


_OPTIONS = {"language": "--lang"}
"""Options of the command line whose name is another than that of their setting."""


def load_settings(folder: Path, environment: Mapping[str, str] | None = None, **said: Any) -> Settings:
    """The settings for work in `folder`: the defaults, then its `jihwi.toml`, then the environment, then what was
    said on the command line (`None` is nothing said). Raises SettingUnknown, SettingInvalid.
    """
    env = os.environ if environment is None else environment
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {}
    path = folder / SETTINGS_FILE
    if path.is_file():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise SettingsUnreadable(str(path), str(problem)) from problem
        for name, value in found.items():
            values[name] = _parsed(known, name, value, str(path))
    for name, text in env.items():
        if name.startswith("JIHWI_") and name not in NOT_SETTINGS:
            key = name.removeprefix("JIHWI_").lower()
            values[key] = _parsed(known, key, text, name)
    for name, value in said.items():
        if value is not None:
            values[name] = _parsed(known, name, value, _OPTIONS.get(name, f"--{name}"))
    return Settings(**values)


def _parsed(known: Mapping[str, Any], name: str, value: Any, place: str) -> Any:
    if name not in known:
        raise SettingUnknown(name, place, ", ".join(known))
    about = known[name].metadata
    try:
        return about["parse"](value)
    except (ValueError, TypeError) as problem:
        shown = "***" if about["parse"] in _MAY_BE_SECRET else str(value)
        raise SettingInvalid(name, shown, place, about["expected"]) from problem
