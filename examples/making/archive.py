"""Zip archives whose bytes depend on nothing but their members: no clock, no order of a folder."""

from __future__ import annotations

import io
import zipfile

__all__ = ["settled", "zipped"]

_EPOCH = (1980, 1, 1, 0, 0, 0)


def zipped(members: dict[str, bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """An archive of `members` in their order, all dated 1980; those named in `stored` are not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def settled(data: bytes) -> bytes:
    """The same archive with the times at which its members were written taken out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zipped({name: archive.read(name) for name in archive.namelist()})
