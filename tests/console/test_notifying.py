"""What waits for a person is told by a command, by mail and to a web address, and none of them can do harm."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jihwi.case.events import Event
from jihwi.case.ledger import verify
from jihwi.console.notifying import Notice
from jihwi.console.people import Person
from jihwi.console.ways import deliver
from jihwi.errors import NotificationUndelivered
from jihwi.house import HouseState, NotificationFailed, Switched, change_settings
from jihwi.orchestrator import load_log
from jihwi.store import HOUSE
from jihwi.testing.builders import a_skill, an_agent, an_opening
from tests.console.office import Client, Running, running_console, small_engine, until
from tests.console.test_journeys import asker, sender

REQUEST = "성과급 38,400,000원을 누구에게 주는가?"
SEND = a_skill("send_notice", effect="write", approval="always")


# ── the far side: a mail server and a web server of this machine ─────────────


class Post:
    """A mail server of this machine: what it was given, and what it says to a recipient."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.recipients: list[str] = []
        self.says = "250 OK"
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 post.office.local\r\n")
        data: list[str] | None = None
        while line := (await reader.readline()).decode():
            if data is not None:
                if line != ".\r\n":
                    data.append(line)
                    continue
                self.mails.append("".join(data))
                data, answer = None, "250 OK"
            elif line.upper().startswith("RCPT"):
                self.recipients.append(line.split("<")[1].split(">")[0])
                answer = self.says
            elif line.upper().startswith("DATA"):
                data, answer = [], "354 go on"
            else:
                answer = "221 bye" if line.upper().startswith("QUIT") else "250 OK"
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
            if answer.startswith("221"):
                break
        writer.close()


@contextlib.asynccontextmanager
async def a_post() -> AsyncIterator[Post]:
    post = Post()
    async with await asyncio.start_server(post.talk, "127.0.0.1", 0) as server:
        post.port = server.sockets[0].getsockname()[1]
        yield post


class Hook:
    """A web server of this machine: what was posted where, and what it answers."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.answers = [b"200 OK"]
        self.more = b""
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(one.split(":")[1]) for one in head.split("\r\n") if one.lower().startswith("content-length"))
        self.posted.append((head.split(" ")[1], json.loads(await reader.readexactly(length))))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n" + self.more + b"\r\n")
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def a_hook() -> AsyncIterator[Hook]:
    hook = Hook()
    async with await asyncio.start_server(hook.talk, "127.0.0.1", 0) as server:
        hook.port = server.sockets[0].getsockname()[1]
        yield hook


def state_of(**said: str) -> HouseState:
    """A house with these settings."""
    state = HouseState()
    for fact in change_settings(state, said):
        state.settings[fact.name] = Switched(fact.value, "kim", 0)  # type: ignore[union-attr]
    return state


NOTICE = Notice("approval", "c0000000000a1", REQUEST, "kim", 7, "http://desk.local/cases/c0000000000a1")


async def set_up(running: Running, **said: str) -> None:
    """Set settings as the owner does on the page, and try again without waiting."""
    client = await Client(running.console).come_in()
    assert (await client.post("/settings/house", said)).status == 303
    running.console.notifier.pauses = (0.0, 0.0)
    running.console.notifier.address = running.address


async def failures(running: Running) -> list[NotificationFailed]:
    store = running.console.house.store
    verify(HOUSE, await store.read(HOUSE))
    found = [event.body for event in await running.console.stream.events()]
    return [body for body in found if isinstance(body, NotificationFailed)]


# ── a command ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shortcut", [True, False])
async def test_a_command_is_told_what_began_to_wait(tmp_path: Path, shortcut: bool) -> None:
    told = tmp_path / "told.json"
    program = tmp_path / "tell.py"
    program.write_text(f"import sys, pathlib; pathlib.Path({str(told)!r}).write_bytes(sys.stdin.buffer.read())")
    command = f"{sys.executable} {program}"
    async with running_console(tmp_path / "home", small_engine({"asker": asker})) as running:
        await set_up(running, notify_command="" if shortcut else command)
        running.console.notifier.command = command if shortcut else ""
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker"), request="공사 안내"))
        await until(lambda: told.exists() and told.stat().st_size > 0)
        notice = msgspec.json.decode(await asyncio.to_thread(told.read_bytes), type=Notice)
        assert (notice.kind, notice.case, notice.request) == ("question", case_id, "공사 안내")
        assert notice.link == f"{running.address}/cases/{case_id}"


async def test_what_cannot_be_told_stops_nothing_and_is_a_fact(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        await set_up(running, notify_command="/no/such/program")
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        assert (await running.case(case_id, lambda case: bool(case.open_ids) and case.seq > 3)).status == "open"
        await until(lambda: "command" in running.console.stream.state.troubles)
        (failed,) = await failures(running)
        assert (failed.way, failed.attempts, failed.reason.code) == ("command", 3, "notification_undelivered")
        page = await (await Client(running.console).come_in()).get("/settings")
        assert "/no/such/program" in page.text


async def a_question(running: Running) -> tuple[str, Event]:
    """A case that has asked something, and the event of that."""
    case_id = str(await running.console.orchestrator.open(an_opening(an_agent("asker"), request="공사 안내")))
    await running.console.orchestrator.drive(case_id)
    asked = [one for one in await load_log(running.console.house.store, case_id) if one.kind == "question_asked"]
    return case_id, asked[0]


async def test_what_began_to_wait_just_before_the_end_is_still_told(tmp_path: Path) -> None:
    async with a_hook() as hook, running_console(tmp_path, small_engine({"asker": asker}), runner=False) as running:
        case_id, asked = await a_question(running)
        base = f"http://127.0.0.1:{hook.port}/"
        await set_up(running, webhooks_allowed=base, webhook=base)
        running.console.notifier.saw(asked)
        await running.console.notifier.close()
        assert [said["case"] for _, said in hook.posted] == [case_id]


async def test_a_command_that_does_not_come_to_its_end_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, program = tmp_path / "begun", tmp_path / "tell.py"
    program.write_text(
        f"import os, time, pathlib; pathlib.Path({str(begun)!r}).symlink_to(str(os.getpid())); time.sleep(1000)"
    )
    async with running_console(tmp_path / "home", small_engine({"asker": asker}), runner=False) as running:
        _, asked = await a_question(running)
        await set_up(running, notify_command=f"{sys.executable} {program}")
        running.console.notifier.saw(asked)
        await until(begun.is_symlink)
        monkeypatch.setattr("jihwi.console.notifying.GRACE_SECONDS", 0.0)
        await running.console.notifier.close()
        assert not (Path("/proc") / begun.readlink()).exists()


# ── mail ─────────────────────────────────────────────────────────────────────


async def test_those_who_may_decide_get_a_mail_with_a_link_and_no_text(tmp_path: Path) -> None:
    async with a_post() as post, running_console(tmp_path, small_engine({"sender": sender}, SEND)) as running:
        for person in (
            Person("jung", "정", "case_worker", mail="jung@office.local"),
            Person("park", "박", "requester", mail="park@office.local"),
            Person("choi", "최", "case_worker", mail="choi@office.local", active=False),
        ):
            await running.console.people.put(person)
        await set_up(running, mail_server=f"127.0.0.1:{post.port}", mail_from="desk@office.local")
        case_id = await running.console.orchestrator.open(an_opening(an_agent("sender", SEND), request=REQUEST))
        await until(lambda: bool(post.mails))
        assert post.recipients == ["jung@office.local"]
        mail = email.message_from_string(post.mails[0], policy=email.policy.default)
        words = mail.get_content()
        assert f"{running.address}/cases/{case_id}" in words
        assert (mail["From"], mail["Subject"]) == ("desk@office.local", "[지휘] 승인을 기다립니다")
        assert "38,400,000" not in words
        assert await failures(running) == []


async def test_a_mail_server_that_refuses_is_told_plainly(tmp_path: Path) -> None:
    async with a_post() as post, running_console(tmp_path, small_engine({})) as running:
        post.says = "550 no such mailbox"
        await set_up(running, mail_server=f"127.0.0.1:{post.port}", mail_from="desk@office.local")
        kim = await Client(running.console).come_in()
        assert (await kim.post("/settings/me", {"mail": "kim@office.local"})).status == 303
        answer = await kim.post("/settings/test/mail", {})
        assert answer.status == 200
        assert "550 no such mailbox" in answer.text
        post.says = "250 OK"
        answer = await kim.post("/settings/test/mail", {})
        assert "kim@office.local" in answer.text
        assert len(post.mails) == 1


async def test_a_password_that_is_nowhere_is_named_by_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_post() as post:
        said = {"mail_server": f"127.0.0.1:{post.port}", "mail_from": "desk@office.local", "mail_user": "desk"}
        with pytest.raises(NotificationUndelivered, match="env:NO_SUCH_SECRET"):
            await deliver("mail", NOTICE, "kim@office.local", state_of(**said, mail_password="env:NO_SUCH_SECRET"))
        monkeypatch.setenv("POST_SECRET", "hunter2hunter2")
        with pytest.raises(NotificationUndelivered) as found:
            await deliver("mail", NOTICE, "kim@office.local", state_of(**said, mail_password="env:POST_SECRET"))
        assert "hunter2" not in str(found.value)


async def test_a_header_cannot_be_slipped_into_a_mail() -> None:
    state = state_of(mail_server="127.0.0.1:1", mail_from="desk@office.local")
    with pytest.raises(NotificationUndelivered):
        await deliver("mail", NOTICE, "kim@office.local\r\nBcc: all@office.local", state)


# ── a web address ────────────────────────────────────────────────────────────


async def test_a_web_address_on_the_list_is_told_kind_and_link_alone(tmp_path: Path) -> None:
    async with a_hook() as hook, running_console(tmp_path, small_engine({"sender": sender}, SEND)) as running:
        base = f"http://127.0.0.1:{hook.port}/hooks"
        await set_up(running, webhooks_allowed=base, webhook=f"{base}/7?room=1")
        hook.answers = [b"503 busy", b"200 OK"]
        case_id = await running.console.orchestrator.open(an_opening(an_agent("sender", SEND), request=REQUEST))
        await until(lambda: len(hook.posted) == 2)
        place, said = hook.posted[-1]
        assert place == "/hooks/7?room=1"
        assert said.keys() == {"kind", "case", "event", "link", "text"}
        assert (said["kind"], said["case"]) == ("approval", case_id)
        assert said["link"] == f"{running.address}/cases/{case_id}"
        assert "38,400,000" not in json.dumps(said, ensure_ascii=False)
        assert await failures(running) == []


async def test_an_address_that_is_not_on_the_list_is_never_asked() -> None:
    async with a_hook() as hook:
        state = state_of(webhooks_allowed="http://chat.local/hooks", webhook="http://chat.local/hooks")
        state.settings["webhook"] = Switched(f"http://127.0.0.1:{hook.port}/", "kim", 0)
        with pytest.raises(NotificationUndelivered, match="webhooks_allowed"):
            await deliver("webhook", NOTICE, "", state)
        assert hook.posted == []


async def test_no_redirect_is_followed() -> None:
    async with a_hook() as hook, a_hook() as elsewhere:
        hook.answers, hook.more = [b"307 over there"], f"Location: http://127.0.0.1:{elsewhere.port}/\r\n".encode()
        base = f"http://127.0.0.1:{hook.port}/"
        with pytest.raises(NotificationUndelivered, match="HTTP 307"):
            await deliver("webhook", NOTICE, "", state_of(webhooks_allowed=base, webhook=base))
        assert elsewhere.posted == []


async def test_a_server_that_is_away_is_tried_a_few_times_and_then_told(tmp_path: Path) -> None:
    async with a_hook() as hook, running_console(tmp_path, small_engine({"asker": asker})) as running:
        base = f"http://127.0.0.1:{hook.port}/"
        hook.answers = [b"500 broken"]
        await set_up(running, webhooks_allowed=base, webhook=base)
        await running.console.orchestrator.open(an_opening(an_agent("asker")))
        await until(lambda: "webhook" in running.console.stream.state.troubles)
        assert len(hook.posted) == 3
        assert [(one.way, one.attempts) for one in await failures(running)] == [("webhook", 3)]


# ── who may set what ─────────────────────────────────────────────────────────


async def test_only_the_owner_sets_what_runs_here_and_where_word_may_go(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("jung", "정", "administrator"))
        await running.console.people.put(Person("park", "박", "requester"))
        jung = await Client(running.console).come_in("jung")
        for name, said in (("notify_command", "touch /tmp/x"), ("webhooks_allowed", "http://evil.example/")):
            assert (await jung.post("/settings/house", {name: said})).status == 403
        assert (await jung.post("/settings/house", {"webhook": "http://evil.example/"})).status == 422
        assert (await jung.post("/settings/house", {"mail_from": "desk@office.local"})).status == 303
        park = await Client(running.console).come_in("park")
        assert (await park.post("/settings/house", {"mail_from": "x@office.local"})).status == 403
        assert (await park.post("/settings/test/command", {})).status == 403
        assert running.console.stream.state.setting("mail_from") == "desk@office.local"
        assert running.console.stream.state.setting("notify_command") == ""
