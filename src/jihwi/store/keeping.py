"""A state folder copied while it is in use, and put back: a copy is whole and verified, or it is not there.

Databases are copied by SQLite itself, all of them as they were at one moment, so that what one says of another holds
in the copy too: a class that changed and the fact that says so. Caches are left out and made again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import apsw
import msgspec

from jihwi.errors import (
    BackupDamaged,
    FileMissing,
    FolderMissing,
    FolderMounted,
    FolderOverlaps,
    FolderPutAside,
    FolderTaken,
    StoreBusy,
    StoreFailed,
    StoreFull,
    StoreReadOnly,
)
from jihwi.sqlite_files import is_busy, is_damage, open_file, store_busy, store_error
from jihwi.store.databases import at_one_moment, is_database
from jihwi.store.places import sync_folder

__all__ = [
    "MANIFEST",
    "Manifest",
    "backup",
    "copies_beside",
    "read_manifest",
    "refuse_target",
    "restore",
    "space_beside",
]

MANIFEST = "backup.json"
_MARK = ".unfinished"
"""Lies in a folder that is being filled, and says that it is ours."""
_CACHES = ("index",)
_PARTS_OF_DATABASES = ("-wal", "-shm", "-journal")
_TRIALS = 3
_CHUNK_BYTES = 1024 * 1024


class Manifest(msgspec.Struct, frozen=True):
    """What a copy holds: each file's path within it to its SHA-256."""

    made_at_ms: int
    files: dict[str, str]


def backup(home: Path, target: Path, *, at_ms: int, instead: Mapping[str, Path] | None = None) -> Manifest:
    """Copy the state folder `home`, in use or not, to a new folder `target`. Killed half-way, there is no `target`,
    and the next run starts anew. `instead` names files that stand for those of `home`, by their path within it.

    Databases come first: files that a database's facts name were written before those facts. Raises FolderMissing,
    FolderTaken, FolderOverlaps, StoreError.
    """
    refuse_target(home, target)
    with _told(target), _unfinished_for(target) as unfinished:
        refuse_target(home, target)  # another one may have been quicker
        return _backed_up(home, target, unfinished, at_ms, instead or {})


def refuse_target(home: Path, target: Path) -> None:
    """Say at once what `backup` would say of its folders: before anything is brought together that is to be in it.
    Raises FolderMissing, FolderTaken, FolderOverlaps."""
    if not home.is_dir():
        raise FolderMissing(str(home))
    if os.path.lexists(target):
        raise FolderTaken(str(target))
    if target.resolve().is_relative_to(home.resolve()):
        raise FolderOverlaps(str(target), str(home))


@contextlib.contextmanager
def space_beside(target: Path) -> Iterator[Path]:
    """An empty folder for what is brought together before it is copied to `target`, for one process at a time; gone in
    the end, or, after a kill, at the next run. Raises FolderTaken, StoreError."""
    with _told(target), _unfinished_for(target.with_name(f"{target.name}.brought")) as folder:
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


def _backed_up(home: Path, target: Path, unfinished: Path, at_ms: int, instead: Mapping[str, Path]) -> Manifest:
    digests: dict[str, str] | None = None
    for _ in range(_TRIALS):
        if digests is None:
            digests = _copied(home, unfinished, instead)
    if digests is None:
        raise StoreBusy(str(home), 0)
    manifest = Manifest(at_ms, digests)
    (unfinished / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    _synced_digest(unfinished / MANIFEST)
    for folder in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
        sync_folder(folder)
    _put(unfinished, target)
    sync_folder(target.parent)
    return manifest


def _copied(home: Path, unfinished: Path, instead: Mapping[str, Path]) -> dict[str, str] | None:
    """Copy what belongs to `home`; each file's digest by its path. None when a database was begun meanwhile, or another
    folder came to lie there.

    Files are looked for once the databases have been looked at, so that what their facts name is there; and the
    databases stay open until the files are copied too, so that nobody can put another folder in this one's place.
    """
    _emptied(unfinished)
    began = home.stat()
    databases = {name: path for name, path in _named(home, instead).items() if is_database(path)}
    digests: dict[str, str] = {}
    with at_one_moment([databases[name] for name in sorted(databases)]) as seen:
        files = {name: path for name, path in _named(home, instead).items() if name not in databases}
        if any(is_database(path) for path in files.values()):
            return None
        for name in sorted(databases):
            if (database := seen.get(databases[name])) is not None:
                database.copy_to(_place_in(unfinished, name))
                digests[name] = _kept_as(databases[name], unfinished / name)
        for name, path in sorted(files.items()):
            try:
                shutil.copyfile(path, _place_in(unfinished, name))
                digests[name] = _kept_as(path, unfinished / name)
            except FileNotFoundError:
                if path.exists():  # else it was a passing file of a process at work
                    raise
    return digests if os.path.samestat(began, home.stat()) else None


def _named(home: Path, instead: Mapping[str, Path]) -> dict[str, Path]:
    named = {str(path.relative_to(home)): path for path in _files_of(home)} | dict(instead)
    for path in named.values():
        if path.is_symlink() and not path.exists():  # its disk may be unplugged, and it would be missed too late
            raise FileMissing(str(path))
    return named


def _place_in(unfinished: Path, name: str) -> Path:
    copy = unfinished / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    return copy


def _kept_as(path: Path, copy: Path) -> str:
    """Give the copy the rights of `path`, where its disk knows any, and have the disk keep it; its digest."""
    with contextlib.suppress(PermissionError, NotImplementedError):
        shutil.copymode(path, copy)
    return _synced_digest(copy)


def copies_beside(home: Path) -> list[Path]:
    """What was kept of a state folder's texts by an earlier version's bringing up to date or by a restore, and stays
    as it was: nothing is erased in it."""
    return sorted((*home.glob("*.db.v*"), *home.parent.glob(f"{glob.escape(home.name)}.before-*")))


def read_manifest(copy: Path) -> Manifest:
    """What a copy holds, each file compared with its digest. Raises FolderMissing, FileMissing for a folder that is no
    copy, BackupDamaged, StoreFailed where it cannot be read."""
    with _told(copy):
        return _compared(copy)


def _compared(copy: Path) -> Manifest:
    if not copy.is_dir():
        raise FolderMissing(str(copy))
    if not (copy / MANIFEST).exists():
        raise FileMissing(str(copy / MANIFEST))
    try:
        manifest = msgspec.json.decode((copy / MANIFEST).read_bytes(), type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BackupDamaged(str(copy), f"{MANIFEST}: {problem}") from problem
    for name, digest in manifest.files.items():
        path = copy / name
        if not path.resolve().is_relative_to(copy.resolve()):
            raise BackupDamaged(str(copy), f"{name} lies outside")
        if not path.is_file() or _digest(path) != digest:
            raise BackupDamaged(str(copy), f"{name} is not what was copied")
    return manifest


def restore(copy: Path, home: Path) -> Path | None:
    """Put a copy made by `backup` back as `home`. What was there is kept beside it; where, is returned.

    The copy is compared with its digests before anything changes. Killed half-way, run it again. Raises FolderMissing,
    FileMissing, FolderOverlaps where `home` lies in the copy, FolderMounted where `home` cannot be put aside,
    StoreError: BackupDamaged, StoreBusy while a process has a database of `home` open. Then `home` is as it was; only
    FolderPutAside says that it lies elsewhere, and where.
    """
    manifest = read_manifest(copy)
    if home.resolve().is_relative_to(copy.resolve()):
        raise FolderOverlaps(str(home), str(copy))
    if home.is_mount():
        raise FolderMounted(str(home))
    with _told(home), _unfinished_for(home) as unfinished:
        return _restored(manifest, copy, home, unfinished)


def _restored(manifest: Manifest, copy: Path, home: Path, unfinished: Path) -> Path | None:
    for name, digest in manifest.files.items():
        placed = unfinished / name
        placed.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy / name, placed)
        if _synced_digest(placed) != digest:
            raise BackupDamaged(str(copy), f"{name} changed while it was read")
    for folder in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
        sync_folder(folder)
    kept = _swapped(unfinished, home)
    sync_folder(home.parent)
    return kept


def _swapped(unfinished: Path, home: Path) -> Path | None:
    """Put `unfinished` in the place of `home`, which is put aside; where, is returned. What was there is there again
    when that fails. Raises FolderPutAside when not even that can be done."""
    if not home.exists():
        _put(unfinished, home)
        return None
    _refuse_in_use(home)
    kept = _free_name(home)
    try:
        home.rename(kept)
        _put(unfinished, home)
    except BaseException as problem:
        if kept.exists() and not home.exists():
            try:
                kept.rename(home)
            except OSError:
                raise FolderPutAside(str(home), str(kept), str(problem)) from problem
        raise
    return kept


def _files_of(home: Path) -> Iterator[Path]:
    """What belongs to a state folder, links that lead nowhere among it. A part of it that somebody has moved elsewhere
    and left a link to is a part of it still; what a link within the folder leads to stands under its own name."""
    inside, walked = home.resolve(), set[Path]()
    for folder, folders, names in os.walk(home, onerror=_unless_gone, followlinks=True):
        here = Path(folder)
        if here.resolve() in walked:
            folders.clear()
            continue
        walked.add(here.resolve())
        left_out = _CACHES if here == home else ()
        folders[:] = [name for name in folders if name not in left_out and not _leads_back(here / name, inside)]
        for name in names:
            path = here / name
            if name.endswith(_PARTS_OF_DATABASES) or name == _MARK or _leads_back(path, inside):
                continue
            if path.is_file() or (path.is_symlink() and not path.exists()):
                yield path


def _leads_back(path: Path, inside: Path) -> bool:
    return path.is_symlink() and path.resolve().is_relative_to(inside)


def _unless_gone(problem: OSError) -> None:
    """A folder that goes meanwhile has nothing to copy; one that cannot be looked into must not go missing unsaid."""
    if not isinstance(problem, FileNotFoundError):
        raise problem


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    """What the disk that holds `place` refuses, in our words."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreFull(str(place)) from problem
        where = str(problem.filename or place)
        unreadable = os.path.lexists(where) and not os.access(where, os.R_OK)
        if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and not unreadable:
            raise StoreReadOnly(where) from problem
        raise StoreFailed(where, problem.strerror or str(problem)) from problem


def _refuse_in_use(home: Path) -> None:
    """Raise StoreBusy when any process has a database of `home` open: it would go on writing into the folder that is
    put aside."""
    for path in _files_of(home):
        if not is_database(path):
            continue
        try:
            with contextlib.closing(open_file(path, making=False)) as database:
                database.execute("PRAGMA locking_mode = EXCLUSIVE")
                database.execute("BEGIN EXCLUSIVE")
                database.execute("ROLLBACK")
        except apsw.Error as problem:
            if is_damage(problem):
                continue  # that may be why somebody restores
            if is_busy(problem):
                raise store_busy(path, 0, reading=True) from problem
            raise store_error(problem, path) from problem


@contextlib.contextmanager
def _unfinished_for(place: Path) -> Iterator[Path]:
    """A new folder beside `place` that only its owner may enter, as a state folder's texts need, for one process at a
    time. What an earlier, killed run left there is removed; so is what could not be finished: the disk may be full for
    its sake. Raises FolderTaken where a folder of that name is somebody else's, StoreBusy.
    """
    unfinished = place.with_name(f"{place.name}.unfinished")
    mark = unfinished / _MARK
    if unfinished.exists() and not mark.exists() and any(unfinished.iterdir()):
        raise FolderTaken(str(unfinished))
    unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(unfinished):
        try:
            mark.touch()
            _emptied(unfinished)
            with contextlib.suppress(PermissionError, NotImplementedError):  # of a disk that knows no rights
                unfinished.chmod(0o700)
            yield unfinished
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Only one process of this machine is within, by a lock on the folder itself: an open file in it would keep it from
    being renamed on some shares. Raises StoreBusy."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise store_busy(folder, 0) from problem
        except OSError:
            pass  # a disk without locks
        if not folder.exists() or not os.path.samestat(os.fstat(handle), folder.stat()):
            raise StoreBusy(str(folder), 0)  # another one has just finished with it
        yield
    finally:
        os.close(handle)


def _emptied(unfinished: Path) -> None:
    for left in unfinished.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        elif left.name != _MARK:
            left.unlink()


def _put(unfinished: Path, place: Path) -> None:
    """What is finished takes its place."""
    unfinished.rename(place)
    with contextlib.suppress(OSError):  # it does no harm where it stays
        (place / _MARK).unlink()


def _free_name(home: Path) -> Path:
    number = 1
    while (name := home.with_name(f"{home.name}.before-{number}")).exists():
        number += 1
    return name


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _synced_digest(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return _digest(path)
