"""State may not lie on a network share, and the share is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.store.places import mount_table, network_kind

TABLE = """\
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
40 22 0:35 / /home rw,relatime shared:2 - nfs4 server:/export/home rw,vers=4.2
41 40 0:36 / /home/local rw,relatime shared:3 master:1 - xfs /dev/sdb1 rw
42 22 0:37 / /mnt/\\uacf5\\040\\uc720 rw - cifs //server/share rw
43 22 0:38 / /mnt/two\\040words rw - cifs //server/share rw
44 22 0:39 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs
45 22 0:40 / /ssh rw - fuse.sshfs me@host: rw
46 22 0:41 / /crypt rw - fuse.gocryptfs /srv rw
47 22 0:42 / /twice rw - ext4 /dev/sdc1 rw
48 22 0:43 / /twice rw - smb3 //server/twice rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/state", None),
        ("/home/kim/.jihwi", "nfs4"),
        ("/home/local/kim", None),
        ("/homework", None),
        ("/mnt/two words/state", "cifs"),
        ("/mnt/c/Users/kim", "9p"),
        ("/ssh/state", "fuse.sshfs"),
        ("/crypt/state", None),
        ("/twice/state", "smb3"),
    ],
)
def test_the_nearest_mount_says_where_a_folder_lies(path: str, kind: str | None) -> None:
    assert network_kind(Path(path), TABLE) == kind


def test_a_sandbox_s_own_root_is_no_share() -> None:
    assert network_kind(Path("/srv/state"), "1 0 0:1 / / rw - 9p none rw,trans=fd") is None


def test_this_folder_lies_on_this_machine(tmp_path: Path) -> None:
    assert network_kind(tmp_path.resolve(), mount_table()) is None
