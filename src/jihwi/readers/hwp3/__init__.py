"""Reads HWP 3, the binary format of Hangul 3.0 to 97, from the format its maker published."""

from __future__ import annotations

from jihwi.readers.hwp3.reader import Hwp3Reader

__all__ = ["Hwp3Reader"]
