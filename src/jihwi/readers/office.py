"""What all Office packages share: their core properties."""

from __future__ import annotations

from jihwi.evidence import Metadata
from jihwi.readers.package import Package, local, text_of

__all__ = ["core_properties"]

_FIELDS = {"title": "title", "creator": "author", "created": "created", "modified": "modified", "language": "language"}


def core_properties(package: Package) -> Metadata:
    """Title, author, dates and producer as the package states them; empty where it does not."""
    said: dict[str, str] = {}
    for kind, path in package.relations("").values():
        if kind in {"core-properties", "extended-properties"}:
            root = package.optional_xml(path)
            for element in root if root is not None else ():
                tag = local(element)
                if tag in _FIELDS:
                    said[_FIELDS[tag]] = text_of(element)
                elif tag == "Application":
                    said["producer"] = text_of(element)
    return Metadata(
        title=said.get("title", ""),
        author=said.get("author", ""),
        created=said.get("created", ""),
        modified=said.get("modified", ""),
        language=said.get("language", ""),
        producer=said.get("producer", ""),
    )
