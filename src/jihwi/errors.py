"""Every error of the house, in one tree.

    JihwiError                     exit code 1: the work failed
    ├── UsageError                 exit code 2: something was asked wrongly
    │   ├── FolderMissing, FolderEmpty, FolderOverlaps, FolderTaken, FolderIsBackup, FileMissing
    │   ├── SettingUnknown, SettingInvalid, SecretMissing, LabelReserved
    │   ├── CaseUnknown, CaseAmbiguous
    │   ├── QuestionsInvalid, LabEmpty             (the lab)
    │   ├── TeamInvalid, SkillInvalid
    │   └── ModelSpecInvalid
    ├── StoreError
    │   ├── StoreBusy, StoreFull, StoreReadOnly, StoreOnNetwork, StoreCorrupt, StoreTooNew, StoreFailed
    │   └── AppendConflict, LeaseLost          (signals to the orchestrator: fold again)
    ├── LedgerBroken
    ├── UnknownEvent
    ├── CommandRefused                         (a person's command that the case cannot take now)
    │   └── CommandForbidden                   (… that this person may not give)
    ├── PassageChanged                         (a report's passage is no longer what the person saw)
    ├── CaseDriven                             (another runner drives the case)
    ├── CaseStuck                              (something unforeseen ended the driving of one case)
    ├── RunnerLacks                            (the case waits for a runner that has a mind or a skill)
    ├── DoorError                              (the console: who may come in, see and do)
    │   ├── SignInFailed, SignInTooOften, NotAllowed, OwnerOnly, PageMissing, FormInvalid, FormForeign,
    │   ├── AccountInvalid, ExamplesNotKept, NotificationUndelivered
    │   └── AddressTaken
    ├── ReadingError
    │   ├── FormatUnknown, FileBroken, FileLocked, FileTooLarge, ReaderMissing, ReaderTimeout, NeedsConversion
    ├── ReadingUnavailable                     (no reading process can be started)
    ├── LibraryError
    │   └── IndexCorrupt
    ├── EmbeddingError                         (vectors; the search goes on by words)
    │   └── EmbeddingUnreachable, EmbeddingRefused, EmbeddingNonsense, EmbeddingChanged
    ├── FormulaInvalid
    ├── SkillFailed                            (becomes an event; the mind reads it)
    │   ├── SkillArguments, SkillChanged, ScriptAnswer, ScriptUnconfined, ToolChanged
    │   ├── SkillAnsweredFailed                (… in words from outside)
    │   │   └── ScriptFailed (ScriptKilled), ToolFailed, ToolAnswer, ServerUnreachable (ServerSilent)
    │   └── ServerLost, ServerClassRefused
    ├── ModelError
    │   ├── ModelClassRefused, ModelUnreachable, ModelRefused, ModelBusy, ModelTimeout, ModelCut, ModelNonsense
    │   └── ModelFailed, ModelContextFull, ProcedureFailed
    └── ExtraMissing

An error carries its data as fields and says its next step, in Korean and in English:

>>> error = FolderMissing("/srv/문서")
>>> error.words("ko")
"'/srv/문서' 폴더가 없습니다."
>>> error.next_step("en")
'Check the path, or create the folder and put files into it.'
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jihwi.words import Language, fill


@dataclass(eq=False)
class JihwiError(Exception):
    """What every error of the house can do: say what happened and what to do next."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    ko: ClassVar[str] = "작업이 실패했습니다."
    en: ClassVar[str] = "The work failed."
    ko_next: ClassVar[str] = ""
    en_next: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = _snake(cls.__name__)

    def fields(self) -> dict[str, object]:
        """The data of this error, by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def words(self, language: Language = "en") -> str:
        """What happened, in one sentence."""
        return fill(self.ko if language == "ko" else self.en, self.fields())

    def next_step(self, language: Language = "en") -> str:
        """What to do now; empty when there is nothing to do."""
        return fill(self.ko_next if language == "ko" else self.en_next, self.fields())

    def __str__(self) -> str:
        return f"{self.words('en')} {self.next_step('en')}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(self.fields().values())


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


# ── asked wrongly ────────────────────────────────────────────────────────────


@dataclass(eq=False)
class UsageError(JihwiError):
    """Something was asked wrongly; nothing has been done."""

    exit_code = 2


@dataclass(eq=False)
class FolderMissing(UsageError):
    path: str
    ko = "'{path}' 폴더가 없습니다."
    en = "There is no folder '{path}'."
    ko_next = "경로를 확인하거나 폴더를 만들고 파일을 넣으십시오."
    en_next = "Check the path, or create the folder and put files into it."


@dataclass(eq=False)
class FolderEmpty(UsageError):
    path: str
    ko = "'{path}' 폴더에 파일이 없습니다."
    en = "The folder '{path}' holds no files."
    ko_next = "문서를 이 폴더에 넣고 다시 실행하십시오."
    en_next = "Put documents into it and run the command again."


@dataclass(eq=False)
class FolderOverlaps(UsageError):
    target: str
    folder: str
    ko = "'{target}' 폴더와 원본 폴더 '{folder}'가 겹칩니다."
    en = "The folder '{target}' and the originals' folder '{folder}' lie in each other."
    ko_next = "원본이 없는 다른 폴더를 정하십시오. 원본은 고치지 않습니다."
    en_next = "Name a folder apart from the originals; they are never changed."


@dataclass(eq=False)
class FolderTaken(UsageError):
    path: str
    ko = "'{path}'이(가) 이미 있습니다."
    en = "'{path}' exists already."
    ko_next = "다른 이름을 쓰십시오. 아무것도 덮어쓰지 않았습니다."
    en_next = "Give another name; nothing was overwritten."


@dataclass(eq=False)
class FolderIsBackup(UsageError):
    path: str
    ko = "'{path}'은(는) 백업이라 여기서 일하지 않습니다."
    en = "'{path}' is a backup; nobody works in it, so that it stays as it was made."
    ko_next = "먼저 되돌리십시오: `jihwi store restore {path} --home 폴더`"
    en_next = "Restore it first: `jihwi store restore {path} --home FOLDER`."


@dataclass(eq=False)
class FileMissing(UsageError):
    path: str
    ko = "'{path}' 파일이 없습니다."
    en = "There is no file '{path}'."
    ko_next = "경로를 확인하십시오."
    en_next = "Check the path."


@dataclass(eq=False)
class QuestionsInvalid(UsageError):
    path: str
    detail: str
    ko = "'{path}' 파일에서 질문을 읽을 수 없습니다 ({detail})."
    en = "No questions can be read from '{path}' ({detail})."
    ko_next = "첫 줄이 `질문,답` 또는 `질문,답,파일`인 CSV로 저장하십시오. 답은 문서의 말 그대로 쓰십시오."
    en_next = (
        "Save it as CSV with the first line `question,answer` or `question,answer,file`; answers in the files' words."
    )


@dataclass(eq=False)
class LabEmpty(UsageError):
    documents: int
    ko = "읽은 문서 {documents}건에서 만들 수 있는 질문이 없습니다."
    en = "No question can be made from the {documents} documents that were read."
    ko_next = "문서를 더 넣거나, 직접 만든 질문을 `--questions 파일.csv`로 주십시오."
    en_next = "Add documents, or give questions of your own with `--questions FILE.csv`."


@dataclass(eq=False)
class LabelReserved(UsageError):
    label: str
    ko = "'{label}'은(는) 표지로 쓸 수 없습니다. 'class:'로 시작하는 말은 등급을 나타냅니다."
    en = "'{label}' cannot be a label: what begins with 'class:' marks a class."
    ko_next = "등급은 --class C, S, O로 주십시오."
    en_next = "Give a class with --class C, S or O."


@dataclass(eq=False)
class SettingUnknown(UsageError):
    name: str
    place: str
    known: str
    ko = "'{name}' 설정은 없습니다 ({place})."
    en = "There is no setting '{name}' ({place})."
    ko_next = "쓸 수 있는 설정: {known}."
    en_next = "The settings are: {known}."


@dataclass(eq=False)
class SettingInvalid(UsageError):
    name: str
    value: str
    place: str
    expected: str
    ko = "'{name}' 설정의 값 '{value}'은(는) 쓸 수 없습니다 ({place})."
    en = "The setting '{name}' cannot be '{value}' ({place})."
    ko_next = "이렇게 쓰십시오: {expected}."
    en_next = "It should be {expected}."


@dataclass(eq=False)
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


@dataclass(eq=False)
class CaseUnknown(UsageError):
    case: str
    ko = "'{case}' 사건이 없습니다."
    en = "There is no case '{case}'."
    ko_next = "`jihwi case list`로 목록을 보십시오."
    en_next = "See `jihwi case list`."


@dataclass(eq=False)
class CaseAmbiguous(UsageError):
    case: str
    matches: str
    ko = "'{case}'로 시작하는 사건이 여럿입니다: {matches}."
    en = "More than one case begins with '{case}': {matches}."
    ko_next = "글자를 더 적으십시오."
    en_next = "Give more letters."


@dataclass(eq=False)
class TeamInvalid(UsageError):
    path: str
    problems: str
    ko = "'{path}' 팀에 잘못이 있습니다: {problems}"
    en = "The team '{path}' is not right: {problems}"
    ko_next = "`jihwi team check {path}`로 파일과 줄을 보십시오."
    en_next = "See file and line with `jihwi team check {path}`."


@dataclass(eq=False)
class SkillInvalid(UsageError):
    name: str
    problem: str
    ko = "'{name}' 기술을 쓸 수 없습니다: {problem}"
    en = "The skill '{name}' cannot be used: {problem}"
    ko_next = "기술의 정의를 고치십시오. `jihwi skills`가 목록을 보입니다."
    en_next = "Mend its definition; `jihwi skills` lists what there is."


@dataclass(eq=False)
class ModelSpecInvalid(UsageError):
    spec: str
    ko = "모델 '{spec}'을(를) 알 수 없습니다."
    en = "The model '{spec}' cannot be understood."
    ko_next = "이렇게 쓰십시오: openai:모델이름@http://127.0.0.1:8000/v1"
    en_next = "Write it as openai:NAME@http://127.0.0.1:8000/v1"


# ── the store ────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class StoreError(JihwiError):
    """The store could not do what it was asked; what it had acknowledged is kept."""

    ko = "저장소가 요청을 처리하지 못했습니다."
    en = "The store could not do what it was asked."


@dataclass(eq=False)
class StoreBusy(StoreError):
    path: str
    seconds: float
    ko = "다른 작업이 '{path}'을(를) {seconds:g}초 넘게 쓰고 있습니다."
    en = "Another process has held '{path}' for more than {seconds:g} seconds."
    ko_next = "그 작업이 끝난 뒤 다시 실행하십시오. 기록된 것은 그대로 있습니다."
    en_next = "Run the command again when it has finished; nothing recorded is lost."


@dataclass(eq=False)
class StoreFull(StoreError):
    path: str
    ko = "'{path}'이(가) 있는 디스크가 가득 찼습니다."
    en = "The disk that holds '{path}' is full."
    ko_next = "자리를 마련한 뒤 `jihwi case run`으로 이어 가십시오. 기록된 것은 그대로 있습니다."
    en_next = "Make room, then go on with `jihwi case run`; nothing recorded is lost."


@dataclass(eq=False)
class StoreReadOnly(StoreError):
    path: str
    ko = "'{path}'에 쓸 수 없습니다."
    en = "'{path}' cannot be written."
    ko_next = "권한을 확인하거나 JIHWI_HOME으로 다른 폴더를 정하십시오."
    en_next = "Check its permissions, or name another folder with JIHWI_HOME."


@dataclass(eq=False)
class StoreOnNetwork(UsageError):
    path: str
    kind: str
    ko = "상태 폴더 '{path}'이(가) 네트워크 드라이브({kind})에 있습니다."
    en = "The state folder '{path}' lies on a network share ({kind})."
    ko_next = "JIHWI_HOME으로 이 컴퓨터의 폴더를 정하십시오. 원본 파일은 네트워크에 있어도 됩니다."
    en_next = "Name a folder on this machine with JIHWI_HOME; the sources themselves may stay on the share."


@dataclass(eq=False)
class StoreCorrupt(StoreError):
    path: str
    detail: str
    ko = "'{path}' 저장소가 손상되었습니다: {detail}"
    en = "The store '{path}' is damaged: {detail}"
    ko_next = "이 파일을 옮겨 두고 백업을 되돌리십시오. 아무것도 덮어쓰지 않았습니다."
    en_next = "Set the file aside and restore a copy; nothing was overwritten."


@dataclass(eq=False)
class StoreTooNew(StoreError):
    path: str
    found: int
    known: int
    ko = "'{path}' 저장소는 더 새로운 지휘가 만들었습니다 (판 {found}, 이 프로그램은 {known}까지)."
    en = "The store '{path}' was written by a newer Jihwi (version {found}; this one knows {known})."
    ko_next = "더 새로운 지휘로 여십시오."
    en_next = "Open it with the newer one."


@dataclass(eq=False)
class StoreFailed(StoreError):
    path: str
    detail: str
    ko = "'{path}' 저장소를 쓰거나 읽지 못했습니다: {detail}"
    en = "The store '{path}' could not be used: {detail}"
    ko_next = "디스크와 연결을 확인한 뒤 다시 실행하십시오. 기록된 것은 그대로 있습니다."
    en_next = "Check the disk or the connection and run the command again; nothing recorded is lost."


@dataclass(eq=False)
class AppendConflict(StoreError):
    """Signal: someone else appended first. Fold again and decide again."""

    case: str
    expected_seq: int
    ko = "'{case}' 사건에 다른 기록이 먼저 들어왔습니다."
    en = "Someone else wrote to the case '{case}' first."
    ko_next = "다시 시도하십시오."
    en_next = "Try again."


@dataclass(eq=False)
class LeaseLost(StoreError):
    """Signal: this runner's lease is stale; it must stop driving the case."""

    case: str
    epoch: int
    ko = "'{case}' 사건은 이제 다른 실행기가 맡고 있습니다."
    en = "Another runner drives the case '{case}' now."
    ko_next = "`jihwi case follow {case}`로 보십시오."
    en_next = "Watch it with `jihwi case follow {case}`."


@dataclass(eq=False)
class LedgerBroken(JihwiError):
    case: str
    seq: int
    detail: str
    ko = "'{case}' 사건의 원장이 {seq}번째 사건에서 끊어졌습니다: {detail}"
    en = "The ledger of the case '{case}' breaks at event {seq}: {detail}"
    ko_next = "그 앞까지의 기록은 온전합니다. 백업과 견주어 보십시오."
    en_next = "What stands before it is whole; compare with a copy."


@dataclass(eq=False)
class UnknownEvent(JihwiError):
    case: str
    seq: int
    kind: str
    version: int
    ko = "'{case}' 사건의 {seq}번 기록({kind} {version}판)은 더 새로운 지휘가 썼습니다."
    en = "Event {seq} of the case '{case}' ({kind}, version {version}) was written by a newer Jihwi."
    ko_next = "더 새로운 지휘로 여십시오."
    en_next = "Open it with the newer one."


@dataclass(eq=False)
class CommandRefused(JihwiError):
    case: str
    why_ko: str
    why_en: str
    ko = "{why_ko}"
    en = "{why_en}"
    ko_next = "`jihwi case show {case}`로 지금 상태를 보십시오."
    en_next = "See how it stands with `jihwi case show {case}`."


@dataclass(eq=False)
class CommandForbidden(CommandRefused):
    """A command that this person may not give, however the case stands. It is written down as a refusal."""


@dataclass(eq=False)
class PassageChanged(JihwiError):
    case: str
    ko = "그 사이에 이 대목이 바뀌었습니다."
    en = "This passage has changed in the meantime."
    ko_next = "지금 내용을 다시 보고 정하십시오."
    en_next = "Look at what stands there now and decide again."


@dataclass(eq=False)
class CaseDriven(JihwiError):
    case: str
    ko = "'{case}' 사건은 지금 다른 실행기가 맡고 있습니다."
    en = "Another runner drives the case '{case}' now."
    ko_next = "`jihwi case follow {case}`로 보거나, 잠시 뒤에 다시 실행하십시오."
    en_next = "Watch it with `jihwi case follow {case}`, or try again in a moment."


@dataclass(eq=False)
class CaseStuck(JihwiError):
    """Something unforeseen ended the driving of one case; the others go on."""

    case: str
    detail: str
    ko = "사건 '{case}'을(를) 이어 가다가 예상하지 못한 오류가 났습니다: {detail}"
    en = "Something unexpected went wrong while driving the case '{case}': {detail}"
    ko_next = "기록된 것은 그대로이고 다른 사건은 계속됩니다. 이 내용을 개발자에게 알려 주십시오."
    en_next = "Nothing recorded is lost, and the other cases go on. Please report this."


@dataclass(eq=False)
class RunnerLacks(JihwiError):
    exit_code = 3
    case: str
    name: str
    """The procedure, model or skill."""
    ko = "이 실행기에 '{name}'이(가) 없어, '{case}' 사건은 그것이 있는 실행기를 기다립니다."
    en = "This runner has no '{name}': the case '{case}' waits for a runner that has it."
    ko_next = (
        "그 팀으로 `jihwi runner --team FOLDER`를 실행하거나, `jihwi case reassign`으로 다른 에이전트에게 넘기십시오."
    )
    en_next = "Run `jihwi runner --team FOLDER` with its team, or give the work away with `jihwi case reassign`."


# ── at the console's door ────────────────────────────────────────────────────


@dataclass(eq=False)
class DoorError(JihwiError):
    """Somebody at the console may not come in, see or do something."""

    status: ClassVar[int] = 400
    """The HTTP status it is answered with."""


@dataclass(eq=False)
class SignInFailed(DoorError):
    status = 401
    ko = "들어갈 수 없습니다. 주소나 비밀번호가 맞지 않거나 이미 쓰였습니다."
    en = "Nobody could be signed in: the link or password is wrong, or was used already."
    ko_next = "`jihwi serve`가 실행 중인 터미널에서 Enter를 눌러 새 주소를 받으십시오."
    en_next = "Press Enter in the terminal `jihwi serve` runs in for a new link."


@dataclass(eq=False)
class SignInTooOften(DoorError):
    seconds: int
    status = 429
    ko = "너무 여러 번 시도했습니다."
    en = "There were too many tries."
    ko_next = "{seconds}초 뒤에 다시 하십시오."
    en_next = "Try again in {seconds} seconds."


@dataclass(eq=False)
class NotAllowed(DoorError):
    status = 403
    ko = "이 일을 할 권한이 없습니다."
    en = "Your role does not allow this."
    ko_next = "관리자에게 역할을 물어보십시오."
    en_next = "Ask the administrator about your role."


@dataclass(eq=False)
class OwnerOnly(DoorError):
    setting: str
    status = 403
    ko = "'{setting}'은(는) 이 기계를 맡은 사람만 바꿀 수 있습니다."
    en = "Only who owns this machine may change '{setting}'."
    ko_next = "이 기계의 터미널에서 `jihwi settings set {setting} …`으로 바꾸십시오."
    en_next = "Change it at this machine's terminal: `jihwi settings set {setting} …`"


@dataclass(eq=False)
class PageMissing(DoorError):
    status = 404
    ko = "그런 것이 없거나, 볼 수 없습니다."
    en = "There is no such thing here, or you may not see it."
    ko_next = "주소를 확인하거나 책상으로 돌아가십시오."
    en_next = "Check the address, or go back to the desk."


@dataclass(eq=False)
class FormInvalid(DoorError):
    detail: str
    status = 422
    ko = "적은 내용을 처리할 수 없습니다: {detail}"
    en = "What was entered cannot be used: {detail}"
    ko_next = "뒤로 돌아가 고친 다음 다시 보내십시오."
    en_next = "Go back, correct it and send it again."


@dataclass(eq=False)
class FormForeign(FormInvalid):
    """A form that was made for another browser, or by another site."""


@dataclass(eq=False)
class AccountInvalid(DoorError):
    person: str
    status = 422
    ko = "'{person}' 계정을 만들 수 없습니다."
    en = "The account '{person}' cannot be made."
    ko_next = "이름은 글자와 숫자로, 비밀번호는 10자 이상으로 하십시오."
    en_next = "Use letters and digits for the name, and a password of at least 10 characters."


@dataclass(eq=False)
class ExamplesNotKept(DoorError):
    status = 409
    ko = "이 집에서는 일을 나아지게 하려고 자료를 모으지 않습니다."
    en = "This house keeps nothing to improve the work."
    ko_next = "관리자가 설정의 '자료의 주인'에서 켤 수 있습니다: `jihwi settings set keep_verdicts on`"
    en_next = "An administrator may switch it on under 'Data ownership': `jihwi settings set keep_verdicts on`"


@dataclass(eq=False)
class NotificationUndelivered(DoorError):
    way: str
    detail: str
    status = 502
    ko = "알리지 못했습니다 ({way}): {detail}"
    en = "Nobody could be told ({way}): {detail}"
    ko_next = "설정의 '알림'을 고치고 시험해 보십시오."
    en_next = "Correct it under 'Notification' in the settings, and test it."


@dataclass(eq=False)
class AddressTaken(DoorError):
    address: str
    detail: str
    ko = "{address} 주소를 쓸 수 없습니다: {detail}"
    en = "The address {address} cannot be used: {detail}"
    ko_next = "`--port`로 다른 번호를 정하십시오."
    en_next = "Name another port with `--port`."


# ── reading ──────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class ReadingError(JihwiError):
    """A file could not be read; it is graded and named, and the others go on."""

    path: str
    detail: str
    ko = "'{path}'을(를) 읽지 못했습니다: {detail}"
    en = "'{path}' could not be read: {detail}"


@dataclass(eq=False)
class FormatUnknown(ReadingError):
    ko = "'{path}'의 형식을 알 수 없습니다: {detail}"
    en = "The format of '{path}' is not known: {detail}"
    ko_next = "PDF, HWPX, DOCX 가운데 하나로 다시 저장하십시오."
    en_next = "Save it again as PDF, HWPX or DOCX."


@dataclass(eq=False)
class FileBroken(ReadingError):
    ko = "'{path}' 파일이 손상되었습니다: {detail}"
    en = "'{path}' is damaged: {detail}"
    ko_next = "원본을 다시 받거나 원래 프로그램에서 열어 다시 저장하십시오."
    en_next = "Fetch the original again, or open it in its own program and save it anew."


@dataclass(eq=False)
class FileLocked(ReadingError):
    ko = "'{path}'은(는) 암호로 잠겨 있습니다: {detail}"
    en = "'{path}' is locked with a password: {detail}"
    ko_next = "암호를 풀어 다시 저장하십시오."
    en_next = "Remove the password and save it again."


@dataclass(eq=False)
class FileTooLarge(ReadingError):
    ko = "'{path}'이(가) 읽을 수 있는 크기를 넘습니다: {detail}"
    en = "'{path}' is larger than what is read: {detail}"
    ko_next = "파일을 나누십시오."
    en_next = "Split the file."


@dataclass(eq=False)
class ReaderMissing(ReadingError):
    ko = "'{path}'을(를) 읽을 프로그램이 없습니다: {detail}"
    en = "What reads '{path}' is not installed: {detail}"
    ko_next = "`jihwi doctor`가 설치하는 방법을 보입니다."
    en_next = "`jihwi doctor` shows the line that installs it."


@dataclass(eq=False)
class ReaderTimeout(ReadingError):
    ko = "'{path}'을(를) 읽는 데 너무 오래 걸려 멈추었습니다: {detail}"
    en = "Reading '{path}' took too long and was stopped: {detail}"
    ko_next = "파일을 나누거나 다시 저장하십시오."
    en_next = "Split the file, or save it anew."


@dataclass(eq=False)
class NeedsConversion(ReadingError):
    ko = "'{path}'은(는) 먼저 바꾸어야 합니다: {detail}"
    en = "'{path}' must be converted first: {detail}"
    ko_next = "새 형식(DOCX, XLSX, PPTX)으로 다시 저장하십시오."
    en_next = "Save it in the new format (DOCX, XLSX, PPTX)."


@dataclass(eq=False)
class ReadingUnavailable(JihwiError):
    command: str
    detail: str
    ko = "파일을 읽을 프로세스를 시작하지 못했습니다: {detail}"
    en = "No process to read files in could be started: {detail}"
    ko_next = "메모리와 설치를 확인하십시오. 이 명령이 까닭을 보입니다: {command}"
    en_next = "Check memory and installation; this command shows the reason: {command}"


# ── the library ──────────────────────────────────────────────────────────────


@dataclass(eq=False)
class LibraryError(JihwiError):
    detail: str
    ko = "자료실이 요청을 처리하지 못했습니다: {detail}"
    en = "The library could not do what it was asked: {detail}"


@dataclass(eq=False)
class IndexCorrupt(LibraryError):
    ko = "색인이 손상되었습니다: {detail}"
    en = "The index is damaged: {detail}"
    ko_next = "저장된 문서로 다시 만듭니다."
    en_next = "It is rebuilt from the stored documents."


@dataclass(eq=False)
class EmbeddingError(JihwiError):
    """Vectors could not be had. Nothing stops for it: what can be found by words is found."""

    endpoint: str
    detail: str
    ko = "임베딩 모델({endpoint})이 벡터를 주지 못했습니다: {detail}"
    en = "The embedding model at {endpoint} gave no vectors: {detail}"
    ko_next = "`embedding` 설정을 확인하십시오. 그동안은 낱말로만 찾습니다."
    en_next = "Check the setting `embedding`; until then the search goes by words alone."


@dataclass(eq=False)
class EmbeddingUnreachable(EmbeddingError):
    ko = "임베딩 서버({endpoint})에 연결할 수 없습니다: {detail}"
    en = "The embedding server at {endpoint} cannot be reached: {detail}"


@dataclass(eq=False)
class EmbeddingRefused(EmbeddingError):
    ko = "임베딩 서버({endpoint})가 거절했습니다: {detail}"
    en = "The embedding server at {endpoint} refused: {detail}"


@dataclass(eq=False)
class EmbeddingNonsense(EmbeddingError):
    ko = "임베딩 모델({endpoint})의 답을 벡터로 읽을 수 없습니다: {detail}"
    en = "What the embedding model at {endpoint} answered are no vectors: {detail}"


@dataclass(eq=False)
class EmbeddingChanged(EmbeddingError):
    ko = "임베딩 모델({endpoint})의 차원이 저장된 벡터와 다릅니다: {detail}"
    en = "The embedding model at {endpoint} has another dimension than the stored vectors: {detail}"
    ko_next = "다음에 문서를 읽을 때 벡터를 새로 만듭니다. 그동안은 낱말로만 찾습니다."
    en_next = "The next reading of documents makes all vectors anew; until then the search goes by words alone."


# ── skills and models ────────────────────────────────────────────────────────


@dataclass(eq=False)
class SkillFailed(JihwiError):
    """A skill says that it failed, and why; the mind that called it reads the sentence. `unknown`: whether it did its
    work cannot be told from it, so that a `write` is laid before a person (law 3)."""

    unknown: ClassVar[bool] = False
    skill: str
    detail: str
    ko = "'{skill}' 기술이 실패했습니다: {detail}"
    en = "The skill '{skill}' failed: {detail}"


@dataclass(eq=False)
class SkillArguments(SkillFailed):
    ko = "'{skill}' 기술에 준 값이 맞지 않습니다: {detail}"
    en = "The arguments for '{skill}' are not right: {detail}"
    ko_next = "기술의 설명에 있는 형식대로 주십시오."
    en_next = "Give them in the shape its description shows."


@dataclass(eq=False)
class SkillAnsweredFailed(SkillFailed):
    """What it says of the failure is text from outside: whoever reads it bears the mark of it (law 9)."""


@dataclass(eq=False)
class SkillChanged(SkillFailed):
    ko = "'{skill}' 기술이 사건에 알려진 것과 다릅니다: {detail}"
    en = "The skill '{skill}' is not the one the case was told of: {detail}"
    ko_next = "바뀐 것을 살펴보고 실행기를 다시 시작하거나 기술을 다시 참여시키십시오."
    en_next = "Look at what changed, then start the runner anew or let the skill join again."


@dataclass(eq=False)
class ScriptFailed(SkillAnsweredFailed):
    ko = "'{skill}' 스크립트가 실패로 끝났습니다: {detail}"
    en = "The script '{skill}' ended badly: {detail}"


@dataclass(eq=False)
class ScriptKilled(ScriptFailed):
    """It was ended from outside, and has said nothing of how far it came."""

    unknown = True
    ko = "'{skill}' 스크립트가 도중에 끝났습니다: {detail}"
    en = "The script '{skill}' was ended half-way: {detail}"


@dataclass(eq=False)
class ScriptAnswer(SkillFailed):
    unknown = True
    ko = "'{skill}' 스크립트가 JSON 값 하나로 답하지 않았습니다: {detail}"
    en = "The script '{skill}' did not answer with one JSON value: {detail}"


@dataclass(eq=False)
class ScriptUnconfined(SkillFailed):
    ko = "'{skill}' 스크립트의 네트워크를 이 컴퓨터에서는 막을 수 없습니다: {detail}"
    en = "The network cannot be closed to the script '{skill}' on this machine: {detail}"
    ko_next = "x86-64나 ARM64의 Linux에서 실행하거나 `leaves_house: true`로 선언하십시오."
    en_next = "Run it on Linux on x86-64 or ARM64, or declare `leaves_house: true`."


@dataclass(eq=False)
class ToolChanged(SkillFailed):
    ko = "'{skill}' 기술의 서버가 기록된 것과 다른 도구를 내놓습니다: {detail}"
    en = "The server of the skill '{skill}' offers another tool than was recorded: {detail}"
    ko_next = "바뀐 것을 살펴보고 `jihwi team tools 팀`으로 다시 기록하십시오."
    en_next = "Look at what changed, then record it again with `jihwi team tools TEAM`."


@dataclass(eq=False)
class ToolFailed(SkillAnsweredFailed):
    ko = "'{skill}' 기술의 서버가 실패라고 답했습니다: {detail}"
    en = "The server of the skill '{skill}' answered that it failed: {detail}"


@dataclass(eq=False)
class ToolAnswer(SkillAnsweredFailed):
    unknown = True
    ko = "'{skill}' 기술의 서버가 쓸 수 없는 답을 보냈습니다: {detail}"
    en = "The server of the skill '{skill}' sent an answer that cannot be used: {detail}"


@dataclass(eq=False)
class ServerUnreachable(SkillAnsweredFailed):
    ko = "'{skill}' 기술의 서버에 연결할 수 없습니다: {detail}"
    en = "The server of the skill '{skill}' cannot be reached: {detail}"
    ko_next = "설정 `mcp_servers`에 적은 서버가 켜져 있는지 확인하십시오."
    en_next = "See that the server in the setting `mcp_servers` is there and running."


@dataclass(eq=False)
class ServerSilent(ServerUnreachable):
    """It is there, and says nothing when it is met: most often a program that is no MCP server."""

    ko = "'{skill}' 기술의 서버가 인사에 답하지 않습니다: {detail}"
    en = "The server of the skill '{skill}' does not answer when it is met: {detail}"
    ko_next = "설정 `mcp_servers`의 프로그램이나 주소가 MCP 서버가 맞는지, 멈춰 있지 않은지 확인하십시오."
    en_next = "See that the program or address in the setting `mcp_servers` is an MCP server and is not stuck."


@dataclass(eq=False)
class ServerClassRefused(SkillFailed):
    ko = "'{skill}' 기술의 서버가 볼 수 없는 등급의 글이 사건에 있습니다: {detail}"
    en = "The case holds texts of a class that the server of the skill '{skill}' may not see: {detail}"
    ko_next = "설정 `mcp_servers`의 `classes=`가 서버가 볼 수 있는 등급을 정합니다."
    en_next = "`classes=` in the setting `mcp_servers` says what a server may see."


@dataclass(eq=False)
class ServerLost(SkillFailed):
    unknown = True
    ko = "'{skill}' 기술의 서버와 연결이 끊겼습니다: {detail}"
    en = "The connection to the server of the skill '{skill}' ended: {detail}"
    ko_next = "일을 마쳤는지 알 수 없습니다. 확인한 뒤 다시 부르십시오."
    en_next = "Whether it did its work is unknown: find out before calling it again."


@dataclass(eq=False)
class FormulaInvalid(JihwiError):
    """A formula over cited numbers cannot be run."""

    formula: str
    detail: str
    ko = "식 '{formula}'을(를) 계산할 수 없습니다: {detail}"
    en = "The formula '{formula}' cannot be computed: {detail}"
    ko_next = "인용된 수 q1, q2 … 와 + - * / sum min max mean abs 만 쓰십시오."
    en_next = "Use the cited numbers q1, q2 … and + - * / sum min max mean abs only."


@dataclass(eq=False)
class ModelError(JihwiError):
    """A model's turn ended badly. `retryable` says whether trying again is worth it."""

    retryable: ClassVar[bool] = False
    endpoint: str
    detail: str
    ko = "모델({endpoint})이 답하지 못했습니다: {detail}"
    en = "The model at {endpoint} did not answer: {detail}"
    ko_next = "주소와 모델 이름을 확인하거나, 모델 없이 실행하십시오."
    en_next = "Check address and model name, or run without a model."


@dataclass(eq=False)
class ModelClassRefused(ModelError):
    """Texts are in the case that this endpoint may not see, and nobody else is there to go on. Nothing was sent."""

    ko = "모델 서버({endpoint})가 보아서는 안 되는 등급의 글이 사건에 있습니다: {detail}. 아무것도 보내지 않았습니다."
    en = "Texts of a class that {endpoint} may not see are in the case: {detail}. Nothing was sent."
    ko_next = "자리를 사람이나 절차에 넘기거나(jihwi case take, give), 허용된 모델이면 그 등급을 설정에 적으십시오."
    en_next = "Give the seat to a person or a procedure (jihwi case take, give), or allow the class in the settings."


@dataclass(eq=False)
class ModelUnreachable(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})에 연결할 수 없습니다: {detail}"
    en = "The model server at {endpoint} cannot be reached: {detail}"
    ko_next = "서버를 켜거나 주소를 고치거나, --model 없이 실행하십시오."
    en_next = "Start the server, correct the address, or run without --model."


@dataclass(eq=False)
class ModelBusy(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})가 바쁩니다: {detail}"
    en = "The model server at {endpoint} is busy: {detail}"
    retry_after_seconds: float = 0.0
    """How long the server asks to be left alone; 0 when it does not say."""


@dataclass(eq=False)
class ModelTimeout(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})가 제때 답하지 않았습니다: {detail}"
    en = "The model server at {endpoint} did not answer in time: {detail}"


@dataclass(eq=False)
class ModelCut(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})의 답이 중간에 끊겼습니다: {detail}"
    en = "The answer of the model server at {endpoint} was cut off: {detail}"


@dataclass(eq=False)
class ModelRefused(ModelError):
    ko = "모델 서버({endpoint})가 요청을 거절했습니다: {detail}"
    en = "The model server at {endpoint} refused the request: {detail}"


@dataclass(eq=False)
class ModelNonsense(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})의 답을 이해할 수 없습니다: {detail}"
    en = "The answer of the model server at {endpoint} cannot be understood: {detail}"


@dataclass(eq=False)
class ModelFailed(ModelError):
    """The server itself failed while it answered."""

    retryable = True
    ko = "모델 서버({endpoint})에서 오류가 났습니다: {detail}"
    en = "The model server at {endpoint} failed: {detail}"
    ko_next = "모델 서버의 기록을 보십시오."
    en_next = "Look into the model server's own log."


@dataclass(eq=False)
class ModelContextFull(ModelRefused):
    """The prompt is longer than the model takes: the context must be compacted, by a recorded event."""

    ko = "모델({endpoint})이 받을 수 있는 길이를 넘었습니다: {detail}"
    en = "The prompt is longer than the model at {endpoint} takes: {detail}"
    ko_next = "일을 나누거나, 더 긴 글을 받는 모델을 쓰십시오."
    en_next = "Split the work, or use a model that takes longer prompts."


@dataclass(eq=False)
class ProcedureFailed(ModelError):
    """A procedure raised. It is a pure function, so trying again would end the same."""

    ko = "절차 '{endpoint}'가 실패했습니다: {detail}"
    en = "The procedure '{endpoint}' failed: {detail}"
    ko_next = "팀 폴더의 절차를 고치십시오."
    en_next = "Mend the procedure in the team's folder."


@dataclass(eq=False)
class ExtraMissing(JihwiError):
    exit_code = 2
    what: str
    install: str
    ko = "{what}에 필요한 패키지가 없습니다."
    en = "A package for {what} is missing."
    ko_next = "설치: {install}"
    en_next = "Install it: {install}"


def error_of(code: str, fields: Mapping[str, str]) -> JihwiError | None:
    """The error with this code and these fields, for its words; `None` when there is none.

    >>> error_of("model_unreachable", {"endpoint": "m@here", "detail": "refused"}).words("en")
    'The model server at m@here cannot be reached: refused'
    """
    kinds = [JihwiError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    found = next((kind for kind in kinds if kind.code == code), None)
    if found is None:
        return None
    wanted = [f.name for f in dataclasses.fields(found) if f.default is dataclasses.MISSING]
    return found(**{name: fields[name] for name in wanted}) if fields.keys() >= set(wanted) else None
