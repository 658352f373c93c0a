"""What was asked wrongly: a folder, a file, a name or a setting that cannot be; nothing has been done."""

from __future__ import annotations

from jihwi.errors.base import JihwiError, UsageError
from jihwi.words import Language, fill

__all__ = [
    "CaseAmbiguous",
    "CaseUnknown",
    "FileMissing",
    "FileUnusable",
    "FolderEmpty",
    "FolderIsBackup",
    "FolderMissing",
    "FolderMounted",
    "FolderOverlaps",
    "FolderTaken",
    "LabEmpty",
    "LabelReserved",
    "ModelSpecInvalid",
    "OptionMissing",
    "OutputCut",
    "QuestionsInvalid",
    "SecretMissing",
    "SettingInvalid",
    "SettingUnknown",
    "SettingsUnreadable",
    "SkillInvalid",
    "TeamInvalid",
]


class FolderMissing(UsageError):
    path: str
    ko = "'{path}' 폴더가 없습니다."
    en = "There is no folder '{path}'."
    ko_next = "경로를 확인하거나 폴더를 만들고 파일을 넣으십시오."
    en_next = "Check the path, or create the folder and put files into it."


class FolderEmpty(UsageError):
    path: str
    ko = "'{path}' 폴더에 파일이 없습니다."
    en = "The folder '{path}' holds no files."
    ko_next = "문서를 이 폴더에 넣고 다시 실행하십시오."
    en_next = "Put documents into it and run the command again."


class FolderOverlaps(UsageError):
    target: str
    folder: str
    ko = "'{target}' 폴더와 원본 폴더 '{folder}'가 겹칩니다."
    en = "The folder '{target}' and the originals' folder '{folder}' lie in each other."
    ko_next = "원본이 없는 다른 폴더를 정하십시오. 원본은 고치지 않습니다."
    en_next = "Name a folder apart from the originals; they are never changed."


class FolderMounted(UsageError):
    path: str
    ko = "'{path}' 폴더는 따로 붙인 디스크(마운트)여서 치워 두고 되돌릴 수 없습니다."
    en = "The folder '{path}' is a disk mounted there; it cannot be put aside for a copy."
    ko_next = "그 안의 폴더를 상태 폴더로 정하고 거기에 되돌리십시오: JIHWI_HOME={path:typed}/jihwi"
    en_next = "Name a folder within it as the state folder and restore there: JIHWI_HOME={path:typed}/jihwi"


class FolderTaken(UsageError):
    path: str
    ko = "'{path}'이(가) 이미 있습니다."
    en = "'{path}' exists already."
    ko_next = "다른 이름을 쓰십시오. 아무것도 덮어쓰지 않았습니다."
    en_next = "Give another name; nothing was overwritten."


class FolderIsBackup(UsageError):
    path: str
    ko = "'{path}'은(는) 백업이라 여기서 일하지 않습니다."
    en = "'{path}' is a backup; nobody works in it, so that it stays as it was made."
    ko_next = "먼저 되돌리십시오: `jihwi store restore {path:typed} --home 폴더`"
    en_next = "Restore it first: `jihwi store restore {path:typed} --home FOLDER`."


class FileMissing(UsageError):
    path: str
    ko = "'{path}' 파일이 없습니다."
    en = "There is no file '{path}'."
    ko_next = "경로를 확인하십시오."
    en_next = "Check the path."


class FileUnusable(JihwiError):
    """A file or folder that was named cannot be read, made or written, and why."""

    path: str
    detail: str
    ko = "'{path}'을(를) 읽거나 쓸 수 없습니다: {detail}"
    en = "'{path}' cannot be read or written: {detail}"
    ko_next = "자리와 권한을 확인하거나 다른 자리를 정하십시오."
    en_next = "Check the place and its permissions, or name another one."


class OutputCut(JihwiError):
    """Standard output takes no more."""

    detail: str
    ko = "결과를 끝까지 적지 못했습니다: {detail}"
    en = "The result could not be written to its end: {detail}"
    ko_next = "표준 출력이 이어진 곳에 자리가 있는지 확인하십시오."
    en_next = "See that what standard output leads to has room."


class OptionMissing(UsageError):
    """A command that was given nothing to do, or half of it."""

    command: str
    expected: str
    ko = "`{command}`에는 {expected:이} 있어야 합니다."
    en = "`{command}` needs {expected}."
    ko_next = "`{command} --help`로 쓰는 법을 보십시오."
    en_next = "See `{command} --help`."


class QuestionsInvalid(UsageError):
    path: str
    detail: str
    ko = "'{path}' 파일에서 질문을 읽을 수 없습니다 ({detail})."
    en = "No questions can be read from '{path}' ({detail})."
    ko_next = "첫 줄이 `질문,답` 또는 `질문,답,파일`인 CSV로 저장하십시오. 답은 문서의 말 그대로 쓰십시오."
    en_next = (
        "Save it as CSV with the first line `question,answer` or `question,answer,file`; answers in the files' words."
    )


class LabEmpty(UsageError):
    documents: int
    ko = "읽은 문서 {documents}건에서 만들 수 있는 질문이 없습니다."
    en = "No question can be made from the {documents} documents that were read."
    ko_next = "문서를 더 넣거나, 직접 만든 질문을 `--questions 파일.csv`로 주십시오."
    en_next = "Add documents, or give questions of your own with `--questions FILE.csv`."


class LabelReserved(UsageError):
    label: str
    ko = "'{label}'은(는) 표지로 쓸 수 없습니다. 'class:'로 시작하는 말은 등급을 나타냅니다."
    en = "'{label}' cannot be a label: what begins with 'class:' marks a class."
    ko_next = "등급은 --class C, S, O로 주십시오."
    en_next = "Give a class with --class C, S or O."


class SettingUnknown(UsageError):
    name: str
    place: str
    known: str
    ko = "'{name}' 설정은 없습니다 ({place})."
    en = "There is no setting '{name}' ({place})."
    ko_next = "쓸 수 있는 설정: {known}."
    en_next = "The settings are: {known}."


class SettingInvalid(UsageError):
    name: str
    value: str
    place: str
    expected: str
    ko = "'{name}' 설정의 값 '{value}'은(는) 쓸 수 없습니다 ({place})."
    en = "The setting '{name}' cannot be '{value}' ({place})."
    ko_next = "이렇게 쓰십시오: {expected}."
    en_next = "It should be {expected}."


class SettingsUnreadable(UsageError):
    path: str
    detail: str
    ko = "설정 파일 '{path}'을(를) 읽을 수 없습니다: {detail}"
    en = "The settings file '{path}' cannot be read: {detail}"
    ko_next = '그 자리를 고치십시오. 한 줄에 설정 하나를 `이름 = "값"`으로 적습니다.'
    en_next = 'Mend that place. One setting a line, written `name = "value"`.'


class SecretMissing(UsageError):
    """Where a reference points, nothing that can be used was found. Holds nothing of what lies there."""

    name: str
    reference: str
    found: str
    wanted: str
    ko = "'{name}'에 적은 '{reference}'에서 쓸 수 있는 값을 얻지 못했습니다 ({found})."
    en = "Nothing that '{name}' can use was found at '{reference}' ({found})."
    ko_next = "그 환경 변수를 정하거나, 실행하는 사람이 읽을 수 있는 파일을 그 자리에 두십시오. 있어야 할 것: {wanted}."
    en_next = "Set that environment variable, or put a file there that whoever runs jihwi can read; it holds {wanted}."


class CaseUnknown(UsageError):
    case: str
    ko = "'{case}' 사건이 없습니다."
    en = "There is no case '{case}'."
    ko_next = "`jihwi case list`로 목록을 보십시오."
    en_next = "See `jihwi case list`."


class CaseAmbiguous(UsageError):
    case: str
    matches: str
    ko = "'{case}'로 시작하는 사건이 여럿입니다: {matches}."
    en = "More than one case begins with '{case}': {matches}."
    ko_next = "글자를 더 적으십시오."
    en_next = "Give more letters."


class TeamInvalid(UsageError):
    path: str
    problems: str
    problems_ko: str = ""
    """The same in Korean; as in English when it is empty."""
    ko = "'{path}' 팀에 잘못이 있습니다: {problems}"
    en = "The team '{path}' is not right: {problems}"
    ko_next = "`jihwi team check {path:typed}`로 파일과 줄을 보십시오."
    en_next = "See file and line with `jihwi team check {path:typed}`."

    def words(self, language: Language = "en") -> str:
        """The first problem, in the reader's language."""
        said = self.problems_ko if language == "ko" and self.problems_ko else self.problems
        return fill(self.ko if language == "ko" else self.en, {**self.fields(), "problems": said})


class SkillInvalid(UsageError):
    name: str
    problem: str
    ko = "'{name}' 기술을 쓸 수 없습니다: {problem}"
    en = "The skill '{name}' cannot be used: {problem}"
    ko_next = "기술의 정의를 고치십시오. `jihwi skills`가 목록을 보입니다."
    en_next = "Mend its definition; `jihwi skills` lists what there is."


class ModelSpecInvalid(UsageError):
    spec: str
    ko = "모델 '{spec}'을(를) 알 수 없습니다."
    en = "The model '{spec}' cannot be understood."
    ko_next = "이렇게 쓰십시오: openai:모델이름@http://127.0.0.1:8000/v1"
    en_next = "Write it as openai:NAME@http://127.0.0.1:8000/v1"
