"""What a reference leads to is had by who may read it, and is repeated by nothing, least of all by an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.errors import SecretMissing, SettingInvalid
from jihwi.references import header_secret, secret_behind


def test_a_secret_is_read_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DESK_KEY", "한 마디")
    (tmp_path / "key").write_text(" s3cret \r\n", encoding="utf-8")

    assert secret_behind("env:DESK_KEY", "key") == "한 마디"
    assert secret_behind("env:KEY", "key", environment={"KEY": "other"}) == "other"
    assert secret_behind(f"file:{tmp_path}/key", "key") == secret_behind("file:~/key", "key") == " s3cret "
    assert header_secret("file:~/key", "key") == "s3cret"
    assert header_secret("", "key") == ""


@pytest.mark.parametrize("reference", ["env:NO_SUCH_KEY", "env:EMPTY", "file:none", "file:.", "file:nothing_in_it"])
def test_what_is_not_there_is_told_by_its_reference_and_what_should_be(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nothing_in_it").write_text("\n", encoding="utf-8")
    with pytest.raises(SecretMissing) as found:
        secret_behind(reference, "store", "an address", environment={"EMPTY": ""})
    assert reference in found.value.words("ko")
    assert "an address" in found.value.next_step("ko")
    assert "'store'" in found.value.words("en")


@pytest.mark.parametrize("said", ["s3cret", "env:", "http://s3cret"])
def test_a_secret_in_place_of_its_reference_is_refused_and_not_repeated(said: str) -> None:
    with pytest.raises(SettingInvalid) as found:
        secret_behind(said, "model_key")
    assert "s3cret" not in str(found.value)
    assert "env:NAME or file:PATH" in str(found.value)


@pytest.mark.parametrize("behind", ["s3cret\nX-Other: 1", "s3cret 비밀", "\t \n"])
def test_what_would_break_out_of_a_header_is_no_secret_for_one(behind: str) -> None:
    with pytest.raises(SecretMissing) as found:
        header_secret("env:KEY", "model_key", environment={"KEY": behind})
    assert "s3cret" not in str(found.value)
    assert "one line of printable ASCII" in str(found.value)
