"""What can be set, where it is said, and how: few settings, each documented, an unknown one is an error.

A setting stands in `jihwi.toml` (in the folder one works in) or in the environment as `JIHWI_` and its name in
capitals; the environment wins. What a person may change while it runs is in the house stream, never here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jihwi.errors import SettingInvalid, SettingUnknown

__all__ = ["NOT_SETTINGS", "SETTINGS_FILE", "Settings", "documented", "load_settings"]

SETTINGS_FILE = "jihwi.toml"

NOT_SETTINGS = frozenset({"JIHWI_TEST_ALL", "JIHWI_TEST_POSTGRES", "JIHWI_CORPUS"})
"""Names the tests use."""


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


def _seconds(value: Any) -> float:
    number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    if not 0 < number < 1e9:
        raise ValueError("a number of seconds above 0")
    return number


def _reference(value: Any) -> str:
    if value == "" or (isinstance(value, str) and value.startswith(("env:", "file:"))):
        return str(value)
    raise ValueError("env:NAME or file:PATH, never the secret itself")


def _setting(default: Any, parse: Callable[[Any], Any], expected: str, ko: str, en: str) -> Any:
    return field(default=default, metadata={"parse": parse, "expected": expected, "ko": ko, "en": en})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, read once. See `jihwi doctor` for their values and docs/settings.md for the list."""

    home: str = _setting(
        "./.jihwi", _text, "a folder on this machine", "상태를 두는 폴더", "The folder that holds the state"
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
    model: str = _setting(
        "",
        _text,
        "openai:NAME@http://127.0.0.1:8000/v1, or empty for no model",
        "쓸 모델. 비우면 모델 없이 일합니다",
        "The model to use; none when empty",
    )
    model_key: str = _setting(
        "", _reference, "env:NAME or file:PATH", "모델 열쇠가 있는 곳", "Where the model's key is to be found"
    )
    model_seconds: float = _setting(
        120.0, _seconds, "a number of seconds", "모델을 기다리는 시간", "How long a model may take"
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
            raise SettingInvalid(SETTINGS_FILE, str(problem), str(path), "TOML") from problem
        for name, value in found.items():
            values[name] = _parsed(known, name, value, str(path))
    for name, text in env.items():
        if name.startswith("JIHWI_") and name not in NOT_SETTINGS:
            key = name.removeprefix("JIHWI_").lower()
            values[key] = _parsed(known, key, text, name)
    for name, value in said.items():
        if value is not None:
            values[name] = _parsed(known, name, value, f"--{name}")
    return Settings(**values)


def _parsed(known: Mapping[str, Any], name: str, value: Any, place: str) -> Any:
    if name not in known:
        raise SettingUnknown(name, place, ", ".join(known))
    about = known[name].metadata
    try:
        return about["parse"](value)
    except (ValueError, TypeError) as problem:
        raise SettingInvalid(name, str(value), place, about["expected"]) from problem
