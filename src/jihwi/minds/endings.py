"""How a question to a model ended, when it did not end with an answer: the one of our errors that says what happened.

It is read from what the transport saw and what the server said, in the words of the servers people run themselves.
"""

from __future__ import annotations

import re
import ssl
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from jihwi.errors import (
    ModelAddressWrong,
    ModelBusy,
    ModelContextFull,
    ModelCut,
    ModelError,
    ModelFailed,
    ModelKeyWrong,
    ModelNonsense,
    ModelRefused,
    ModelTimeout,
    ModelToolsOff,
    ModelUnreachable,
    ModelUntrusted,
)
from jihwi.minds.endpoint import BYTES_A_TOKEN, Endpoint
from jihwi.minds.transport import Exchange

__all__ = ["as_seen", "ending"]

_LONGEST_DETAIL = 300


def ending(endpoint: Endpoint, exchange: Exchange, problem: Exception) -> ModelError:
    """What happened, with what was sent and the tokens it cost. It holds no key."""
    return as_seen(_ending(endpoint, exchange, problem), exchange)


def as_seen(error: ModelError, exchange: Exchange) -> ModelError:
    """The error with what was sent, unless there was no way to the server; and with what one that had begun to answer
    has read and written: it was paid for all the same."""
    tidied = exchange.tidied
    if not isinstance(exchange.trouble, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        error.after_sending(exchange.body)
    if tidied is None or tidied.error is not None or not tidied.head:
        return error
    read, written = tidied.usage or (-(-len(exchange.body) // BYTES_A_TOKEN), -(-tidied.written // BYTES_A_TOKEN))
    error.input_tokens, error.output_tokens = read, written
    return error


def _ending(endpoint: Endpoint, exchange: Exchange, problem: Exception) -> ModelError:
    where, tidied = endpoint.shown, exchange.tidied
    if isinstance(problem, TimeoutError):
        return ModelTimeout(where, f"no whole answer within {endpoint.turn_seconds:g} seconds")
    if exchange.trouble is not None:
        return _broken(endpoint, exchange, exchange.trouble)
    if exchange.status >= 300:
        return _refused(where, exchange, exchange.status, _body_of(problem))
    if tidied is not None and tidied.error is not None:
        return _told(where, exchange, tidied.error)
    detail = _safe(_words(_body_of(problem)) or str(problem) or type(problem).__name__, exchange.secret)
    if exchange.status == 0:
        return ModelRefused(where, detail)
    if tidied is not None and not tidied.complete:
        return ModelCut(where, "the stream ended before the answer did")
    return ModelNonsense(where, detail)


def _broken(endpoint: Endpoint, exchange: Exchange, trouble: Exception) -> ModelError:
    where, detail = endpoint.shown, _safe(str(trouble) or type(trouble).__name__, exchange.secret)
    match trouble:
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return ModelUnreachable(where, f"no connection within {endpoint.connect_seconds:g} seconds")
        case httpx2.TimeoutException():
            return ModelTimeout(where, f"silent for more than {endpoint.silence_seconds:g} seconds")
        case httpx2.DecodingError():
            return ModelNonsense(where, detail)
        case _ if exchange.status:
            return ModelCut(where, detail)
        case httpx2.RemoteProtocolError() if "illegal" in detail:
            return ModelAddressWrong(where, "what answers there does not speak HTTP; does it want https://?")
        case httpx2.RemoteProtocolError() | httpx2.ReadError():
            return ModelCut(where, f"it closed the connection without an answer ({detail})")
        case _ if "CERTIFICATE_VERIFY_FAILED" in detail:
            return ModelUntrusted(where, detail)
        case _ if "WRONG_VERSION_NUMBER" in detail or any(isinstance(one, ssl.SSLError) for one in _causes(trouble)):
            return ModelAddressWrong(where, f"what answers there does not speak TLS; does it want http://? ({detail})")
        case _:
            return ModelUnreachable(where, detail)


def _told(where: str, exchange: Exchange, error: Any) -> ModelError:
    """An error inside an answer of status 200; its own code counts as a status."""
    code = error.get("code") if isinstance(error, dict) else None
    status = int(str(code)) if str(code).isdecimal() and 400 <= int(str(code)) < 600 else 0
    detail = _safe(_words(error), exchange.secret) or "it told an error without words"
    if status:
        return _refused(where, exchange, status, error, "error")
    if _too_long(detail, _kind(error)):
        return ModelContextFull(where, detail)
    if _NO_SUCH_PATH.search(detail):
        return ModelAddressWrong(where, detail)
    return ModelFailed(where, detail)


def _refused(where: str, exchange: Exchange, status: int, body: Any, kind: str = "HTTP") -> ModelError:
    detail = _safe(_words(body), exchange.secret)
    said = f"{kind} {status}: {detail}" if detail else f"{kind} {status}"
    if status == 413 or (status in (400, 422, 500, 503) and _too_long(detail, _kind(body))):
        return ModelContextFull(where, said)
    if _NO_TOOLS.search(detail):
        return ModelToolsOff(where, said)
    if status in (425, 429, 503, 529) or (status == 409 and "load" in detail.lower()):
        return ModelBusy(where, said, retry_after_seconds=_retry_after(exchange.headers))
    if status in (408, 504):
        return ModelTimeout(where, said)
    if status in (401, 403):
        return ModelKeyWrong(where, said)
    if status in (404, 405, 501) or _NO_SUCH_PATH.search(detail) or "sent to HTTPS" in detail:
        return ModelAddressWrong(where, said)
    if status >= 500:
        return ModelFailed(where, said)
    if status < 400:
        return ModelAddressWrong(where, f"HTTP {status}: {_elsewhere(exchange)}, which is not followed")
    return ModelRefused(where, said)


def _elsewhere(exchange: Exchange) -> str:
    """Where a redirect points, without what might be a secret in it."""
    place = re.sub(r"//[^/@]*@", "//", exchange.headers.get("location", "")).partition("?")[0]
    shown = _safe(place, exchange.secret)[:120]
    return f"it points to another address ({shown})" if shown else "it points to another address"


def _retry_after(headers: dict[str, str]) -> float:
    """Seconds, also where a date or thousandths are given; 0 when nothing sensible is said."""
    said = headers.get("retry-after", "")
    for text, parts in ((said, 1), (headers.get("retry-after-ms", ""), 1000)):
        try:
            return min(max(0.0, float(text) / parts), 86_400.0)
        except ValueError:
            continue
    try:
        until, now = parsedate_to_datetime(said), parsedate_to_datetime(headers.get("date", ""))
        return min(max(0.0, (until - now).total_seconds()), 86_400.0)
    except (ValueError, TypeError):
        return 0.0


# ── what the servers say ─────────────────────────────────────────────────────

_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|size|window)|maximum context|context limit|context shift is disabled|contextwindowexceeded"
    r"|max_model_len|maximum model length|max_seq_len|max_num_tokens|session_len|n_ctx\b|too many tokens"
    r"|(?:prompt|input|message|request|conversation)s?\b[^.]{0,40}\btoo (?:long|large)"
    r"|`inputs`(?: tokens \+ `max_new_tokens`)? must (?:be|have)|max_tokens must be at least 1, got -",
    re.IGNORECASE,
)
_TOO_LONG_KINDS = ("exceed_context_size_error", "context_length_exceeded", "context_window_exceeded")
_NO_TOOLS = re.compile(
    r"does not support tools|tool choice requires|enable-auto-tool-choice|requires --jinja|tools? calling is not",
    re.IGNORECASE,
)
_NO_SUCH_PATH = re.compile(r"unexpected endpoint or method|no such path", re.IGNORECASE)


def _too_long(detail: str, kind: str) -> bool:
    return kind in _TOO_LONG_KINDS or _TOO_LONG.search(detail) is not None


def _kind(body: Any) -> str:
    """What a server calls its error, for machines."""
    body = _innermost(body)
    if not isinstance(body, dict):
        return ""
    return next((body[key] for key in ("type", "code") if body.get(key) in _TOO_LONG_KINDS), "")


def _causes(problem: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    one: BaseException | None = problem
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or one.__context__
    return chain


def _body_of(problem: BaseException) -> Any:
    """What the server sent, as the libraries above read it."""
    return next((body for one in _causes(problem) if (body := getattr(one, "body", None))), "")


def _innermost(body: Any) -> Any:
    while isinstance(body, dict) and isinstance(body.get("error"), dict | str) and body["error"]:
        body = body["error"]
    return body


def _words(body: Any) -> str:
    """What a server's error says to people; empty when it says nothing."""
    body = _innermost(body)
    if isinstance(body, dict):
        place = ".".join(map(str, body["loc"])) + ": " if isinstance(body.get("loc"), list) else ""
        body = next((body[key] for key in ("message", "detail", "msg", "errors", "error") if body.get(key)), "")
        if place and isinstance(body, str):
            return place + body
    if isinstance(body, list):
        return "; ".join(filter(None, (_words(one) for one in body[:5])))
    if isinstance(body, dict):
        return _words(body)
    return _without_markup(body) if isinstance(body, str) else ""


_TITLE = re.compile(r"(?is)<title\b.*?</title\s*>")
_MARKUP = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[a-z/!][^<>]*>")


def _without_markup(text: str) -> str:
    """A page's words, where a server or a proxy before it answers with one."""
    if text.lstrip()[:1] != "<":
        return text
    return _MARKUP.sub(" ", _TITLE.sub(" ", text[:20_000])).strip() or _MARKUP.sub(" ", text[:20_000])


def _safe(text: str, secret: str) -> str:
    """One short line without the key."""
    if secret:
        text = text.replace(secret, "***")
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_DETAIL else line[:_LONGEST_DETAIL] + "…"
