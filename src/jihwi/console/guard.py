"""What stands before every page: the host's name, the session, the JSON twin's address, and the headers of each answer.

A pure ASGI layer, so that the live line streams through it untouched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from jihwi.console.people import People, Person, Session
from jihwi.console.recording import Recorder

__all__ = ["PUBLIC", "Guard", "came_from", "cookie_name"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PUBLIC = ("/enter", "/static/", "/health")
"""What is shown to somebody who has not signed in."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


_FOREIGN_NAME = (
    "이 이름으로는 열리지 않는 주소입니다. 관리자에게 알맞은 주소를 물어보십시오.\n"
    "This address is not served here. Ask who administers it for the right one.\n"
)
_FOREIGN_SITE = (
    "다른 사이트에서 보낸 양식이라 받지 않았습니다. 이 콘솔의 쪽을 열고 다시 보내십시오.\n"
    "This form came from another site and was not taken. Open a page of this console and send it again.\n"
)
"""Said before anybody knows who reads it, so in both languages."""


def cookie_name(port: int) -> str:
    """The session's cookie: browsers share cookies between the ports of a host, so the port is in the name."""
    return f"jihwi_{port}"


class Guard:
    """Lets in who may come in."""

    def __init__(
        self,
        app: App,
        *,
        people: People,
        recorder: Recorder,
        hosts: frozenset[str],
        port: int,
        proxy_header: str = "",
    ) -> None:
        """What is refused here is told to `recorder`. `proxy_header` names the header in which a proxy on this machine
        says who has signed in with it."""
        self._app = app
        self._people = people
        self._recorder = recorder
        self._hosts = hosts
        self._cookie = cookie_name(port)
        self._proxy_header = proxy_header.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        address = (scope.get("client") or ("", 0))[0]
        if not self._is_ours(headers.get("host", "")):
            await self._recorder.refused("", scope["method"], scope["path"], "foreign_name", address)
            await _say(send, 421, _FOREIGN_NAME.encode())
            return
        if scope["method"] not in ("GET", "HEAD") and not self._from_here(headers):
            await self._recorder.refused("", scope["method"], scope["path"], "foreign_site", address)
            await _say(send, 403, _FOREIGN_SITE.encode())
            return
        state = scope.setdefault("state", {})
        state["json"] = _wants_json(scope, headers)
        person, session = await self._who(headers, address)
        state["person"], state["session"] = person, session
        if person is None and not scope["path"].startswith(PUBLIC):
            await self._recorder.refused("", scope["method"], scope["path"], "not_signed_in", address)
            await self._turn_away(scope, headers, send)
            return
        await self._app(scope, receive, _with_headers(send, scope["path"]))

    def _is_ours(self, host: str) -> bool:
        """Whether a page under this name may be ours: a foreign name that points here is DNS rebinding."""
        name = urlsplit(f"//{host}").hostname or ""
        return name in self._hosts

    def _from_here(self, headers: dict[str, str]) -> bool:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc == headers.get("host", "")

    async def _who(self, headers: dict[str, str], address: str) -> tuple[Person | None, Session | None]:
        if self._proxy_header:
            # only an account, never the owner; and only when the connection comes from this machine
            named = headers.get(self._proxy_header, "") if address in ("127.0.0.1", "::1") else ""
            account = self._people.account(named) if named else None
            return (account, await self._people.proxy_session(account.id, address)) if account else (None, None)
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None, None
        morsel = cookies.get(self._cookie)
        session = self._people.session(morsel.value) if morsel is not None else None
        person = self._people.person(session.person) if session is not None else None
        return (person, session) if person is not None else (None, None)

    async def _turn_away(self, scope: Scope, headers: dict[str, str], send: Send) -> None:
        if scope["state"]["json"] or scope["path"].startswith("/live"):
            words = "먼저 들어오십시오. Sign in first."
            body = msgspec.json.encode({"error": {"code": "sign_in", "words": words, "next": "/enter"}})
            await _say(send, 401, body, b"application/json")
            return
        place = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        if scope["method"] in ("GET", "HEAD"):
            target = f"/enter?next={quote(place, safe='/')}".encode()
        else:  # nothing is shown where a form goes to; its writer comes back to where it was written
            target = f"/enter?unsent=true&next={quote(came_from(headers), safe='/')}".encode()
        await send({"type": "http.response.start", "status": 303, "headers": [(b"location", target), *_HEADERS]})
        await send({"type": "http.response.body", "body": b""})


def came_from(headers: Mapping[str, str]) -> str:
    """The place in this console that a request came from, with its question; the desk when it does not say.

    >>> came_from({"host": "desk:80", "referer": "http://desk:80/search?q=x"}), came_from({"host": "desk:80"})
    ('/search?q=x', '/desk')
    >>> came_from({"host": "desk", "referer": "http://desk//evil.example"})
    '/desk'
    """
    parts = urlsplit(headers.get("referer", ""))
    if not parts.path or parts.path.startswith(("//", "/\\")) or parts.netloc != headers.get("host", ""):
        return "/desk"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _wants_json(scope: Scope, headers: dict[str, str]) -> bool:
    """Whether the JSON twin is asked for: by header, or by `.json` at the address, which is taken off."""
    path: str = scope["path"]
    if path.endswith(".json") and not path.startswith(("/static/", "/openapi")) and "/files/" not in path:
        scope["path"] = path.removesuffix(".json")
        scope["raw_path"] = scope["path"].encode()
        return True
    accepted = headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def _with_headers(send: Send, path: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            more = [header for header in _HEADERS if header[0] not in own]
            if not path.startswith("/static/") and b"cache-control" not in own:
                more.append((b"cache-control", b"no-store"))
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return sending


async def _say(send: Send, status: int, body: bytes, kind: bytes = b"text/plain; charset=utf-8") -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
