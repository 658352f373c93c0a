"""What lies in a folder: the files to read, and what was stepped over and why; read again only when changed."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path

import msgspec

from jihwi.errors import FileMissing, FolderMissing
from jihwi.readers import FileToRead, Outcome, ReadingService
from jihwi.readers.pipeline import failed
from jihwi.readers.sniff import extension_of, is_left_behind

__all__ = ["Survey", "moved", "read_changed", "survey", "walk"]


class Survey(msgspec.Struct, frozen=True):
    """What a folder holds."""

    files: tuple[FileToRead, ...]
    skipped: tuple[Outcome, ...] = ()
    """What was stepped over though a person may think it is a document: links that lead outside, pipes, devices,
    folders that may not be opened. Each with its reason."""
    hidden: int = 0
    """Hidden files and what office programs leave behind (`.git`, `~$보고서.docx`, `Thumbs.db`), not read."""


def walk(folder: Path) -> list[FileToRead]:
    """The files of a folder and of the folders in it, sorted by name; a file given by itself is its own list.

    Names are compared in Unicode's composed form (NFC), as people see them, and kept as found. Raises
    `FolderMissing` or `FileMissing`.
    """
    return list(survey(folder).files)


def survey(folder: Path) -> Survey:
    """The files of a folder, and what is not read in it.

    A link is never followed out of the folder; one that stays inside is stepped over silently, for its target is
    read where it lies. Raises `FolderMissing` when there is nothing at `folder`.
    """
    if folder.is_file():
        return Survey((FileToRead(str(folder), _shown(folder.name)),))
    if not folder.exists():
        raise FileMissing(str(folder)) if folder.suffix else FolderMissing(str(folder))
    found = _Found(os.path.realpath(folder))
    found.look(str(folder), "")
    files = sorted(found.files, key=lambda file: unicodedata.normalize("NFC", file.shown_as))
    skipped = sorted(found.skipped, key=lambda outcome: unicodedata.normalize("NFC", outcome.path))
    return Survey(tuple(files), tuple(skipped), found.hidden)


class _Found:
    """The walk itself: an explicit stack, so that no depth of folders can exhaust it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.files: list[FileToRead] = []
        self.skipped: list[Outcome] = []
        self.hidden = 0

    def look(self, place: str, shown: str) -> None:
        stack = [(place, shown)]
        while stack:
            where, prefix = stack.pop()
            try:
                with os.scandir(where) as entries:
                    stack.extend(folder for entry in entries if (folder := self._one(entry, prefix)))
            except OSError as error:
                self._step_over(prefix.rstrip("/") or where, "file_unreachable", error.strerror or str(error))

    def _one(self, entry: os.DirEntry[str], prefix: str) -> tuple[str, str] | None:
        """Note one entry; a folder to look into comes back."""
        shown = prefix + _shown(entry.name)
        if is_left_behind(entry.name):
            self.hidden += 1
        elif entry.is_symlink():
            self._link(entry, shown)
        elif entry.is_dir(follow_symlinks=False):
            return entry.path, shown + "/"
        elif entry.is_file(follow_symlinks=False):
            self.files.append(FileToRead(entry.path, shown))
        else:
            self._step_over(shown, "not_a_file", _kind(entry))
        return None

    def _link(self, entry: os.DirEntry[str], shown: str) -> None:
        target = os.path.realpath(entry.path)
        if not os.path.exists(target):
            pointed = os.readlink(entry.path).encode("utf-8", "replace").decode()
            self._step_over(shown, "file_unreachable", f"없는 곳을 가리키는 링크 ({pointed})")
        elif os.path.commonpath((self._root, target)) != self._root:
            self._step_over(shown, "link_outside", "")

    def _step_over(self, shown: str, code: str, detail: str) -> None:
        self.skipped.append(failed(shown, 0, code, detail=detail))


def _shown(name: str) -> str:
    """A file's name as text: as found, and where the bytes are no UTF-8, as the Korean code page reads them."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name).decode("cp949", "replace")
    return name


def _kind(entry: os.DirEntry[str]) -> str:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISFIFO(mode):
        return "pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"


# ── reading only what has changed ────────────────────────────────────────────

_NOT_KEPT = frozenset({"reader_timeout", "reader_crashed", "file_unreachable"})
"""Failures that another try may not have: the machine was busy, the share was away."""

_decoder = msgspec.msgpack.Decoder(Outcome)


def read_changed(
    service: ReadingService, files: Iterable[FileToRead], kept: MutableMapping[str, bytes]
) -> Iterator[Outcome]:
    """The outcome of each file in order, from `kept` where the same bytes were read by the same readers before.

    `kept` is any mapping that outlives the run; what is put in is bytes under a name made of the content's digest,
    the readers' version, the extension and whether a password was given. An interrupted run is taken up where it
    stopped, for each outcome is put in as soon as it is known.
    """
    order: deque[tuple[FileToRead, str, bool]] = deque()

    def missing() -> Iterator[FileToRead]:
        for file in files:
            key = _key(service, file)
            order.append((file, key, bool(key) and key in kept))
            if not order[-1][2]:
                yield file

    for outcome in service.read_all(missing()):
        yield from _known(order, kept)
        _, key, _ = order.popleft()
        if key and not any(remark.code in _NOT_KEPT for remark in outcome.remarks):
            kept[key] = msgspec.msgpack.encode(outcome)
        yield outcome
    yield from _known(order, kept)


def _known(order: deque[tuple[FileToRead, str, bool]], kept: MutableMapping[str, bytes]) -> Iterator[Outcome]:
    while order and order[0][2]:
        file, key, _ = order.popleft()
        yield moved(_decoder.decode(kept[key]), file.shown_as)


def moved(outcome: Outcome, path: str) -> Outcome:
    """The outcome under another name, the parts inside it too."""
    inside = tuple(moved(part, path + part.path[len(outcome.path) :]) for part in outcome.attachments)
    return msgspec.structs.replace(outcome, path=path, attachments=inside)


def _key(service: ReadingService, file: FileToRead) -> str:
    try:
        if not stat.S_ISREG(os.stat(file.location).st_mode):
            return ""
        with open(file.location, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""
    locked = hashlib.sha256(file.password.encode()).hexdigest()[:8] if file.password else ""
    return f"{digest}:{service.version()}:{extension_of(file.shown_as)}:{locked}"
