"""Which of the candidates answers: a sum of what can be seen of each, with weights learned once and written down here.

The weights were fitted on questions over encyclopedia articles (a softmax over the candidates of the best sentences),
half of the articles at a time: fitted on one half they do as well on the other. Nothing in them names a word or a
subject; they say how much it counts that the question's words stand near, that the kind of thing is the one asked for,
which particle follows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import msgspec

from jihwi.evidence.quantities import Quantity
from jihwi.library.candidates import Candidate
from jihwi.library.passages import Passage, Weighed
from jihwi.library.questions import Question, Wanted, kind_of_label

__all__ = ["FEATURES", "Asked", "Chosen", "Seen", "asked_particle", "choose", "fit_of", "seen_of"]


class Seen(msgspec.Struct, frozen=True):
    """What is seen of a candidate; each is about 0 to 1."""

    share: float
    """Of the question, in its sentence."""
    around: float
    """The same, with what stands beside the sentence."""
    in_passage: float
    score: float
    """What the search gave its passage."""
    near: float
    """How near the question's terms stand, by weight."""
    near_before: float
    """The same, of the terms before it."""
    asked: float
    """How much of it is words of the question: an answer is seldom what was asked."""
    untouched: float
    """1 when none of it is."""
    fit: float
    """How well it is the kind of thing that is asked for, -1 to 1."""
    fit_near: float
    particle: float
    """1 when the particle after it is the one the question word bears (누구에게: 에게)."""
    words: float
    long: float
    whole: float
    """1 when it is no part of a longer candidate."""
    length: float
    quoted: float
    quantity: float
    name: float
    ends_with_focus: float
    before_focus: float
    glossed: float
    """1 when a bracket explains it."""
    copula: float
    subject: float
    topic: float
    object: float
    place: float
    direction: float
    company: float
    called: float
    """Followed by (이)라는, (이)라고 하다."""
    after_focus: float
    """1 when the noun that is asked for stands right before it (건축가 안병의)."""
    focus_is: float
    """1 when the noun that is asked for is the subject, and this what it is said to be (우승자는 …이다)."""
    verbal: float
    """1 when an ending makes it a verb."""
    near_verb: float
    """How close before a verb of the question it stands, where Korean puts what the verb is about."""
    beside: float
    """1 when the word that follows it is the word that follows the question word (누구의 반발: 조준의 반발)."""
    titled: float
    """1 when a person's title follows (정동영 당시 위원장, 안병의 씨)."""
    column: float
    """How much of the question the headings of its column hold, when it is a table's cell."""
    labelled: float
    """1 when it stands after a label that names the kind of thing asked for (`일시:`)."""


FEATURES = Seen.__struct_fields__


class Chosen(msgspec.Struct, frozen=True):
    """A candidate with what it scored, and the sentence it stands in."""

    weighed: Weighed
    candidate: Candidate
    seen: Seen
    score: float


# ── the kind of thing ────────────────────────────────────────────────────────


def _ends(words: str) -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(sorted(words.split(), key=len, reverse=True)) + r")\Z")


_PLACES = _ends(
    """
    특별시 광역시 시 군 구 도 읍 면 동 리 국 주 현 성 섬 강 산 역 항 궁 사원 공원 광장 거리
    도시 지방 지역 왕국 제국 공화국 나라 마을 공항 터미널 회관 본관 별관 청사 회의실 강당 센터
    호텔 극장 경기장 대학교 학교 병원 층 호실
    """
)
_BODIES = _ends(
    """
    과 팀 청 부 처 국 실 위원회 공사 공단 재단 대학교 대학 학교 고등학교 병원 연구원 연구소 센터
    협회 은행 법원 경찰서 본부 사업단 당 사 회 단 그룹 신문 일보 방송 군 대 조직 연맹 연합 정부
    기구 노조 클럽 구단 담당관 주식회사
    """
)
_PEOPLE = _ends(
    """
    씨 장관 차관 대통령 총리 왕 교수 감독 의원 시장 지사 회장 사장 대표 과장 팀장 국장 실장
    위원장 목사 신부 박사 장군 제독 천황 황제 여왕 공주 왕자 공작 백작 주무관 사무관 서기관 주사
    소장 원장 이사장 위원 선수
    """
)
_ERA = re.compile(r"(?:시대|시기|당시|세기|봄|여름|가을|겨울|년|월|일|초|말|중반)\Z")
_KINDS_WANTED: dict[Wanted, dict[str, float]] = {
    "when": {"date": 1.0, "time": 0.5, "duration": 0.0},
    "time": {"time": 1.0, "date": 0.0},
    "duration": {"duration": 1.0, "count": 0.0, "number": 0.0, "date": 0.0},
    "how_much": {"amount": 1.0, "count": 0.6, "percent": 0.6, "number": 0.6, "duration": 0.0},
    "percent": {"percent": 1.0, "number": 0.1},
    "how_many": {
        "count": 0.8,
        "number": 0.8,
        "duration": 0.6,
        "percent": 0.6,
        "amount": 0.5,
        "date": -0.5,
        "time": 0.2,
    },
    "article": {"article": 1.0, "count": 0.3},
    "phone": {"phone": 1.0},
}
_NAMED: tuple[Wanted, ...] = ("who", "organisation", "where", "title")


_STOP_NOUNS = frozenset(
    "다음 경우 것 수 때 등 각 호 바 점 중 이 그 및 또는 해당 이상 이하 이내 전 후 간 자 항 조".split()  # noqa: SIM905
)


def fit_of(question: Question, candidate: Candidate, text: str) -> float:
    """How well a candidate is the kind of thing the question asks for, -1 to 1.3."""
    kinds = _KINDS_WANTED.get(question.wanted)
    if kinds is not None:
        return _fit_in_figures(question, candidate, text, kinds)
    if candidate.quantity is not None:
        return -0.6
    if candidate.quoted and question.wanted != "title" and text.endswith(_SAID):
        return -0.6
    if question.wanted in _NAMED:
        return _fit_of_name(question, candidate, text)
    if text in _STOP_NOUNS:
        return -1.0
    return 0.2 if candidate.quoted or candidate.tag in ("NNP", "SL") else 0.0


def _fit_in_figures(question: Question, candidate: Candidate, text: str, kinds: dict[str, float]) -> float:
    quantity = candidate.quantity
    if quantity is None:
        if question.wanted == "when":
            return 0.5 if _ERA.search(text) else -1.0
        return 0.0 if question.wanted == "how_many" and re.search(r"\d", text) else -1.0
    if question.wanted == "when" and quantity.unit in ("세기", "년대"):
        return 1.0
    if question.wanted == "when" and quantity.kind == "date":
        return _fit_of_date(question, quantity, text)
    if question.wanted == "when" and quantity.kind == "duration" and text.endswith(("전", "이내", "후", "뒤", "안")):
        return 0.8
    fit = kinds.get(quantity.kind, -1.0)
    if question.unit and question.wanted in ("how_many", "when", "duration"):
        same = quantity.unit == question.unit or text.rstrip(" 간여").endswith(question.unit)
        return fit + 0.4 if same else min(fit, 0.2) if question.wanted == "how_many" else fit
    return fit


_YEAR = re.compile(r"(?:^|[가-힣])(?:해|연도|년도|year)\Z")


def _fit_of_date(question: Question, quantity: Quantity, text: str) -> float:
    """A year where a year is asked for, a month where a month is; otherwise as much of the date as there is."""
    if _YEAR.search(question.focus) or question.unit in ("년", "년도"):
        return 1.3 if text.endswith(("년", "년도")) or text.isdigit() else 0.8
    if question.unit == "월":
        return 1.3 if text.endswith("월") else 0.8
    return 1.0 if text == quantity.text else 0.6


_SAID = ("다", "까", "요", "다.", "?", "!")


def _fit_of_name(question: Question, candidate: Candidate, text: str) -> float:
    wanted = question.wanted
    name, latin = candidate.tag == "NNP", candidate.tag in ("SL", "")
    if wanted == "title":
        return 1.0 if candidate.quoted else 0.4 if name or latin else -0.1
    sort, ending = {"who": ("인명", _PEOPLE), "where": ("지명", _PLACES)}.get(wanted, ("", _BODIES))
    if (sort and candidate.sort == sort) or ending.search(text):
        return 1.0
    if wanted == "where" and question.focus in ("곳", "") and _BODIES.search(text):
        return 0.7
    return 0.5 if name else 0.15 if latin else -0.4


# ── what is seen ─────────────────────────────────────────────────────────────

_ASKED_PARTICLE = re.compile(
    r"(?:누구|무엇|어디|언제|얼마|몇\s?\S{1,2}?|(?:어느|어떤|무슨)\s\S+?)"
    r"(에게서|에게|에서|으로|로|까지|부터|을|를|와|과|의|에|이|가)(?=\s|$|\?)"
)
_ROLES = {
    "이": "subject", "가": "subject", "께서": "subject", "은": "topic", "는": "topic", "을": "object", "를": "object",
    "에": "place", "에서": "place", "으로": "direction", "로": "direction", "와": "company", "과": "company",
    "에게": "receiver", "의": "owner", "까지": "until", "부터": "from", "라는": "called", "이라는": "called",
}  # fmt: skip
_COPULA = re.compile(r"이[다었며고자]|인\s|였다|입니다")


def asked_particle(question: str) -> str:
    """The role of the question word: `receiver` of 누구에게, `object` of 무엇을; empty when it bears none.

    >>> asked_particle("예산을 누구에게 청구하나?"), asked_particle("기한은?")
    ('receiver', '')
    """
    if "누가" in question:
        return "subject"
    match = _ASKED_PARTICLE.search(question)
    return _ROLES.get(match.group(1), "") if match else ""


_BESIDE = re.compile(
    r"(?:누구|무엇|어디|(?:어느|어떤|무슨)\s[가-힣]+?)(?:의|에게서|에게|에서|에|으로|로|을|를|와|과)?\s([가-힣]{2,})"
)
_TITLED = re.compile(
    r"(?:\s?\([^()]*\))?\s?(?:당시|전|현|前|現)?\s?(?:씨|[가-힣]{0,8}(?:장관|대통령|총리|교수|감독|의원|시장|지사|회장|사장|대표"
    r"|과장|팀장|국장|실장|위원장|총장|소장|원장|부장|행정관|주무관|사무관|비서관|후보|박사|목사|신부|판사|검사|변호사))"
)


class Asked(msgspec.Struct, frozen=True):
    """What the words of a question tell of where its answer stands."""

    role: str = ""
    """As `asked_particle` says."""
    beside: str = ""
    """How the word after the question word begins."""

    @classmethod
    def of(cls, question: str) -> Asked:
        """What `question` tells.

        >>> Asked.of("개혁은 누구의 반발을 불러일으키는가?")
        Asked(role='owner', beside='반발')
        """
        match = _BESIDE.search(question)
        return cls(asked_particle(question), match.group(1)[:2] if match else "")


def seen_of(
    question: Question,
    asking: Asked,
    passage: Passage,
    weighed: Weighed,
    candidate: Candidate,
    *,
    whole: bool,
    column: float = 0.0,
    verbs: Sequence[int] = (),
) -> Seen:
    """What is seen of a candidate. `verbs`: where the question's verbs begin in its sentence."""
    text = passage.text
    role = asking.role
    words = text[candidate.start : candidate.end]
    after = text[candidate.end : candidate.end + 14]
    near, before, asked = _nearness(weighed.terms, candidate.start, candidate.end)
    fit = fit_of(question, candidate, words)
    own_role = _ROLES.get(candidate.particle, "")
    focus = question.focus if len(question.focus) > 1 else ""
    in_front = text[weighed.unit.start : candidate.start]
    return Seen(
        share=weighed.share,
        around=weighed.around,
        in_passage=weighed.in_passage,
        score=passage.score / 2,
        near=near,
        near_before=before,
        asked=asked,
        untouched=float(asked == 0),
        fit=fit,
        fit_near=fit * near,
        particle=float(bool(role) and own_role == role),
        words=min(candidate.words, 8) / 8,
        long=float(candidate.words > 3),
        whole=float(whole),
        length=min(1.0, len(words) / 12),
        quoted=float(candidate.quoted),
        quantity=float(candidate.quantity is not None),
        name=float(candidate.tag == "NNP"),
        ends_with_focus=float(bool(focus) and words.endswith(focus) and len(words) > len(focus)),
        before_focus=float(bool(focus) and focus in after),
        glossed=float(after.startswith("(")),
        copula=float(candidate.particle.startswith(("이", "인", "였")) and bool(_COPULA.match(after))),
        subject=float(own_role == "subject"),
        topic=float(own_role == "topic"),
        object=float(own_role == "object"),
        place=float(own_role == "place"),
        direction=float(own_role == "direction"),
        company=float(own_role == "company"),
        called=float(own_role == "called" or bool(_CALLED.match(after))),
        after_focus=float(bool(focus) and in_front.rstrip(_BEFORE_NAMES).endswith(focus)),
        focus_is=float(bool(focus) and bool(_COPULA.match(after)) and _is_subject(focus, in_front)),
        verbal=float(candidate.verbal),
        near_verb=max((math.exp((candidate.end - verb) / 8) for verb in verbs if verb >= candidate.end), default=0.0),
        beside=float(bool(asking.beside) and asking.beside in after[:10]),
        titled=float(bool(_TITLED.match(after))),
        column=column,
        labelled=float(_labelled(question, in_front)),
    )


_BEFORE_NAMES = " '\"‘“《〈「『("
_CALLED = re.compile(r"[\"'”’》〉」』]?(?:\([^()]*\))?이?라(?:는|고|\s)\s?(?:하|부르|불|칭|일컫|이르|명명|[이기문말])")


def _is_subject(focus: str, before: str) -> bool:
    return any(focus + particle in before for particle in ("은 ", "는 ", "이 ", "가 "))


_LABEL = re.compile(
    r"\s*(?:[-–•·○●■□▪◦ㅇ※*①-⑳]\s*|\(?(?:\d{1,2}|[가-하])[.)]\s*)?([가-힣A-Za-z][가-힣A-Za-z\s]{0,14}?)\s*[:：]\s*"
)


def _labelled(question: Question, before: str) -> bool:
    """Whether the words before it begin with a label that names the kind of thing the question asks for."""
    label = _LABEL.match(before)
    if label is None:
        return False
    name = label.group(1).replace(" ", "")
    return name == question.focus or kind_of_label(name) == question.wanted


def _nearness(terms: Sequence[tuple[int, int, float]], start: int, end: int) -> tuple[float, float, float]:
    """How near the terms outside the span stand, how near those before it, and how much of it they cover."""
    near = before = 0.0
    covered: set[int] = set()
    for a, b, share in terms:
        if a < end and b > start:
            covered.update(range(max(a, start), min(b, end)))
            continue
        closeness = share * math.exp(-(a - end if a >= end else start - b) / 25)
        near += closeness
        before += closeness if b <= start else 0.0
    return near, before, len(covered) / (end - start)


# ── the choice ───────────────────────────────────────────────────────────────

_WEIGHTS: dict[str, float] = {
    "share": -1.2,
    "around": 5.0,
    "in_passage": 5.3,
    "score": 6.4,
    "near": 7.4,
    "near_before": 1.0,
    "asked": -6.3,
    "untouched": -0.9,
    "fit": 3.5,
    "fit_near": 3.0,
    "particle": 3.4,
    "words": -9.3,
    "long": -1.4,
    "whole": 1.7,
    "length": 2.4,
    "quoted": 2.4,
    "quantity": 2.6,
    "name": 0.9,
    "ends_with_focus": 7.8,
    "before_focus": 2.7,
    "glossed": 4.4,
    "copula": -1.7,
    "subject": 1.1,
    "topic": 2.2,
    "object": 0.9,
    "place": 0.4,
    "direction": 0.5,
    "company": 0.7,
    "called": 3.1,
    "after_focus": 5.7,
    "focus_is": 5.5,
    "verbal": -1.9,
    "near_verb": 4.0,
    "beside": 4.7,
    "titled": 2.7,
    "column": 12.0,
    "labelled": 9.0,
}


def choose(seen: Seen) -> float:
    """The score of a candidate: comparable among the candidates of one question."""
    return sum(weight * float(getattr(seen, name)) for name, weight in _WEIGHTS.items())
