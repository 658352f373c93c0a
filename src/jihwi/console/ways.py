"""The ways word leaves the house: a command of this machine, the mail server, and one web address from a list.

Each says plainly why it failed. None follows a redirect, asks a proxy, or says more than what kind of thing waits and
where; only the command of whoever owns the machine is told the request too.
"""

from __future__ import annotations

import asyncio
import http.client
import shlex
import smtplib
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from jihwi.errors import NotificationUndelivered, SecretMissing, SettingInvalid
from jihwi.house import HouseState, is_within
from jihwi.references import secret_behind

__all__ = ["KINDS", "Notice", "WayName", "deliver", "is_set", "notice_words", "words_of"]

SECONDS = 20.0
"""How long one attempt may take."""

WayName = Literal["command", "mail", "webhook"]

KINDS: dict[str, tuple[str, str]] = {
    "approval": ("승인을 기다립니다", "An approval is waiting"),
    "question": ("답을 기다립니다", "A question is waiting"),
    "uncertain": ("일어났는지 모르는 일을 확인해야 합니다", "Somebody must find out whether something happened"),
    "parked": ("사건이 멈추어 있습니다", "A case is parked"),
    "escalated": ("대리인의 승인을 기다립니다", "An approval waits for the deputy"),
    "evidence_lost": ("근거 문서가 바뀌어 근거를 잃은 곳이 있습니다", "Sources have changed and evidence is lost"),
    "test": ("시험 알림입니다", "This is a test"),
}
"""What waits, in words."""


class Notice(msgspec.Struct, frozen=True):
    """What a command is told; of it, mail and web address are told the kind, the case and the link."""

    kind: str
    case: str
    request: str
    requester: str
    event: int
    link: str


def notice_words(kind: str, language: str) -> str:
    """What waits, in one line; in both languages when none is set.

    >>> notice_words("approval", "en")
    'An approval is waiting'
    """
    ko, en = KINDS[kind]
    return {"ko": ko, "en": en}.get(language, f"{ko} · {en}")


def is_set(state: HouseState, way: WayName) -> bool:
    """Whether a way leads anywhere."""
    names = {"command": "notify_command", "mail": "mail_server", "webhook": "webhook"}
    return bool(state.setting(names[way]))


async def deliver(
    way: WayName, notice: Notice, to: str, state: HouseState, *, command: str = "", language: str = "auto"
) -> None:
    """One attempt at telling somebody in one way; `to` is a mail address, and `command` stands for that of the
    settings when it is given. Raises NotificationUndelivered."""
    if way == "command":
        await _run(command or state.setting("notify_command"), notice)
        return
    words = notice_words(notice.kind, language)
    if not is_set(state, way):
        raise NotificationUndelivered(way, "not set")
    if way == "mail":
        mail = _mail(state.setting("mail_from"), to, words, notice)
        await _in_time("mail", lambda: _post(mail, state))
    else:
        said = {"kind": notice.kind, "case": notice.case, "event": notice.event, "link": notice.link}
        body = msgspec.json.encode({**said, "text": f"{words} {notice.link}"})
        await _in_time("webhook", lambda: _call(state.setting("webhook"), state.setting("webhooks_allowed"), body))


async def _in_time(way: str, work: Callable[[], None]) -> None:
    try:
        async with asyncio.timeout(SECONDS * 2):  # each step below has its own, shorter limit
            await asyncio.to_thread(work)
    except TimeoutError:
        raise NotificationUndelivered(way, f"more than {SECONDS * 2:.0f} s") from None


# ── a command ──


def words_of(command: str) -> list[str]:
    """A command as a person types it in a shell, without being one. Raises NotificationUndelivered."""
    try:
        return shlex.split(command)
    except ValueError as problem:
        raise NotificationUndelivered("command", str(problem)) from problem


async def _run(command: str, notice: Notice) -> None:
    words = words_of(command)
    if not words:
        raise NotificationUndelivered("command", "no command is set")
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
    except (OSError, ValueError) as problem:
        detail = getattr(problem, "strerror", None) or str(problem)
        raise NotificationUndelivered("command", f"{words[0]}: {detail}") from problem
    try:
        async with asyncio.timeout(SECONDS):
            await process.communicate(msgspec.json.encode(notice))
    except TimeoutError:
        raise NotificationUndelivered("command", f"{words[0]}: more than {SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:  # too late, or nobody waits for it any more
            if process.stdin is not None:
                process.stdin.close()
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotificationUndelivered("command", f"{words[0]}: exit code {process.returncode}")


# ── mail ──


def _mail(sender: str, to: str, words: str, notice: Notice) -> EmailMessage:
    """The mail: what kind of thing waits, and where. Nothing of the request or of a document."""
    mail = EmailMessage()
    if not sender or not to:
        raise NotificationUndelivered("mail", f"mail_from: {sender or 'not set'}, to: {to or 'not set'}")
    try:
        mail["From"] = Address(addr_spec=sender)
        mail["To"] = Address(addr_spec=to)
    except (ValueError, IndexError) as problem:
        raise NotificationUndelivered("mail", f"'{sender}' → '{to}': {problem}") from problem
    mail["Subject"] = f"[지휘] {words}"
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{words}\n\n{notice.link}\n\n{notice.case}\n", cte="base64")  # also for servers of seven bits
    return mail


def _post(mail: EmailMessage, state: HouseState) -> None:
    server = urlsplit(f"//{state.setting('mail_server')}")
    security, user = state.setting("mail_security"), state.setting("mail_user")
    host = server.hostname or ""
    # Named here, because smtplib would otherwise ask a name server for this machine's name, which a closed net lacks.
    us = state.setting("mail_from").rpartition("@")[2] or "localhost"
    try:
        secret = secret_behind(state.setting("mail_password"), "mail_password") if user else ""
        if security == "tls":
            link: smtplib.SMTP = smtplib.SMTP_SSL(
                host, server.port or 465, us, timeout=SECONDS, context=ssl.create_default_context()
            )
        else:
            link = smtplib.SMTP(host, server.port or 25, us, timeout=SECONDS)
        with link:
            if security == "starttls":
                link.starttls(context=ssl.create_default_context())
            if user:
                link.login(user, secret)
            link.send_message(mail)
    except (SecretMissing, SettingInvalid) as problem:
        raise NotificationUndelivered("mail", str(problem)) from None
    except smtplib.SMTPRecipientsRefused as problem:
        code, said = next(iter(problem.recipients.values()))
        raise NotificationUndelivered("mail", f"{host}: {code} {_line(said)}") from None
    except smtplib.SMTPResponseException as problem:
        raise NotificationUndelivered("mail", f"{host}: {problem.smtp_code} {_line(problem.smtp_error)}") from None
    except (smtplib.SMTPException, OSError, UnicodeError) as problem:
        raise NotificationUndelivered("mail", f"{host}: {_plain(problem)}") from None


# ── a web address ──


def _call(url: str, allowed: list[str], body: bytes) -> None:
    if not is_within(url, allowed):
        raise NotificationUndelivered("webhook", f"'{url}' is not below one of webhooks_allowed")
    parts = urlsplit(url)
    host = parts.hostname or ""
    link: Any = (
        http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link.request("POST", target, body, {"Content-Type": "application/json; charset=utf-8", "User-Agent": "jihwi"})
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        raise NotificationUndelivered("webhook", f"{parts.netloc}: {_plain(problem)}") from None
    finally:
        link.close()
    if not 200 <= status < 300:
        raise NotificationUndelivered("webhook", f"{parts.netloc}: HTTP {status}")


def _line(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]


def _plain(problem: Exception) -> str:
    return _line(getattr(problem, "strerror", None) or str(problem) or type(problem).__name__)
