"""Formats find their reader by name; one that is absent is named, never a crash."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jihwi.errors import NeedsConversion, ReaderMissing
from jihwi.readers import Limits
from jihwi.readers.registry import ADAPTERS, installed_formats, reader_for, readers_version
from jihwi.readers.sniff import EXTENSIONS


def test_every_named_format_has_a_place_in_the_table() -> None:
    assert set(ADAPTERS) <= set(EXTENSIONS)
    assert set(EXTENSIONS) - set(ADAPTERS) == set()


@pytest.mark.parametrize("format", sorted(installed_formats()))
def test_every_reader_that_stands_here_says_what_it_reads(format: str) -> None:
    try:
        reader = reader_for(format, "a")
    except (ReaderMissing, NeedsConversion):
        return
    assert format in reader.formats
    assert reader.name
    assert reader.version
    assert reader_for(format, "b") is reader


def test_an_adapter_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADAPTERS, "odt", "jihwi.readers.nowhere:NoReader")
    monkeypatch.setitem(ADAPTERS, "doc", "jihwi.readers.nowhere:NoReader")
    with pytest.raises(ReaderMissing, match="nowhere"):
        reader_for("odt", "a.odt")
    with pytest.raises(NeedsConversion, match="DOCX"):
        reader_for("doc", "a.doc")


def test_the_version_is_the_same_each_time_and_knows_the_limits() -> None:
    assert readers_version(Limits()) == readers_version(Limits())
    assert readers_version(Limits()) != readers_version(Limits(nesting=2))


def test_looking_at_files_imports_no_reader() -> None:
    code = (
        "import sys; import jihwi.readers.sandbox, jihwi.readers.folder, jihwi.readers.words;"
        "print([m for m in ('lxml', 'pypdfium2', 'docx', 'openpyxl', 'olefile', 'bs4') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
