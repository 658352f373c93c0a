"""What a house that runs for days says beside any answer is in the language of who runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.settings import Settings
from jihwi.wiring import house, open_house
from jihwi.words import Language
from tests.console.office import until


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "머리값에 서명하지 못했습니다: 'signing_key' 설정의 값 '***'은(는) 쓸 수 없습니다"),
        ("en", "the heads could not be signed: The setting 'signing_key' cannot be '***'"),
    ],
)
async def test_a_key_that_cannot_sign_is_told(
    tmp_path: Path,
    language: Language,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(house, "FIRST_LOOK_SECONDS", 0.0)
    said: list[str] = []

    def heard() -> bool:
        said.append(capsys.readouterr().err)
        return words in "".join(said)

    async with open_house(Settings(), tmp_path, language=language) as opened:
        (opened.home / "signing.key").write_text("no key", "utf-8")
        async with opened.kept_up():
            await until(heard)
