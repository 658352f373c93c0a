"""The embedded index: segments in a folder, and a manifest that says which of them count.

A commit writes new segments, then puts a new manifest in the place of the old one in a single step. A process killed
before that step leaves the last commit; segments no manifest names are swept up by the next one. Readers keep the
segments they have open while a writer goes on.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from jihwi.errors import IndexCorrupt, StoreFull, StoreReadOnly
from jihwi.index import Analyser, Found, IndexedDocument, IndexState
from jihwi.index.building import SegmentBuilder, join_segments
from jihwi.index.joining import due_to_join
from jihwi.index.scoring import Question, View, score
from jihwi.index.segments import LAYOUT_VERSION, Segment

__all__ = ["EmbeddedIndex"]


class _Listed(msgspec.Struct, frozen=True):
    file: str
    size: int
    modified_ns: int
    partition: str
    removed: tuple[int, ...] = ()


class _Manifest(msgspec.Struct, frozen=True):
    version: str
    library_version: int
    segments: tuple[_Listed, ...] = ()


class _Snapshot:
    """What one commit holds, opened."""

    def __init__(
        self,
        manifest: _Manifest,
        views: tuple[View, ...],
        stamp: tuple[int, int, int],
        because: str,
        kept: mmap.mmap | None = None,
    ) -> None:
        """`kept`: the manifest's file, open so that no later one gets its number and so, perhaps, its stamp."""
        self.manifest = manifest
        self.views = views
        self.stamp = stamp
        self.because = because
        self.kept = kept

    def documents(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for view in self.views:
            for number, (document_id, key) in enumerate(view.segment.documents):
                if number not in view.removed:
                    found[document_id] = key
        return found


class _Pending:
    """A segment being made: its chunks until they are written, and which of its documents were replaced since."""

    def __init__(self, file: str, partition: str, builder: SegmentBuilder) -> None:
        self.file = file
        self.partition = partition
        self.builder = builder
        self.removed: set[int] = set()


_NOWHERE = (0, 0, 0)


class EmbeddedIndex:
    """A word index in a folder of its own. Reading is safe from several threads and processes; writing is one's."""

    def __init__(self, folder: Path, analyser: Analyser) -> None:
        self._folder = folder
        self._analyser = analyser
        self.version = f"embedded-{LAYOUT_VERSION}/{analyser.name}-{analyser.version}"
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None
        self._open_pending: dict[str, _Pending] = {}
        self._written: list[_Pending] = []
        self._places: dict[str, list[tuple[_Pending, int]]] = {}
        self._gone: set[str] = set()
        self._cleared = False
        self._next_number = 0

    # ── reading ──────────────────────────────────────────────────────────────

    def library_version(self) -> int:
        """Which version of the library the last commit holds."""
        return self._present().manifest.library_version

    def state(self) -> IndexState:
        """What the last commit holds."""
        snapshot = self._present()
        return IndexState(snapshot.manifest.library_version, snapshot.documents(), snapshot.because)

    def search(
        self,
        question: str,
        partitions: Collection[str],
        *,
        limit: int,
        documents: Collection[str] | None = None,
        also: Collection[tuple[str, int]] = (),
    ) -> Found:
        """The best chunks of `partitions`, best first."""
        wanted = frozenset(partitions)
        views = [view for view in self._present().views if view.segment.partition in wanted]
        terms = self._analyser.query_terms(question)
        try:
            allowed = [view.belonging(documents) for view in views]
            return score(Question.of(question, terms), views, allowed, limit, also)
        except (IndexError, ValueError, OverflowError) as error:
            raise IndexCorrupt(str(error)) from error

    def close(self) -> None:
        """Forget what was not committed and let go of the segments."""
        with self._lock:
            self._forget_pending()
            self._snapshot = None

    def _present(self) -> _Snapshot:
        """The last commit, opened; the one already open when nothing was committed since."""
        with self._lock:
            for _ in range(20):
                stamp = _stamp_of(self._manifest_path)
                if self._snapshot is not None and self._snapshot.stamp == stamp:
                    return self._snapshot
                try:
                    self._snapshot = self._open(stamp)
                except FileNotFoundError:
                    continue  # another process committed and swept up between our two looks
                return self._snapshot
            return self._unusable(stamp, "damaged")

    @property
    def _manifest_path(self) -> Path:
        return self._folder / "manifest.json"

    def _open(self, stamp: tuple[int, int, int]) -> _Snapshot:
        if stamp == _NOWHERE:
            return self._unusable(stamp, "")
        try:
            with self._manifest_path.open("rb") as file:
                kept = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            manifest = msgspec.json.decode(kept, type=_Manifest)
        except (msgspec.DecodeError, ValueError):  # no manifest, or nothing at all
            return self._unusable(stamp, "damaged")
        if manifest.version != self.version:
            same_layout = manifest.version.startswith(f"embedded-{LAYOUT_VERSION}/")
            return self._unusable(stamp, "analyser" if same_layout else "layout")
        known = {view.segment.path.name: view for view in self._snapshot.views} if self._snapshot else {}
        try:
            views = tuple(self._view(listed, known.get(listed.file)) for listed in manifest.segments)
        except IndexCorrupt:
            return self._unusable(stamp, "damaged")
        except FileNotFoundError:
            if _stamp_of(self._manifest_path) == stamp:
                return self._unusable(stamp, "damaged")
            raise
        return _Snapshot(manifest, views, stamp, "", kept)

    def _view(self, listed: _Listed, known: View | None) -> View:
        removed = frozenset(listed.removed)
        path = self._folder / listed.file
        status = path.stat()
        if known is not None and known.segment.is_in(status):  # the name may be another file's since it was looked at
            return known if known.removed == removed else View(known.segment, removed)
        if status.st_size != listed.size:
            raise IndexCorrupt(f"{listed.file}: size")
        return View(Segment(path, verify=status.st_mtime_ns != listed.modified_ns), removed)

    def _unusable(self, stamp: tuple[int, int, int], because: str) -> _Snapshot:
        return _Snapshot(_Manifest(self.version, -1), (), stamp, because)

    def _next_free_number(self) -> int:
        """A number no segment file bears, so that nothing a reader has open is ever written over."""
        numbers = [int(path.stem) for path in self._folder.glob("*.seg") if path.stem.isdigit()]
        return max(numbers, default=-1) + 1

    # ── writing ──────────────────────────────────────────────────────────────

    def add(self, documents: Iterable[IndexedDocument]) -> None:
        """Put documents in, in place of what was known under their ids."""
        with _disk(self._folder):
            for document in documents:
                self._take_out(document.document_id)
                rest = document.chunks
                while rest:
                    pending = self._pending_for(document.partition)
                    part, rest = rest[: pending.builder.room], rest[pending.builder.room :]
                    pending.builder.add(document.document_id, document.key, part)
                    self._places.setdefault(document.document_id, []).append(
                        (pending, len(pending.builder.documents) - 1)
                    )

    def remove(self, document_ids: Iterable[str]) -> None:
        """Take documents out."""
        for document_id in document_ids:
            self._take_out(document_id)

    def clear(self) -> None:
        """Forget everything, at the next commit."""
        self._forget_pending()
        self._cleared = True

    def abandon(self) -> None:
        """Forget what was added, removed and cleared since the last commit."""
        self._forget_pending()

    def commit(self, library_version: int) -> None:
        """Make it durable and visible in one step."""
        with _disk(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            for pending in list(self._open_pending.values()):
                self._write(pending)
            snapshot = self._present()
            listed = [] if self._cleared else [_without(view, self._gone) for view in snapshot.views]
            listed += [self._list(pending.file, pending.partition, pending.removed) for pending in self._written]
            self._put_manifest(library_version, self._joined(listed))
            self._forget_pending()
            self._sweep()

    def _take_out(self, document_id: str) -> None:
        self._gone.add(document_id)
        for pending, number in self._places.pop(document_id, []):
            pending.removed.add(number)

    def _pending_for(self, partition: str) -> _Pending:
        pending = self._open_pending.get(partition)
        if pending is not None and pending.builder.room > 0:
            return pending
        if pending is not None:
            self._write(pending)
        made = _Pending(self._new_file(), partition, SegmentBuilder(partition, self._analyser))
        self._open_pending[partition] = made
        return made

    def _write(self, pending: _Pending) -> None:
        """Write a segment that no manifest names yet, and let go of what it was made of."""
        self._folder.mkdir(parents=True, exist_ok=True)
        pending.builder.write(self._folder / pending.file)
        pending.builder = SegmentBuilder(pending.partition, self._analyser)
        self._written.append(pending)
        self._open_pending.pop(pending.partition, None)

    def _new_file(self) -> str:
        self._next_number = max(self._next_number, self._next_free_number())
        self._next_number += 1
        return f"{self._next_number - 1:08}.seg"

    def _list(self, file: str, partition: str, removed: Collection[int]) -> _Listed:
        status = (self._folder / file).stat()
        return _Listed(file, status.st_size, status.st_mtime_ns, partition, tuple(sorted(removed)))

    def _joined(self, listed: list[_Listed]) -> list[_Listed]:
        """The same chunks in fewer segments, where that is due; without segments that hold nothing any more."""
        views = {view.segment.path.name: view for view in self._present().views}
        by_partition: dict[str, list[View]] = {}
        kept: dict[str, _Listed] = {}
        for entry in listed:
            view = self._view(entry, views.get(entry.file))
            if view.chunks:
                kept[entry.file] = entry
                by_partition.setdefault(entry.partition, []).append(view)
        for partition, members in by_partition.items():
            for group in due_to_join(members):
                file = self._new_file()
                join_segments(self._folder / file, [(v.segment, v.standing()) for v in group])
                for view in group:
                    del kept[view.segment.path.name]
                kept[file] = self._list(file, partition, ())
        return list(kept.values())

    def _put_manifest(self, library_version: int, listed: list[_Listed]) -> None:
        manifest = _Manifest(self.version, library_version, tuple(listed))
        fresh = self._folder / "manifest.new"
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(manifest))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._manifest_path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _sweep(self) -> None:
        """Remove segments that the manifest does not name."""
        named = {view.segment.path.name for view in self._present().views}
        for path in self._folder.glob("*.seg"):
            if path.name not in named:
                path.unlink(missing_ok=True)

    def _forget_pending(self) -> None:
        self._open_pending = {}
        self._written = []
        self._places = {}
        self._gone = set()
        self._cleared = False


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return _NOWHERE
    return status.st_ino, status.st_mtime_ns, status.st_size


def _without(view: View, gone: set[str]) -> _Listed:
    """How a segment is listed once `gone` is removed from it."""
    more = {n for n, (document_id, _) in enumerate(view.segment.documents) if document_id in gone} if gone else set()
    status = view.segment.path.stat()
    return _Listed(
        view.segment.path.name,
        status.st_size,
        status.st_mtime_ns,
        view.segment.partition,
        tuple(sorted(view.removed | more)),
    )


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """The errors of a disk in the house's words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(str(folder)) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StoreReadOnly(str(folder)) from error
        raise
