"""The facts of the house in a sentence, in the reader's language."""

from __future__ import annotations

from typing import Literal, assert_never

from jihwi.case.events import Author
from jihwi.case.reasons import say
from jihwi.house import facts as h
from jihwi.house.facts import HouseEvent
from jihwi.house.people import Role
from jihwi.house.state import HouseState
from jihwi.korean import in_korean
from jihwi.words import Language, say_to

__all__ = [
    "GROUPS",
    "Group",
    "author_words",
    "door_words",
    "group_of",
    "house_words",
    "refusal_words",
    "role_words",
    "withheld_words",
]

Group = Literal["people", "doors", "settings", "classes", "teams", "signatures"]

GROUPS: dict[Group, tuple[str, ...]] = {
    "people": (
        "person_added",
        "person_renamed",
        "role_granted",
        "labels_granted",
        "mail_set",
        "person_deactivated",
        "person_reactivated",
        "password_set",
    ),
    "doors": ("signed_in", "sign_in_refused", "refused", "notification_failed"),
    "settings": ("setting_changed", "endpoint_added", "endpoint_removed", "examples_exported"),
    "classes": ("classes_changed", "documents_brought", "documents_moved"),
    "teams": ("team_seen_broken", "team_seen_whole"),
    "signatures": ("signing_key_made", "heads_signed", "release_signed"),
}
"""The kinds of facts, as a reader looks for them."""

_ROLES: dict[Role, tuple[str, str]] = {
    "requester": ("요청자", "requester"),
    "case_worker": ("담당자", "case worker"),
    "auditor": ("감사자", "auditor"),
    "administrator": ("관리자", "administrator"),
}

_REFUSALS: dict[str, tuple[str, str]] = {
    "not_allowed": ("역할에 없는 일", "their role does not allow it"),
    "owner_only": ("이 기계를 맡은 사람만 하는 일", "only who owns the machine may"),
    "page_missing": ("없거나 볼 수 없는 것", "not there, or not theirs to see"),
    "form_foreign": ("다른 창에서 온 양식", "a form made for another browser"),
    "command_forbidden": ("자기 자리의 일을 스스로 승인", "approving what their own seat proposed"),
    "foreign_name": ("우리 것이 아닌 이름으로 옴", "under a name that is not ours"),
    "foreign_site": ("다른 사이트에서 온 양식", "a form of another site"),
    "not_signed_in": ("들어오지 않은 사람", "nobody signed in"),
    "too_many_kinds": ("너무 여러 가지라 함께 셈", "too many kinds to tell apart"),
    "sign_in_failed": ("주소나 비밀번호가 맞지 않음", "the link or password was wrong"),
    "sign_in_too_often": ("너무 여러 번 시도", "too many tries"),
}


def group_of(kind: str) -> Group:
    """The group a kind of fact belongs to."""
    return next(group for group, kinds in GROUPS.items() if kind in kinds)


def role_words(role: Role, language: Language) -> str:
    """A role's name."""
    return say_to(language)(*_ROLES[role])


def refusal_words(code: str, language: Language) -> str:
    """Why something was refused; the code itself when it has no words."""
    return say_to(language)(*_REFUSALS.get(code, (code, code)))


def author_words(author: Author, language: Language) -> str:
    """Who made something a fact: a person by their sign-in name, and in words whoever has none.

    >>> author_words(Author("runner", ""), "en"), author_words(Author("person", ""), "ko")
    ('Jihwi itself', '들어오지 않은 사람')
    """
    if author.id:
        return author.id
    t = say_to(language)
    return t("들어오지 않은 사람", "nobody signed in") if author.role == "person" else t("지휘 스스로", "Jihwi itself")


def door_words(door: str, language: Language) -> str:
    """Through which door; nothing when it was none, and an unknown one as it is."""
    doors = {"console": ("콘솔", "the console"), "cli": ("명령줄", "the command line")}
    return say_to(language)(*doors.get(door, (door, door)))


def withheld_words(language: Language) -> str:
    """What stands for a fact about documents the reader may not see."""
    return say_to(language)("볼 수 없는 자료의 일입니다.", "It tells of documents you may not see.")


def house_words(event: HouseEvent, state: HouseState, language: Language) -> str:
    """What a fact says."""
    t = say_to(language)
    match event.body:
        case None:
            return t("내용이 지워졌습니다.", "Its text is erased.")
        case h.SignedIn() as one:
            ways = {"link": ("주소로", "by a link"), "password": ("비밀번호로", "by a password")}
            how = t(*ways.get(one.how, ("프록시로", "by a proxy")))
            return t("{who} 들어옴 ({how})", "{who} came in ({how})", who=one.person, how=how)
        case h.SignInRefused() as one:
            why = refusal_words(one.reason, language)
            who = one.person or t("모르는 이름", "an unknown name")
            said = t("{who} 들어오지 못함: {why}", "{who} could not come in: {why}", who=who, why=why)
            return said + _times(one.count, language)
        case h.Refused() as one:
            why = refusal_words(one.reason, language)
            return t("거절함: {asked} — {why}", "Refused: {asked} — {why}", asked=one.asked, why=why) + _times(
                one.count, language
            )
        case h.NotificationFailed() as one:
            way = one.way + (f" → {one.to}" if one.to else "")
            detail = one.reason.params.get("detail", one.reason.code)
            why = t(in_korean(detail), detail)
            said = t("알리지 못함: {way} ({why})", "Nobody was told: {way} ({why})", way=way, why=why)
            return said + _times(one.count, language)
        case h.SettingChanged() | h.EndpointAdded() | h.EndpointRemoved() | h.ExamplesExported() as setting:
            return _setting_words(setting, language)
        case h.ClassesChanged() | h.DocumentsBrought() | h.DocumentsMoved() as told:
            return _class_words(told, language)
        case h.TeamSeenBroken() as one:
            why = say(one.reason, language)
            return t("팀 {team:이} 고장남: {why}", "Team {team} is broken: {why}", team=one.team, why=why)
        case h.TeamSeenWhole() as one:
            return t("팀 {team:이} 다시 온전함", "Team {team} is whole again", team=one.team)
        case h.SigningKeyMade() as one:
            return t("이 열쇠로 서명하기 시작함: {key}", "Signs with this key from now on: {key}", key=one.key)
        case h.HeadsSigned() as one:
            count = len(one.signed.statement.heads)
            return t("{day}의 머리값 {n}개에 서명함", "{n} heads of {day} are signed", day=one.day, n=count)
        case h.ReleaseSigned() as one:
            return t("{case}의 보고서에 서명함", "The report of {case} is signed", case=one.case)
        case person:
            return _person_words(person, state, language)


def _setting_words(
    body: h.SettingChanged | h.EndpointAdded | h.EndpointRemoved | h.ExamplesExported, language: Language
) -> str:
    t = say_to(language)
    match body:
        case h.SettingChanged():
            value = t("켬", "on") if body.value is True else t("끔", "off") if body.value is False else body.value
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            return f"{body.name} = {shown or '–'}"
        case h.EndpointAdded():
            classes = ", ".join(body.classes)
            return t(
                "모델 {name} 더함: {spec} ({classes})",
                "Model {name} added: {spec} ({classes})",
                name=body.name,
                spec=body.spec,
                classes=classes,
            )
        case h.EndpointRemoved():
            return t("모델 {name} 뺌", "Model {name} removed", name=body.name)
        case h.ExamplesExported():
            return t("본보기 {n}개를 내보냄", "{n} examples were taken out", n=body.examples)
        case _ as never:
            assert_never(never)


_PATHS_NAMED = 5
"""Folders and files whose classes a sentence names; the rest are counted, and are in the body."""


def _class_words(body: h.ClassesChanged | h.DocumentsBrought | h.DocumentsMoved, language: Language) -> str:
    t = say_to(language)
    match body:
        case h.ClassesChanged():
            whole = t("폴더 전체", "the whole folder")
            said = [f"{one.path or whole} {one.before or '–'} → {one.after}" for one in body.given]
            given = _first(said, language)
            count = _changes(body.documents) or t("없음", "none")
            return t(
                "{folder}의 보안등급 바꿈: {given}. 보안등급이 달라진 문서: {count}",
                "Classes in {folder}: {given}. Documents whose class is another: {count}",
                folder=body.collection,
                given=given,
                count=count,
            )
        case h.DocumentsBrought():
            count = ", ".join(f"{letter} {number:,}" for letter, number in body.classes.items())
            return t(
                "{folder}에 새 파일을 들임, 보안등급별: {count}",
                "New files of {folder} brought in, by class: {count}",
                folder=body.collection,
                count=count,
            )
        case h.DocumentsMoved():
            said = [f"{one.path} ({one.before}) → {one.now_at} ({one.after})" for one in body.moved]
            return t(
                "{folder}에서 옮겨져 보안등급이 달라진 파일 {count}: {moved}",
                "Files moved within {folder} to another class, {count}: {moved}",
                folder=body.collection,
                count=_changes(body.documents),
                moved=_first(said, language),
            )
        case _ as never:
            assert_never(never)


def _first(said: list[str], language: Language) -> str:
    more = say_to(language)(" 외 {n}", " and {n} more", n=len(said) - _PATHS_NAMED) if len(said) > _PATHS_NAMED else ""
    return ", ".join(said[:_PATHS_NAMED]) + more


def _changes(counts: dict[str, int]) -> str:
    return ", ".join(f"{change.replace('>', ' → ')} {number:,}" for change, number in counts.items())


def _person_words(body: h.PersonFact, state: HouseState, language: Language) -> str:
    t = say_to(language)
    who = state.people[body.person].name if body.person in state.people else body.person
    match body:
        case h.PersonAdded():
            role = role_words(body.role, language)
            return t("{who} 더함, {role}", "{who} added as {role}", who=who, role=role) + _labels(body.labels)
        case h.PersonRenamed():
            return t("{id}의 이름을 {who:로}", "{id} is named {who}", id=body.person, who=body.name)
        case h.RoleGranted():
            return t("{who} 역할: {role}", "{who} is now {role}", who=who, role=role_words(body.role, language))
        case h.LabelsGranted():
            return t("{who} 자료 표지:", "{who} holds the labels:", who=who) + (_labels(body.labels) or " –")
        case h.MailSet():
            return t("{who} 알림 주소를 정함", "Where {who} is told was set", who=who)
        case h.PersonDeactivated():
            return t("{who} 들어오지 못하게 함", "{who} may no longer come in", who=who)
        case h.PersonReactivated():
            return t("{who} 다시 들어올 수 있음", "{who} may come in again", who=who)
        case h.PasswordSet():
            return t("{who} 비밀번호를 정함", "A password for {who} was set", who=who)
        case _ as never:
            assert_never(never)


def _labels(labels: tuple[str, ...]) -> str:
    return f" {', '.join(labels)}" if labels else ""


def _times(count: int, language: Language) -> str:
    return say_to(language)(" ({n}번)", " ({n} times)", n=count) if count > 1 else ""
