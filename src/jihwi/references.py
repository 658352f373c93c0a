"""Where a secret lies: a reference, `env:NAME` or `file:PATH`, and what lies there, read anew each time it is needed.

Settings, facts and messages hold the reference alone. What lies behind it is shown by nothing, not even by an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from jihwi.errors import SecretMissing, SettingInvalid

__all__ = ["REFERENCE_EXPECTED", "header_secret", "is_reference", "secret_behind"]

REFERENCE_EXPECTED = "env:NAME or file:PATH"
_MOST_BYTES = 16 * 1024
_HEADER_SAFE = re.compile(r"[\x21-\x7e]+\Z")


def is_reference(said: str) -> bool:
    """Whether this says where a secret lies, instead of being one.

    >>> is_reference("env:MODEL_KEY"), is_reference("file:~/key"), is_reference("sk-1234")
    (True, True, False)
    """
    kind, _, place = said.partition(":")
    return kind in ("env", "file") and bool(place)


def secret_behind(
    reference: str, name: str, wanted: str = "the secret", *, environment: Mapping[str, str] | None = None
) -> str:
    """What lies behind the reference that the setting `name` holds, without the line break at its end: never empty.

    Raises SettingInvalid when it is no reference; SecretMissing, which repeats only the reference, when nothing is
    there. `wanted` says in its next step what should be.

    >>> secret_behind("env:KEY", "model_key", environment={"KEY": "s3cret"})
    's3cret'
    """
    if not is_reference(reference):  # what stands here may be the secret itself, written by mistake
        raise SettingInvalid(name, "***", name, f"{REFERENCE_EXPECTED}, never the secret itself")
    kind, _, place = reference.partition(":")
    if kind == "env":
        found: str | None = (os.environ if environment is None else environment).get(place)
    else:
        found = _text_of(Path(place).expanduser(), reference, name, wanted)
    if found is None or not (found := found.rstrip("\r\n")):
        raise SecretMissing(name, reference, "not set" if found is None else "empty", wanted)
    return found


def header_secret(reference: str, name: str, *, environment: Mapping[str, str] | None = None) -> str:
    """A secret that travels in a header of a request; empty for an empty reference. Raises as `secret_behind` does.

    >>> header_secret("env:KEY", "model_key", environment={"KEY": "s3cret "})
    's3cret'
    """
    if not reference:
        return ""
    wanted = "one line of printable ASCII"
    secret = secret_behind(reference, name, wanted, environment=environment).strip()
    if not _HEADER_SAFE.match(secret):
        raise SecretMissing(name, reference, "something else" if secret else "empty", wanted)
    return secret


def _text_of(path: Path, reference: str, name: str, wanted: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError as problem:
        raise SecretMissing(name, reference, problem.strerror or type(problem).__name__, wanted) from None
