"""Where a folder really lies: whether its file system is one of this machine, as a database file needs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jihwi.errors import StoreOnNetwork

__all__ = ["mount_table", "network_kind", "refuse_network", "sync_folder"]

# File systems whose locks or shared memory are not to be trusted between machines: SQLite's log needs both.
_NETWORK = re.compile(
    r"(nfs4?|cifs|smb[23]?|smbfs|ncp|ncpfs|afs|coda|9p|davfs|ceph|glusterfs|lustre|gpfs|beegfs|orangefs|pvfs2|gfs2?|"
    r"ocfs2|vboxsf|prl_fs|vmhgfs|panfs|acfs|"
    r"fuse\.(sshfs|rclone|s3fs|davfs2?|gcsfuse|goofys|glusterfs|ceph|cephfs|smb\w*|curlftpfs|vmhgfs-fuse|juicefs|mfs|"
    r"google-drive-ocamlfuse|onedrive|blobfuse2?|gvfsd-fuse|seaweedfs|moosefs))\Z"
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def mount_table() -> str:
    """The kernel's list of what is mounted where; empty on a system that keeps none."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def network_kind(path: Path, table: str) -> str | None:
    """The kind of network share that `path` (absolute, links resolved) lies on by a mount table; `None` when on none.

    >>> table = "36 35 98:0 / / rw - ext4 /dev/sda1 rw\\n41 36 0:35 / /mnt/big\\\\040share rw - nfs4 host:/x rw"
    >>> network_kind(Path("/mnt/big share/state"), table)
    'nfs4'
    >>> network_kind(Path("/srv/state"), table) is None
    True
    """
    best, kind = -1, ""
    for line in table.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
        # A later mount at the same point lies over an earlier one, hence "not shorter".
        if len(point) >= best and path.is_relative_to(point):
            best, kind = len(point), after.split(" ", 1)[0]
    if kind == "9p" and best == 1:  # "/" itself: a sandboxed machine's own disk, not a share
        return None
    return kind if _NETWORK.match(kind) else None


def refuse_network(folder: Path) -> None:
    """Raise `StoreOnNetwork` when `folder`, or the nearest folder above it that exists, lies on a share."""
    real = folder.resolve()
    kind = network_kind(real, mount_table())
    if kind is not None:
        raise StoreOnNetwork(str(folder), kind)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: what was created or renamed there is so after lost power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
