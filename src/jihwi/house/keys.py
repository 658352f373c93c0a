"""The key a house signs with: it lies outside the database, so that who can write there cannot sign what they wrote."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jihwi.errors import SettingInvalid, StoreFailed
from jihwi.house.signatures import Signed, Statement, bytes_to_sign
from jihwi.references import secret_behind

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["KEY_FILE", "SigningKey", "known_key", "load_signing_key", "public_key_said"]

KEY_FILE = "signing.key"
"""In the state folder, readable by its owner only; made when first needed."""

_KEY_EXPECTED = "an Ed25519 private key as PEM, or as 64 hexadecimal letters"
_MOST_BYTES = 16 * 1024


class SigningKey:
    """Signs statements. Shows nothing of itself but its public half."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()
        """64 hexadecimal letters, to be kept outside: what signatures are checked with."""

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"

    def sign(self, statement: Statement) -> Signed:
        """The statement under this key's signature: the same statement, the same signature."""
        return Signed(statement, self.public, self._private.sign(bytes_to_sign(statement)).hex())


def load_signing_key(
    home: Path, reference: str = "", *, make: bool = True, environment: Mapping[str, str] | None = None
) -> SigningKey | None:
    """The key that `reference` (`env:NAME`, `file:PATH`) names, or that of the state folder, made when it is not there;
    `None` when it is not there and not to be made. Raises SettingInvalid and SecretMissing, which show nothing of the
    key, StoreFailed.
    """
    if reference:
        found = secret_behind(reference, "signing_key", _KEY_EXPECTED, environment=environment)
        return SigningKey(_private(found.encode(), reference))
    path = home / KEY_FILE
    try:
        if make and not path.exists():
            _make(path)
        said = path.read_bytes()[:_MOST_BYTES]
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise StoreFailed(str(path), problem.strerror or str(problem)) from problem
    return SigningKey(_private(said, str(path)))


def known_key(home: Path, reference: str = "") -> str:
    """The public half of the house's key, or nothing when it has none."""
    key = load_signing_key(home, reference, make=False)
    return "" if key is None else key.public


def public_key_said(said: str) -> str:
    """A public key as a person gives it: 64 hexadecimal letters, or a file that holds them. Raises SettingInvalid."""
    text = said.strip()
    path = Path(text)
    if len(text) != 64 and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")[:200].strip()
    try:
        if len(bytes.fromhex(text)) == 32:
            return text.lower()
    except ValueError:
        pass
    raise SettingInvalid("key", said[:100], "--key", "a public key, 64 hexadecimal letters, or a file that holds it")


def _private(said: bytes, place: str) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # waits: most commands sign nothing
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if said.lstrip().startswith(b"-----BEGIN"):
            found = load_pem_private_key(said, None)
            if isinstance(found, Ed25519PrivateKey):
                return found
        else:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(said.decode("ascii").strip()))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise SettingInvalid("signing_key", "***", place, f"a reference to {_KEY_EXPECTED}") from None


def _make(path: Path) -> None:
    """Make a key that is there whole or not at all; of two processes that make one at once, one wins."""
    from cryptography.hazmat.primitives import serialization  # waits with the rest
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # A name of its own: two threads have one process number, and so have two runs of one container.
    made, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(made, "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            return
    finally:
        beside.unlink(missing_ok=True)
