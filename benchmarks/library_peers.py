"""Runs inside the peers' own environment: one other retriever over passages, best five for each question.

`python library_peers.py NAME PASSAGES QUERIES` prints one JSON list of passage ids a question.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
Answer = Callable[[str], list[str]]


def _langchain(ids: list[str], texts: list[str]) -> Answer:
    from langchain_community.retrievers import BM25Retriever

    retriever = BM25Retriever.from_texts(texts, metadatas=[{"id": one} for one in ids])
    retriever.k = 5
    return lambda question: [document.metadata["id"] for document in retriever.invoke(question)]


def _llamaindex(ids: list[str], texts: list[str]) -> Answer:
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    nodes = [TextNode(text=text, id_=one) for one, text in zip(ids, texts, strict=True)]
    retriever = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=5)
    return lambda question: [found.node.node_id for found in retriever.retrieve(question)]


def _kiwi(ids: list[str], texts: list[str]) -> Answer:
    import bm25s
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)
    wanted = ("N", "V", "SL", "SN", "SH", "XR", "MAG", "MM")

    def words(text: str) -> list[str]:
        return [token.form for token in kiwi.tokenize(text) if token.tag.startswith(wanted)]

    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index([words(text) for text in texts], show_progress=False)

    def answer(question: str) -> list[str]:
        found, _ = index.retrieve([words(question)], k=5, show_progress=False)
        return [ids[number] for number in found[0]]

    return answer


PEERS: dict[str, Callable[[list[str], list[str]], Answer]] = {
    "langchain": _langchain,
    "llamaindex": _llamaindex,
    "bm25s+kiwi": _kiwi,
}


def _rows(path: str) -> Rows:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def main() -> None:
    passages, queries = _rows(sys.argv[2]), _rows(sys.argv[3])
    texts = [f"{row['title']}\n{row['text']}".strip() for row in passages]
    answer = PEERS[sys.argv[1]]([row["id"] for row in passages], texts)
    for row in queries:
        print(json.dumps(answer(row["query"])), flush=True)


if __name__ == "__main__":
    main()
