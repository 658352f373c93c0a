"""Reading documents while a person does something else: one folder at a time, with progress that can be left and
returned to."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from jihwi.case.events import Author
from jihwi.errors import FormInvalid, JihwiError
from jihwi.evidence import SecurityClass
from jihwi.library import IngestProgress, IngestReport
from jihwi.orchestrator import Orchestrator
from jihwi.wiring import House, collection_of, recheck_cases

__all__ = ["Ingest", "Ingests", "safe_name", "safe_names"]

KEPT = 20


class Ingest(msgspec.Struct):
    """One folder being read, or that was."""

    id: str
    collection: str
    folder: str
    by: str = ""
    """Who asked for it."""
    files: int = 0
    total: int = 0
    path: str = ""
    done: bool = False
    report: IngestReport | None = None
    problem: JihwiError | None = None


def safe_name(name: str) -> str:
    """A file's own name, without any folder, as it may lie in ours. Raises FormInvalid for what is none.

    >>> safe_name("../../etc/공사 계약서.hwp")
    '공사 계약서.hwp'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*\0').strip(". ")
    if not kept:
        raise FormInvalid(name)
    while len(kept.encode()) > 200:
        kept = kept[1:]
    return kept


def safe_names(names: Sequence[str]) -> list[str]:
    """The same for files that come together: two of one name, as folders have them, are both kept.

    >>> safe_names(["1월/보고.hwp", "2월/보고.hwp"])
    ['보고.hwp', '보고 (2).hwp']
    """
    kept: list[str] = []
    for name in names:
        plain = Path(safe_name(name))
        number, found = 2, plain.name
        while found in kept:
            number, found = number + 1, f"{plain.stem} ({number}){plain.suffix}"
        kept.append(found)
    return kept


class _Borne(NamedTuple):
    """What the documents of a folder are to bear."""

    labels: tuple[str, ...]
    security_class: SecurityClass | None
    classes: Mapping[str, SecurityClass]


class Ingests:
    """What is being read in this house, newest first."""

    def __init__(self, house: House, orchestrator: Callable[[], Orchestrator]) -> None:
        """`orchestrator` is there once something is read: cases that cite what was read are told what changed."""
        self._house = house
        self._orchestrator = orchestrator
        self._all: dict[str, Ingest] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    def everything(self) -> list[Ingest]:
        """The newest first."""
        return list(reversed(self._all.values()))

    def under_way(self) -> list[Ingest]:
        """Those that have not ended."""
        return [one for one in self._all.values() if not one.done]

    def own_folder(self, name: str, labels: tuple[str, ...]) -> Path:
        """Where the files lie that were dropped into the console under this name and these labels: who drops files
        under a name whose labels they do not know comes near nobody's."""
        named = f"{name} [{', '.join(labels)}]" if labels else name
        return self._house.home / "files" / safe_name(named.replace("/", "_"))

    def start(
        self,
        folder: Path,
        labels: tuple[str, ...],
        *,
        by: str = "",
        security_class: SecurityClass | None = None,
        classes: Mapping[str, SecurityClass] | None = None,
    ) -> Ingest:
        """Begin to read a folder; comes back at once. `security_class`: of the folder, from now on; `classes`: of
        files in it, which none of them is lowered by."""
        ingest = Ingest("i" + secrets.token_hex(4), collection_of(folder), str(folder), by)
        self._all[ingest.id] = ingest
        while len(self._all) > KEPT:
            del self._all[next(iter(self._all))]
        task = asyncio.create_task(self._read(ingest, folder, _Borne(labels, security_class, classes or {})))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ingest

    async def _read(self, ingest: Ingest, folder: Path, borne: _Borne) -> None:
        async with self._one_at_a_time:
            try:
                ingest.report = await asyncio.to_thread(self._work, ingest, folder, borne)
                await recheck_cases(self._house, self._orchestrator())
            except JihwiError as problem:
                ingest.problem = problem
            finally:
                ingest.done = True

    def _work(self, ingest: Ingest, folder: Path, borne: _Borne) -> IngestReport:
        house = self._house
        files = house.files_in(folder)
        ingest.total = len(files)

        def tell(progress: IngestProgress) -> None:
            ingest.files, ingest.total, ingest.path = progress.files, progress.total, progress.path

        by = Author("person", ingest.by, door="console")
        if borne.labels:
            house.library.put_collection(ingest.collection, str(folder), labels=borne.labels, by=by)
        else:  # a folder that was labelled before stays so
            house.library.begin_collection(ingest.collection, str(folder))
        if borne.security_class or borne.classes:
            house.library.classify(ingest.collection, borne.security_class, borne.classes, never_lower=True, by=by)
        return house.library.ingest(ingest.collection, files, house.reading_service, tell, by=by)

    async def close(self) -> None:
        """Wait for what is being read; a library keeps what it has stored."""
        await asyncio.gather(*self._tasks)
