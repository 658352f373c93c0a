"""What goes wrong is said in Korean to who reads Korean, also where a library's words are in it: but for names."""

from __future__ import annotations

import errno
import json
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from jihwi.case.assignment import Reason
from jihwi.case.reasons import say
from jihwi.errors import JihwiError, LedgerBroken, SecretMissing, SettingInvalid, SettingsUnreadable, TeamInvalid
from jihwi.house import HOUSE_SETTINGS, parse_house_setting
from jihwi.korean import in_korean
from jihwi.minds.repair import Unreadable, read_json
from jihwi.settings import SETTINGS_FILE, Settings, load_settings
from jihwi.teams import check_team, load_team

NAMED = re.compile(
    r"'[^']*'|`[^`]*`|\"[^\"]*\"|\([^()]*(?:/|JIHWI_|--)[^()]*\)|"  # values and places, as they were given
    r"\S*(?:[_/@=.-]\S*)+|https?://\S*|(?<![A-Za-z])[A-Z][A-Z0-9_]*(?![a-z])|"  # names, addresses, abbreviations
    r"(?<![A-Za-z])(?:ko|en|auto|on|off|none|starttls|tls|true|env|file|local|official|draft|repealed|older|copy|fragment"
    r"|Ed25519)(?![A-Za-z]):?"
)
"""What may stand in a Korean sentence with Latin letters."""


def stray(words: str) -> list[str]:
    """The English words of a sentence."""
    return re.findall(r"[A-Za-z]{2,}", NAMED.sub(" ", words))


def told(problem: JihwiError) -> str:
    return f"{problem.words('ko')} {problem.next_step('ko')}"


# ── settings ─────────────────────────────────────────────────────────────────

WRONG: dict[str, Any] = {
    "store": "mysql://a",
    "language": "de",
    "labels": 3,
    "skill_folders": 3,
    "mcp_servers": "no server",
    "model_key": "sk-secret",
    "model_seconds": "soon",
    "model_turns": -1,
    "model_classes": "X",
    "security_class": "X",
    "standing": "official=7",
    "skill_calls": "search=many",
    "embedding_key": "sk-secret",
    "embedding_classes": "X",
    "signing_key": "secret",
    "reading_processes": "many",
    "reading_seconds": 0,
    "busy_seconds": "",
}
"""A wrong value for each setting that does not take every text."""


@pytest.mark.parametrize("name", [one.name for one in fields(Settings)])
def test_a_wrong_setting_is_refused_in_korean(tmp_path: Path, name: str) -> None:
    wrong = WRONG.get(name, {})
    (tmp_path / SETTINGS_FILE).write_text(f"{name} = {json.dumps(wrong)}\n", "utf-8")
    with pytest.raises(SettingInvalid) as found:
        load_settings(tmp_path, {})
    assert stray(told(found.value)) == [], told(found.value)
    assert "이렇게 쓰십시오: " in told(found.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("home\n", "1번째 줄 5번째 글자: 이름 뒤에 '='가 있어야 합니다"),
        ("home = ./here\n", "1번째 줄 8번째 글자: 쓸 수 없는 값입니다"),
        ('home = "a\n', "쓸 수 없는 글자"),
        ('home = "a"\nhome = "b"\n', "같은 이름을 두 번 적었습니다"),
        ("labels = [\n", "파일 끝: "),
        ("[standing\n", "표 이름이 ']'로 끝나야 합니다"),
        ("[a]\n[a]\n", "'a'를 두 번 적었습니다"),
        ("a. = 3\n", "이름을 시작할 수 없는 글자입니다"),
        ('home = "a" "b"\n', "한 줄에 하나만 적어야 합니다"),
        ("a = 2026-13-45\n", "1번째 줄"),
        ('home = "\udcff"', "8번째 바이트가 utf-8이 아님"),
    ],
)
def test_a_settings_file_that_cannot_be_read_is_told_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsUnreadable) as found:
        load_settings(tmp_path, {})
    assert stray(told(found.value)) == [], told(found.value)
    assert words in told(found.value)


HOUSE_WRONG = {
    "notify_command": "a\nb",
    "console_address": "ftp://here",
    "mail_server": "a b",
    "mail_from": "nobody",
    "mail_security": "ssl",
    "mail_user": "a\nb",
    "mail_password": "secret",
    "webhook": "chat",
    "webhooks_allowed": "chat",
    "keep_verdicts": "maybe",
    "keep_prompts": "maybe",
    "keep_edits": "maybe",
}


@pytest.mark.parametrize("name", list(HOUSE_SETTINGS))
def test_a_wrong_setting_of_the_house_is_refused_in_korean(name: str) -> None:
    with pytest.raises(SettingInvalid) as found:
        parse_house_setting(name, HOUSE_WRONG[name])
    assert stray(told(found.value)) == [], told(found.value)
    assert "집의 설정" in told(found.value)


# ── team files ───────────────────────────────────────────────────────────────

TEAM = "---\nname: desk\ncase_worker: clerk\n{more}\n---\nA desk.\n"
CLERK = "---\nname: clerk\nmind: model\n{more}\n---\nWork.\n"


@pytest.mark.parametrize(
    ("team", "clerk", "words"),
    [
        ("budget: {turns: many}", "", "`budget`에 정수가 있어야 하는데 글이 있습니다"),
        ("budget: [", "", "머리말이 잘못되었습니다: "),
        ("colour: red", "", "쓸 수 없는 이름입니다: `colour`"),
        ("a: b: c", "", "여기에는 ':'를 쓸 수 없습니다"),
        ("a: *b", "", "별칭"),
        ("\tname: x", "", "여기에 쓸 수 없는 글자 '\\t'"),
        ("approval_expires_seconds: soon", "", "`approval_expires_seconds`에 "),
        ("title: !!python/object:os.system x", "", "알 수 없는 태그"),
        ("", "skills: look", "`skills`에 목록이 있어야 하는데 글이 있습니다"),
        ("", "mind: robot", "'robot'"),
        ("", "skills: [fly]", "'fly' 기술이 없습니다"),
        ("", "delegates: [nobody]", "'nobody'"),
    ],
)
def test_a_wrong_team_is_told_in_korean(tmp_path: Path, team: str, clerk: str, words: str) -> None:
    (tmp_path / "team.md").write_text(TEAM.format(more=team), "utf-8")
    (tmp_path / "clerk.md").write_text(CLERK.format(more=clerk).replace("mind: model\nmind", "mind"), "utf-8")
    problems = check_team(tmp_path, {})
    assert problems
    assert words in problems[0].ko, problems[0].ko
    for one in problems:
        assert stray(one.ko) == [], one.ko
    with pytest.raises(TeamInvalid) as found:
        load_team(tmp_path, {})
    assert words in found.value.words("ko")
    assert problems[0].en in found.value.words("en")


# ── what libraries say ───────────────────────────────────────────────────────


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    count: int = 0
    kind: str = ""
    share: float = 0.0
    many: list[int] = []


def _shape(text: str) -> Any:
    return msgspec.json.decode(text, type=Shape)


_MISFITS: list[Any] = [
    {},
    {"to": "ab", "x": 1},
    {"to": 3},
    {"to": "a"},
    {"to": "abcde"},
    {"to": "AB"},
    {"to": "ab", "n": 0},
    {"to": "ab", "n": 9},
    {"to": "ab", "one": "c"},
    {"to": "ab", "all": [1, 1]},
    {"to": "ab", "all": []},
    {"to": "ab", "either": 3},
    [],
]


def _schema(value: Any) -> None:
    schema = {
        "type": "object",
        "required": ["to"],
        "additionalProperties": False,
        "properties": {
            "to": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]*$"},
            "n": {"type": "integer", "minimum": 1, "maximum": 3},
            "one": {"enum": ["a", "b"]},
            "all": {"type": "array", "uniqueItems": True, "minItems": 1},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    for problem in Draft202012Validator(schema).iter_errors(value):
        raise ValueError(problem.message)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            partial(_shape, text)
            for text in (
                "{}",
                '{"name": 3}',
                '{"name": "a", "count": "b"}',
                '{"name": "a", "x": 1}',
                '{"name": "a", "many": [1, "b"]}',
                '{"name": "a"',
                '{"name": "a",}',
                '{"name": "a"} x',
                "[]",
                "{name: 1}",
                "",
                '{"name": nothing}',
                '{"name" "a"}',
            )
        ),
        *(partial(json.loads, text) for text in ("", "{", "{a", '{"a" 1}', "[1 2]", "1 2", '"', '"\\x"', "[1,]")),
        *(partial(_schema, value) for value in _MISFITS),
        *(
            partial(tomllib.loads, text)
            for text in ("a = ", "a = 'b", "[a", "a.b = 1\na = 2", "a = {b = 1", "a = 1_", 'a = "\\q"')
        ),
        lambda: b"\xff".decode(),
        lambda: Path("/no/such/file").read_text("utf-8"),
        lambda: Path("/").read_text("utf-8"),
    ],
)
def test_what_a_library_says_is_put_into_korean(wrong: Callable[[], Any]) -> None:
    with pytest.raises((ValueError, OSError)) as found:
        wrong()
    said = in_korean(str(found.value))
    assert stray(said) == [], f"{found.value} → {said}"
    assert re.search("[가-힣]", said)


@pytest.mark.parametrize(
    "number", ["ENOENT", "EACCES", "ENOSPC", "EROFS", "EISDIR", "ENOTDIR", "ECONNREFUSED", "EADDRINUSE"]
)
def test_what_the_system_says_is_put_into_korean(number: str) -> None:
    assert stray(in_korean(os.strerror(getattr(errno, number)))) == []


# ── where it is told ─────────────────────────────────────────────────────────


def test_a_name_that_reads_like_a_phrase_stays_a_name() -> None:
    problem = SecretMissing("model_key", "file:empty", "empty", "the secret")
    assert told(problem).startswith("'model_key'에 적은 'file:empty'에서 쓸 수 있는 값을 얻지 못했습니다 (비어 있음).")
    assert told(problem).endswith("있어야 할 것: 그 비밀.")
    broken = LedgerBroken("cut", 3, "line 7 is no event (JSON is malformed: invalid character (byte 2))")
    assert broken.words("ko") == (
        "'cut' 사건의 원장이 3번 기록에서 끊어졌습니다: "
        "7번째 줄이 기록이 아닙니다 (JSON이 아닙니다: 쓸 수 없는 글자가 있습니다 (2번째 바이트))"
    )
    assert "line 7 is no event" in broken.words("en")


def test_a_reason_with_a_librarys_words_is_korean_too_and_a_servers_words_stay_its_own() -> None:
    reason = Reason("skill_failed", {"skill": "look", "detail": "[Errno 2] No such file or directory: 'a'"})
    assert say(reason, "ko") == "'look' 기술이 실패했습니다: 그런 파일이 없음: 'a'"
    reason = Reason("skill_failed", {"skill": "look", "detail": "upstream: the cat sat on the cable"})
    assert "upstream: the cat sat on the cable" in say(reason, "ko")
    assert in_korean("a: " * 2000) == "a: " * 2000


# ── models ───────────────────────────────────────────────────────────────────

BROKEN = (
    *('{"q": "예', '{"q": 1', "{", '{"a":1,', '{"a" 1}', '{"a":}', '{"a":1} 끝', '{"a":1,"a":2}', '{"a":1e999}'),
    *(
        '{"a":-}',
        '{"a":"\\u12"}',
        '{"a": 1 "나": 2}',
        "{1:2}",
        '{"가":' + "[" * 2000,
        '{"a":"\\ud800"}',
        "9" * 5000,
        "{'a': 1x}",
    ),
)


@pytest.mark.parametrize("written", BROKEN, ids=range(len(BROKEN)))
def test_what_is_wrong_with_what_a_model_wrote_is_said_in_korean(written: str) -> None:
    with pytest.raises(Unreadable) as problem:
        read_json(written)
    found = in_korean(f"the arguments are no JSON ({problem.value}): {{}}")
    assert not stray(found), found


def test_a_call_that_is_none_is_refused_in_korean() -> None:
    for problem in (
        "there is no tool 'fetch_web'; there are: find_evidence, hand_off",
        "`text` is empty",
        "no result so far shows a document 'd1'",
        "the arguments are no JSON object: 7",
        "the answer was cut off at its length limit; the arguments are no JSON (it ends inside a string): {",
        "the words differ from the document: '90' ≠ '60'",
    ):
        assert not stray(say(Reason("arguments_malformed", {"problem": problem}), "ko")), problem
