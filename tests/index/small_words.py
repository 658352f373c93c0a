"""An analyser that cuts at white space: what the index promises does not depend on the analyser."""

from __future__ import annotations

import re

from jihwi.index import ChunkText, IndexedDocument, Token


class SmallWords:
    """Words in lower case."""

    name = "words"

    def __init__(self, version: str = "1") -> None:
        self.version = version

    def terms(self, text: str) -> list[str]:
        return [token.term for token in self.tokens(text)]

    def tokens(self, text: str) -> list[Token]:
        return [Token(m.group().lower(), m.start(), m.end()) for m in re.finditer(r"\w+", text)]

    def query_terms(self, text: str) -> list[str]:
        return list(dict.fromkeys(self.terms(text)))


def document(
    document_id: str, *texts: str, partition: str = "open", key: str = "1", heading: str = ""
) -> IndexedDocument:
    """A document of these chunks."""
    chunks = tuple(ChunkText(number, text, heading) for number, text in enumerate(texts))
    return IndexedDocument(document_id, partition, key, chunks)
