"""Reads HWPX (OWPML, KS X 6101), the zipped XML of Hancom's word processor."""

from __future__ import annotations

from jihwi.readers.hwpx.reader import HwpxReader

__all__ = ["HwpxReader"]
