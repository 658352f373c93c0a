"""What our own errors, the system and the libraries below us say in English, in Korean: a sentence for a person is in
one language, with names and values as they stand in the file.

A phrase is put into Korean when it is shown, never when it is recorded, so that a log is the same in every language.
What nobody knows here stays as it is: it is mostly the word of a server, which is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from jihwi.korean_phrases import PHRASES, TYPES
from jihwi.words import fill, particle

__all__ = ["in_korean"]

_LONGEST = 2000
_DEEPEST = 6

Said = Callable[[str], str]
"""Puts a part of a phrase into Korean."""


def in_korean(text: str) -> str:
    """The text in Korean as far as its phrases are known.

    >>> in_korean("Expected '=' after a key in a key/value pair (at line 1, column 6)")
    "1번째 줄 6번째 글자: 이름 뒤에 '='가 있어야 합니다"
    >>> in_korean("Expected `int`, got `str` - at `$.budget.turns`")
    '`budget.turns`에 정수가 있어야 하는데 글이 있습니다'
    >>> in_korean("upstream said no")
    'upstream said no'
    """
    return _said(text, 0) if len(text) <= _LONGEST else text


def _said(text: str, depth: int) -> str:
    known = PHRASES.get(text)
    if known is not None or depth > _DEEPEST:
        return text if known is None else known

    def part(inner: str) -> str:
        return _said(inner, depth + 1)

    for shape, put in _shapes():
        found = shape.fullmatch(text)
        if found is not None:
            return put(found, part)
    return _pieces(text, part)


def _pieces(text: str, part: Said) -> str:
    """A phrase with something before it, or in brackets behind it."""
    if text.endswith(")") and " (" in text:
        head, _, inner = text[:-1].rpartition(" (")
        if (part(head), part(inner)) != (head, inner):
            return f"{part(head)} ({part(inner)})"
    head, colon, rest = text.partition(": ")
    return f"{part(head)}: {part(rest)}" if colon and rest else text


def _that(said: str) -> str:
    """The kinds of value that msgspec names (`int | null`), as a sentence begins with them."""
    words = " 또는 ".join(TYPES.get(one.strip(), one.strip()) for one in said.split("|"))
    return words + particle(words, "이")


def _kinds_words(found: re.Match[str]) -> str:
    return f"{_that(found['wanted'])} 있어야 하는데 {_that(found['got'])} 있습니다"


def _at(found: re.Match[str], part: Said) -> str:
    """`… - at `$.a.b``, of msgspec."""
    place, what = found["place"].removeprefix("$").lstrip(".").replace("[...]", ""), found["what"]
    if not place:
        return part(what)
    kinds = _KINDS.fullmatch(what)
    if kinds is not None:
        return f"`{place}`에 {_kinds_words(kinds)}"
    return f"`{place}`: {part(what)}"


_KINDS = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")


def _put(template: str) -> Callable[[re.Match[str], Said], str]:
    """A sentence with the groups of a match in it: `{g0}` as it stands, `{w0}` in Korean, too."""

    def put(found: re.Match[str], part: Said) -> str:
        groups = [one or "" for one in found.groups()]
        fields = {f"g{number}": one for number, one in enumerate(groups)}
        return fill(template, fields | {f"w{number}": part(one) for number, one in enumerate(groups)})

    return put


_TEMPLATES = (
    # the command line
    (r"Missing argument '(.+?)'\.(?: .*)?", "'{g0}' 인자가 있어야 합니다."),
    (r"Missing option '(.+?)'\.(?: .*)?", "'{g0}' 선택이 있어야 합니다."),
    (r"No such option: (\S+) \(Possible options: (.+)\)", "'{g0}'라는 선택은 없습니다. 혹시 {g1}?"),
    (r"No such option: (\S+)", "'{g0}'라는 선택은 없습니다."),
    (r"No such command '(.+)'\. Did you mean (.+)\?", "'{g0}'라는 명령은 없습니다. 혹시 {g1}?"),
    (r"No such command '(.+)'\.", "'{g0}'라는 명령은 없습니다."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", "쓸 곳이 없는 말이 있습니다: {g0}"),
    (r"Option '?([^' ]+)'? requires an argument\.?", "'{g0}' 뒤에 값이 있어야 합니다."),
    (r"Option '?([^' ]+)'? does not take a value\.?", "'{g0}'에는 값을 주지 않습니다."),
    (r"Invalid value for (.+?): (.+)", "{g0}의 값을 쓸 수 없습니다: {w1}"),
    (r"Value error, (.+?)\.?", "{w0}"),
    (r"Input should be (?:greater than or equal to) (.+)", "{g0} 이상이어야 합니다"),
    (r"Input should be (?:less than or equal to) (.+)", "{g0} 이하여야 합니다"),
    (r"Input should be ('.+)", "{g0} 가운데 하나여야 합니다"),
    (r"(.+)' or '(.+)", "{g0}', '{g1}"),
    # the system
    (r"\[Errno -?\d+\] (.+?): ('.*')", "{w0}: {g1}"),
    (r"\[Errno -?\d+\] Connect call failed \('([^']+)', (\d+).*\)", "{g0}:{g1}에 연결하지 못함"),
    (r"\[Errno -?\d+\] (.+)", "{w0}"),
    (r"Multiple exceptions: (.+)", "여러 번 실패함: {w0}"),
    (
        r"'([\w-]+)' codec can't (?:de|en)code (?:byte|character).* in position (\d+).*",
        "{g1}번째 바이트가 {g0:이} 아님",
    ),
    # TOML, JSON, YAML
    (r"(.+) \(at line (\d+), column (\d+)\)", "{g1}번째 줄 {g2}번째 글자: {w0}"),
    (r"(.+) \(at end of document\)", "파일 끝: {w0}"),
    (r"""Expected (['"].+['"])""", "{g0}가 있어야 합니다"),
    (r"(?:Found invalid|Illegal) character (.+)", "쓸 수 없는 글자 {g0}"),
    (r"Cannot declare \((.+?),?\) twice", "{g0:을} 두 번 적었습니다"),
    (r"Duplicate inline table key (.+)", "{g0:을} 두 번 적었습니다"),
    (r"Cannot mutate immutable namespace \((.+?),?\)", "{g0:은} 이미 다 적었습니다"),
    (r"(.+): line (\d+) column (\d+) \(char \d+\)", "{g1}번째 줄 {g2}번째 글자: {w0}"),
    (r"JSON is malformed: (.+)", "JSON이 아닙니다: {w0}"),
    (r"(.+) \(byte (\d+)\)", "{w0} ({g1}번째 바이트)"),
    (r"expected <block end>, but found (.+)", "들여쓰기나 줄의 모양이 맞지 않습니다"),
    (r"expected (.+), but (?:found|got) (.+)", "{w0} 자리에 {w1:이} 있습니다"),
    (r"found character (.+) that cannot start any token", "여기에 쓸 수 없는 글자 {g0}"),
    (r"found undefined alias (.+)", "정하지 않은 별칭 {g0}"),
    (r"found (?:unknown escape|duplicate) (.+)", "쓸 수 없는 것: {g0}"),
    (r"found unexpected end of stream", "중간에 끝났습니다"),
    (r"unacceptable character (\S+): .+", "쓸 수 없는 글자 {g0}"),
    (r"could not determine a constructor for the tag (.+)", "알 수 없는 태그 {g0}"),
    # msgspec
    (r"Object missing required field `(.+)`", "`{g0}` 항목이 있어야 합니다"),
    (r"Object contains unknown field `(.+)`", "쓸 수 없는 이름입니다: `{g0}`"),
    (r"Invalid (?:enum )?value (.+)", "{g0:은} 쓸 수 없는 값입니다"),
    (r"Expected `[^`]+` of length (>=|<=|==) (\d+)", "길이가 {g1}{w0} 합니다"),
    (r"Expected `[^`]+` (>=|<=|>|<) (\S+)", "{g1}{w0} 합니다"),
    (r"Expected `[^`]+` that's a multiple of (\S+)", "{g0}의 배수여야 합니다"),
    (r"Expected `[^`]+` matching regex (.+)", "{g0} 모양이어야 합니다"),
    # JSON schemas
    (r"('.+') is a required property", "{g0:이} 있어야 합니다"),
    (r"Additional properties are not allowed \((.+) (?:was|were) unexpected\)", "쓸 수 없는 이름: {g0}"),
    (r"(.+) is not of type (.+)", "{g0:은} {w1:이} 아닙니다"),
    (r"(.+) is less than (?:or equal to )?the minimum of (.+)", "{g0:은} {g1}보다 작습니다"),
    (r"(.+) is greater than (?:or equal to )?the maximum of (.+)", "{g0:은} {g1}보다 큽니다"),
    (r"(.+) is not one of (.+)", "{g0:은} {g1} 가운데 하나가 아닙니다"),
    (r"(.+) (?:should be non-empty|is too short)", "{g0:은} 너무 짧습니다"),
    (r"(.+) is too long", "{g0:은} 너무 깁니다"),
    (r"(.+) is too large", "{g0:은} 너무 큽니다"),
    (r"(.+) has non-unique elements", "{g0}에 같은 것이 두 번 있습니다"),
    (r"(.+) does not match (.+)", "{g0:은} {g1} 모양이 아닙니다"),
    (r"(.+) is not valid under any of the given schemas", "{g0:은} 정해진 어떤 모양에도 맞지 않습니다"),
    (r"(.+) is not a '(.+)'", "{g0:은} {g1} 모양이 아닙니다"),
    (r"(.+) was expected", "{g0}이어야 합니다"),
    # databases and their servers
    (r"connection failed: (.+)", "{w0}"),
    (r"connection to server at \"(.+?)\"(?: \(.+?\))?, port (\d+) failed: (.+)", "{g0}:{g1}에 연결하지 못함: {w2}"),
    (r"the connection was lost on the way", "도중에 연결이 끊어졌습니다"),
    (r"failed to resolve host '(.+?)': (.+)", "'{g0}' 서버를 찾지 못함: {w1}"),
    (r"FATAL:\s+(.+)", "{w0}"),
    (r"password authentication failed for user \"(.+)\"", "'{g0}' 사용자의 비밀번호가 맞지 않음"),
    (r"(?:role|user) \"(.+)\" does not exist", "'{g0}' 사용자가 없음"),
    (r"database \"(.+)\" does not exist", "'{g0}' 데이터베이스가 없음"),
    (r"no such (?:table|column): (.+)", "표나 칸이 없음: {g0}"),
    # our own: the ledger, the store, the index
    (r"its number is (\d+)", "번호가 {g0}입니다"),
    (r"the header cannot be read \((.+)\)", "머리글을 읽을 수 없습니다 ({w0})"),
    (r"its body cannot be read \((.+)\)", "내용을 읽을 수 없습니다 ({w0})"),
    (r"line (\d+) is no event \((.+)\)", "{g0}번째 줄이 기록이 아닙니다 ({w1})"),
    (r"line (\d+) is no signature \((.+)\)", "{g0}번째 줄이 서명이 아닙니다 ({w1})"),
    (
        r"the head signed at event (\d+) is not in the chain: .+",
        "{g0}번 기록에서 서명한 머리값이 사슬에 없습니다. 끝이 잘렸거나 다시 쓰였습니다",
    ),
    (r"a part of the prompt is missing: (.+)", "프롬프트의 조각이 없습니다: {g0}"),
    (r"the prompt of event (\d+) has another digest", "{g0}번 기록의 프롬프트가 요약값과 다릅니다"),
    (r"the part (\S+) is missing", "조각 {g0}이 없습니다"),
    (r"the prompt before that of event (\d+) is missing", "{g0}번 기록 앞의 프롬프트가 없습니다"),
    (r"events of (\S+) cannot be read: (.+)", "{g0}의 기록을 읽을 수 없습니다: {w1}"),
    (r"the body of (\S+) is missing", "{g0}의 내용이 없습니다"),
    (r"(.+) lies outside", "{g0:이} 백업 밖에 있습니다"),
    (r"(.+) is not what was copied", "{g0:이} 복사한 것과 다릅니다"),
    (r"(.+) changed while it was read", "{g0:이} 읽는 동안 바뀌었습니다"),
    (r"collection '(.+)'", "모음 '{g0}'"),
    (r"(>|<) ([\d,]+) bytes", "{g0} {g1}바이트"),
    (r"([\d,]+) > ([\d,]+) bytes", "{g0} > {g1}바이트"),
    (r"> ([\d.]+) s", "{g0}초 넘게"),
    (r"more than ([\d.]+) s", "{g0}초가 넘음"),
    # our own: models and their servers
    (r"no whole answer within (\S+) seconds", "{g0}초 안에 답을 마치지 않음"),
    (r"no connection within (\S+) seconds", "{g0}초 안에 연결되지 않음"),
    (r"silent for more than (\S+) seconds", "{g0}초 넘게 아무 말이 없음"),
    (
        r"what answers there does not speak TLS; does it want http://\? \((.+)\)",
        "그 자리의 것은 TLS로 답하지 않음; 주소가 http://인지 보십시오 ({w0})",
    ),
    (r"it closed the connection without an answer \((.+)\)", "답 없이 연결을 끊음 ({w0})"),
    (r"(HTTP \d+): (.+), which is not followed", "{g0}: {g1}, 따라가지 않음"),
    # our own: what a model asked for, and what it quoted
    (r"the words differ from the document: (.+)", "문서의 글과 다릅니다: {g0}"),
    (r"there is no tool '(.+)'; there are: (.+)", "'{g0}' 도구는 없습니다. 있는 도구: {g1}"),
    (r"`(.+)` is empty", "`{g0}` 값이 비어 있습니다"),
    (r"no result so far shows a document '(.+)'", "지금까지의 결과에 '{g0}' 문서가 없습니다"),
    (r"the arguments are no JSON object: (.+)", "도구에 준 값이 JSON 객체가 아닙니다: {g0}"),
    (
        r"the answer was cut off at its length limit; (.+)",
        "길이 한도에 걸려 답이 끊겼습니다. {w0}",
    ),
    (r"the arguments are no JSON \((.+)\): (.+)", "도구에 준 값이 JSON이 아닙니다({w0}): {g1}"),
    (r"no (?:value|key) can begin with (.+)", "{g0} 자리에 값이나 이름이 있어야 함"),
    (r"a comma is missing before (.+)", "{g0} 앞에 쉼표가 없음"),
    (r"no colon follows the key (.+)", "이름 {g0} 뒤에 쌍점이 없음"),
    (r"more follows after its end: (.+)", "끝난 뒤에 더 있음: {g0}"),
    (r"(.+) is no JSON number", "{g0:은} JSON의 수가 아님"),
    (r"no number: (.+)", "수가 아님: {g0}"),
    (r"it cannot be kept: (.+)", "기록할 수 없음: {w0}"),
    # our own: ways of telling people
    (r"(.+): exit code (-?\d+)", "{g0}: 끝냄 번호 {g1}"),
    (r"mail_from: (.+), to: (.+)", "mail_from: {w0}, 받는 주소: {w1}"),
    (r"('.+') is not below one of webhooks_allowed", "{g0:은} webhooks_allowed에 적은 주소 아래에 있지 않음"),
    # our own: skills and formulas
    (r"its parameter '(.+)' needs a type", "인자 '{g0}'에 타입이 있어야 합니다"),
    (r"there is no document '(.+)' to be read here", "여기서 읽을 수 있는 문서가 아닙니다: '{g0}'"),
    (r"longer than (\d+) letters", "{g0}자보다 깁니다"),
    (r"'(.+)' is not allowed in a formula", "식에 쓸 수 없는 것입니다: '{g0}'"),
    (
        r"there is no '(.+)': q1 to q(\d+) are cited",
        "없는 수입니다: '{g0}'. 인용된 것은 q1부터 q{g1}까지입니다",
    ),
    (r"different units: (.+)", "단위가 서로 다릅니다: {g0}"),
    (
        r"invalid syntax.*|'.*' was never closed.*|unmatched .*|invalid decimal literal.*",
        "식의 모양이 아닙니다",
    ),
    # our own: where something was said, and what it should be
    (r"team (\S+)", "{g0} 팀"),
    (r"team of (.+)", "절차 '{g0}'의 팀"),
    (r"the key of (.+)", "{g0}의 열쇠"),
    (r"the classes of (.+)", "{g0}의 등급"),
    (r"a reference to (.+)", "{w0:이} 있는 곳 (env:이름 또는 file:경로)"),
    (r"(.+), never the (?:secret|key|password) itself", "{w0}. 비밀 자체는 적지 않습니다"),
)
"""What a phrase with names and numbers in it looks like, and what it is in Korean."""


@cache
def _shapes() -> list[tuple[re.Pattern[str], Callable[[re.Match[str], Said], str]]]:
    """Made when the first phrase is put into Korean: most commands need none of it."""
    at = r"(?P<what>.+) - at `(?:key in `)?(?P<place>\$[^`]*)`"
    return [
        (re.compile(at, re.DOTALL), _at),
        (_KINDS, lambda found, part: _kinds_words(found)),
        *((re.compile(shape, re.DOTALL), _put(template)) for shape, template in _TEMPLATES),
    ]
