"""What keeps the library from finding what was read: its index and its vectors."""

from __future__ import annotations

from jihwi.errors.base import JihwiError

__all__ = [
    "EmbeddingChanged",
    "EmbeddingError",
    "EmbeddingNonsense",
    "EmbeddingRefused",
    "EmbeddingUnreachable",
    "IndexCorrupt",
    "LibraryError",
]


class LibraryError(JihwiError):
    detail: str
    ko = "자료실이 요청을 처리하지 못했습니다: {detail}"
    en = "The library could not do what it was asked: {detail}"


class IndexCorrupt(LibraryError):
    ko = "색인이 손상되었습니다: {detail}"
    en = "The index is damaged: {detail}"
    ko_next = "저장된 문서로 다시 만듭니다."
    en_next = "It is rebuilt from the stored documents."


class EmbeddingError(JihwiError):
    """Vectors could not be had. Nothing stops for it: what can be found by words is found."""

    endpoint: str
    detail: str
    ko = "임베딩 모델({endpoint})이 벡터를 주지 못했습니다: {detail}"
    en = "The embedding model at {endpoint} gave no vectors: {detail}"
    ko_next = "`embedding` 설정을 확인하십시오. 그동안은 낱말로만 찾습니다."
    en_next = "Check the setting `embedding`; until then the search goes by words alone."


class EmbeddingUnreachable(EmbeddingError):
    ko = "임베딩 서버({endpoint})에 연결할 수 없습니다: {detail}"
    en = "The embedding server at {endpoint} cannot be reached: {detail}"


class EmbeddingRefused(EmbeddingError):
    ko = "임베딩 서버({endpoint})가 거절했습니다: {detail}"
    en = "The embedding server at {endpoint} refused: {detail}"


class EmbeddingNonsense(EmbeddingError):
    ko = "임베딩 모델({endpoint})의 답을 벡터로 읽을 수 없습니다: {detail}"
    en = "What the embedding model at {endpoint} answered are no vectors: {detail}"


class EmbeddingChanged(EmbeddingError):
    ko = "임베딩 모델({endpoint})의 차원이 저장된 벡터와 다릅니다: {detail}"
    en = "The embedding model at {endpoint} has another dimension than the stored vectors: {detail}"
    ko_next = "다음에 문서를 읽을 때 벡터를 새로 만듭니다. 그동안은 낱말로만 찾습니다."
    en_next = "The next reading of documents makes all vectors anew; until then the search goes by words alone."
