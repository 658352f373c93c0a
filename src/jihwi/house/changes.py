"""What a person may change in the house: each change checked against the state, as facts; nothing to say is no fact.

Every function is pure: state in, bodies out, an error with a sentence when it cannot be.
"""

from __future__ import annotations

from typing import Any

from jihwi.case.assignment import Reason
from jihwi.errors import AccountInvalid, SettingInvalid, SettingUnknown
from jihwi.house import facts as f
from jihwi.house.people import Person, is_person_id
from jihwi.house.settings import HOUSE_SETTINGS, is_within, parse_house_setting, parse_mail
from jihwi.house.state import HouseState

__all__ = ["change_settings", "put_endpoint", "put_mail", "put_person", "remove_endpoint", "team_seen"]

_CLASSES = ("C", "S", "O")


def put_person(state: HouseState, person: Person) -> list[f.HouseBody]:
    """Make somebody what `person` says. Raises AccountInvalid, SettingInvalid.

    >>> [type(one).__name__ for one in put_person(HouseState(), Person("park", "박", "auditor", active=False))]
    ['PersonAdded', 'PersonDeactivated']
    """
    if not is_person_id(person.id):
        raise AccountInvalid(person.id)
    name, labels = person.name or person.id, tuple(sorted(set(person.labels)))
    held = state.people.get(person.id)
    facts: list[f.HouseBody] = []
    if held is None:
        facts.append(f.PersonAdded(person.id, name, person.role, labels))
        held = Person(person.id, name, person.role, labels)
    if held.name != name:
        facts.append(f.PersonRenamed(person.id, name))
    if held.role != person.role:
        facts.append(f.RoleGranted(person.id, person.role))
    if held.labels != labels:
        facts.append(f.LabelsGranted(person.id, labels))
    facts += put_mail(state, person.id, person.mail)
    if held.active != person.active:
        facts.append((f.PersonReactivated if person.active else f.PersonDeactivated)(person.id))
    return facts


def put_mail(state: HouseState, person_id: str, mail: str) -> list[f.HouseBody]:
    """Set where somebody is told; nothing when it is so already. Raises SettingInvalid."""
    try:
        mail = parse_mail(mail)
    except ValueError:
        raise SettingInvalid("mail", mail[:100], person_id, "a mail address") from None
    return [f.MailSet(person_id, mail)] if state.mails.get(person_id, "") != mail else []


def change_settings(state: HouseState, said: dict[str, str]) -> list[f.HouseBody]:
    """Set settings to what a person wrote. Raises SettingUnknown, SettingInvalid."""
    values: dict[str, Any] = {}
    for name, text in said.items():
        if name not in HOUSE_SETTINGS:
            raise SettingUnknown(name, "the settings of the house", ", ".join(HOUSE_SETTINGS))
        values[name] = parse_house_setting(name, text)
    url = values.get("webhook", state.setting("webhook"))
    allowed = values.get("webhooks_allowed", state.setting("webhooks_allowed"))
    if "webhook" in values and url and not is_within(url, allowed):
        raise SettingInvalid("webhook", url, "webhooks_allowed", HOUSE_SETTINGS["webhook"].expected)
    return [f.SettingChanged(name, value) for name, value in values.items() if state.setting(name) != value]


def put_endpoint(
    state: HouseState, name: str, spec: str, *, key: str = "", classes: tuple[str, ...] = ("O",)
) -> list[f.HouseBody]:
    """Add a model's endpoint, or change it. Raises SettingInvalid."""
    if not is_person_id(name):
        raise SettingInvalid("endpoint", name[:100], "its name", "letters, digits, - and _")
    if key and not key.startswith(("env:", "file:")):
        raise SettingInvalid("endpoint", "***", f"the key of {name}", "env:NAME or file:PATH, never the key itself")
    kept = tuple(one for one in _CLASSES if one in classes)
    if not kept:
        raise SettingInvalid("endpoint", "", f"the classes of {name}", "C, S or O, at least one")
    held = state.endpoints.get(name)
    if held is not None and (held.spec, held.key, held.classes) == (spec, key, kept):
        return []
    return [f.EndpointAdded(name, spec, key, kept)]  # type: ignore[arg-type]  # each is one of the three


def remove_endpoint(state: HouseState, name: str) -> list[f.HouseBody]:
    """Take a model's endpoint away; nothing when there is none."""
    return [f.EndpointRemoved(name)] if name in state.endpoints else []


def team_seen(state: HouseState, team: str, problem: Reason | None) -> list[f.HouseBody]:
    """A team was looked at: a fact only when it broke, broke otherwise, or is whole again."""
    known = state.broken_teams.get(team)
    if problem is None:
        return [f.TeamSeenWhole(team)] if known is not None else []
    return [f.TeamSeenBroken(team, problem)] if known != problem.code else []
