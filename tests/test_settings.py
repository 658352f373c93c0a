"""Settings: few, each documented, and an unknown one is an error that says which there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.errors import SettingInvalid, SettingUnknown
from jihwi.settings import documented, load_settings

ROOT = Path(__file__).parent.parent


def test_every_setting_is_in_the_docs_as_it_is() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for name, default, expected, _, meaning in documented():
        assert f"| `{name}` | {f'`{default}`' if default else 'empty'} | {expected} | {meaning} |" in page


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "jihwi.toml").write_text('language = "ko"\nteam = "a"\nviewer = "kim"\n', "utf-8")
    settings = load_settings(tmp_path, {"JIHWI_TEAM": "b", "JIHWI_LANGUAGE": "en"}, team="c")
    assert (settings.language, settings.team, settings.viewer) == ("en", "c", "kim")


def test_an_unknown_setting_is_named_with_its_place_and_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingUnknown) as found:
        load_settings(tmp_path, {"JIHWI_COLOUR": "red"})
    assert found.value.place == "JIHWI_COLOUR"
    assert "busy_seconds" in found.value.next_step("en")


def test_a_wrong_value_on_the_command_line_is_told_with_the_option_it_was_given_by(tmp_path: Path) -> None:
    for option, said in (("--lang", {"language": "fr"}), ("--home", {"home": 3})):
        with pytest.raises(SettingInvalid) as problem:
            load_settings(tmp_path, {}, **said)
        assert f"({option})" in problem.value.words("en")


@pytest.mark.parametrize(
    ("name", "value"),
    [("language", "fr"), ("busy_seconds", "0"), ("reading_processes", "-1"), ("model_key", "sk-123"), ("home", 3)],
)
def test_a_value_that_cannot_be_is_refused_with_what_it_should_be(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(SettingInvalid) as found:
        load_settings(tmp_path, {}, **{name: value})
    assert found.value.expected


def test_labels_are_a_list_in_the_file_and_commas_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "jihwi.toml").write_text('labels = ["인사", "대외비"]\n', "utf-8")
    assert load_settings(tmp_path, {}).labels == ("대외비", "인사")
    assert load_settings(tmp_path, {"JIHWI_LABELS": "a, b"}).labels == ("a", "b")


def test_limits_of_skills_are_a_table_in_the_file_and_commas_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "jihwi.toml").write_text("skill_calls = { search = 8, convert = 1 }\n", "utf-8")
    assert load_settings(tmp_path, {}).skill_calls == (("convert", 1), ("search", 8))
    assert load_settings(tmp_path, {"JIHWI_SKILL_CALLS": "search=2, "}).skill_calls == (("search", 2),)
    for wrong in ("search", "search=0", "=2", "search=many"):
        with pytest.raises(SettingInvalid):
            load_settings(tmp_path, {"JIHWI_SKILL_CALLS": wrong})
