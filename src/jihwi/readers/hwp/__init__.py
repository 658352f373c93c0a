"""Reads HWP 5, the compound file of Hancom's word processor, from the format its maker published."""

from __future__ import annotations

from jihwi.readers.hwp.reader import HwpReader

__all__ = ["HwpReader"]
