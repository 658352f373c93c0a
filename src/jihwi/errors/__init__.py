"""Every error of the house, in one tree.

    JihwiError                     exit code 1: the work failed
    ├── UsageError                 exit code 2: something was asked wrongly
    │   ├── FolderMissing, FolderEmpty, FolderOverlaps, FolderTaken, FolderMounted, FolderIsBackup, FileMissing
    │   ├── SettingUnknown, SettingInvalid, SettingsUnreadable, SecretMissing, LabelReserved, OptionMissing
    │   ├── CaseUnknown, CaseAmbiguous
    │   ├── QuestionsInvalid, LabEmpty             (the lab)
    │   ├── TeamInvalid, SkillInvalid
    │   └── ModelSpecInvalid
    ├── StoreError
    │   ├── StoreBusy, StoreFull, StoreReadOnly, StoreOnNetwork, StoreMoved, StoreCorrupt, StoreTooNew, StoreFailed
    │   ├── BackupDamaged                      (a StoreCorrupt)
    │   ├── FolderPutAside                     (a restore that could not be undone; says where all of it lies)
    │   └── AppendConflict, LeaseLost          (signals to the orchestrator: fold again)
    ├── LedgerBroken
    ├── UnknownEvent
    ├── CommandRefused                         (a person's command that the case cannot take now)
    │   └── CommandForbidden                   (… that this person may not give)
    ├── PassageChanged                         (a report's passage is no longer what the person saw)
    ├── CaseDriven                             (another runner drives the case)
    ├── CaseStuck                              (something unforeseen ended the driving of one case)
    ├── ChanceStuck                            (no new case can be given a name)
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
    │   ├── ModelClassRefused, ModelUnreachable, ModelBusy, ModelTimeout, ModelCut, ModelNonsense, ModelFailed
    │   ├── ModelRefused
    │   │   └── ModelKeyWrong, ModelAddressWrong, ModelToolsOff, ModelUntrusted, ModelContextFull, ModelSaidNothing
    │   └── ProcedureFailed
    ├── FileUnusable, OutputCut                (a file that was named, or standard output, and what the system said)
    └── ExtraMissing

An error carries its data as fields and says its next step, in Korean and in English:

>>> error = FolderMissing("/srv/문서")
>>> error.words("ko")
"'/srv/문서' 폴더가 없습니다."
>>> error.next_step("en")
'Check the path, or create the folder and put files into it.'
"""

from jihwi.errors.base import (
    ExtraMissing,
    JihwiError,
    UsageError,
    error_of,
)
from jihwi.errors.cases import (
    CaseDriven,
    CaseStuck,
    ChanceStuck,
    CommandForbidden,
    CommandRefused,
    PassageChanged,
    RunnerLacks,
)
from jihwi.errors.doors import (
    AccountInvalid,
    AddressTaken,
    DoorError,
    ExamplesNotKept,
    FormForeign,
    FormInvalid,
    NotAllowed,
    NotificationUndelivered,
    OwnerOnly,
    PageMissing,
    SignInFailed,
    SignInTooOften,
)
from jihwi.errors.library import (
    EmbeddingChanged,
    EmbeddingError,
    EmbeddingNonsense,
    EmbeddingRefused,
    EmbeddingUnreachable,
    IndexCorrupt,
    LibraryError,
)
from jihwi.errors.minds import (
    ModelAddressWrong,
    ModelBusy,
    ModelClassRefused,
    ModelContextFull,
    ModelCut,
    ModelError,
    ModelFailed,
    ModelKeyWrong,
    ModelNonsense,
    ModelRefused,
    ModelSaidNothing,
    ModelTimeout,
    ModelToolsOff,
    ModelUnreachable,
    ModelUntrusted,
    ProcedureFailed,
)
from jihwi.errors.reading import (
    FileBroken,
    FileLocked,
    FileTooLarge,
    FormatUnknown,
    NeedsConversion,
    ReaderMissing,
    ReaderTimeout,
    ReadingError,
    ReadingUnavailable,
)
from jihwi.errors.skills import (
    FormulaInvalid,
    ScriptAnswer,
    ScriptFailed,
    ScriptKilled,
    ScriptUnconfined,
    ServerClassRefused,
    ServerLost,
    ServerSilent,
    ServerUnreachable,
    SkillAnsweredFailed,
    SkillArguments,
    SkillChanged,
    SkillFailed,
    ToolAnswer,
    ToolChanged,
    ToolFailed,
)
from jihwi.errors.store import (
    AppendConflict,
    BackupDamaged,
    FolderPutAside,
    LeaseLost,
    LedgerBroken,
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFailed,
    StoreFull,
    StoreMoved,
    StoreOnNetwork,
    StoreReadOnly,
    StoreTooNew,
    UnknownEvent,
)
from jihwi.errors.usage import (
    CaseAmbiguous,
    CaseUnknown,
    FileMissing,
    FileUnusable,
    FolderEmpty,
    FolderIsBackup,
    FolderMissing,
    FolderMounted,
    FolderOverlaps,
    FolderTaken,
    LabelReserved,
    LabEmpty,
    ModelSpecInvalid,
    OptionMissing,
    OutputCut,
    QuestionsInvalid,
    SecretMissing,
    SettingInvalid,
    SettingsUnreadable,
    SettingUnknown,
    SkillInvalid,
    TeamInvalid,
)

__all__ = [
    "AccountInvalid",
    "AddressTaken",
    "AppendConflict",
    "BackupDamaged",
    "CaseAmbiguous",
    "CaseDriven",
    "CaseStuck",
    "CaseUnknown",
    "ChanceStuck",
    "CommandForbidden",
    "CommandRefused",
    "DoorError",
    "EmbeddingChanged",
    "EmbeddingError",
    "EmbeddingNonsense",
    "EmbeddingRefused",
    "EmbeddingUnreachable",
    "ExamplesNotKept",
    "ExtraMissing",
    "FileBroken",
    "FileLocked",
    "FileMissing",
    "FileTooLarge",
    "FileUnusable",
    "FolderEmpty",
    "FolderIsBackup",
    "FolderMissing",
    "FolderMounted",
    "FolderOverlaps",
    "FolderPutAside",
    "FolderTaken",
    "FormForeign",
    "FormInvalid",
    "FormatUnknown",
    "FormulaInvalid",
    "IndexCorrupt",
    "JihwiError",
    "LabEmpty",
    "LabelReserved",
    "LeaseLost",
    "LedgerBroken",
    "LibraryError",
    "ModelAddressWrong",
    "ModelBusy",
    "ModelClassRefused",
    "ModelContextFull",
    "ModelCut",
    "ModelError",
    "ModelFailed",
    "ModelKeyWrong",
    "ModelNonsense",
    "ModelRefused",
    "ModelSaidNothing",
    "ModelSpecInvalid",
    "ModelTimeout",
    "ModelToolsOff",
    "ModelUnreachable",
    "ModelUntrusted",
    "NeedsConversion",
    "NotAllowed",
    "NotificationUndelivered",
    "OptionMissing",
    "OutputCut",
    "OwnerOnly",
    "PageMissing",
    "PassageChanged",
    "ProcedureFailed",
    "QuestionsInvalid",
    "ReaderMissing",
    "ReaderTimeout",
    "ReadingError",
    "ReadingUnavailable",
    "RunnerLacks",
    "ScriptAnswer",
    "ScriptFailed",
    "ScriptKilled",
    "ScriptUnconfined",
    "SecretMissing",
    "ServerClassRefused",
    "ServerLost",
    "ServerSilent",
    "ServerUnreachable",
    "SettingInvalid",
    "SettingUnknown",
    "SettingsUnreadable",
    "SignInFailed",
    "SignInTooOften",
    "SkillAnsweredFailed",
    "SkillArguments",
    "SkillChanged",
    "SkillFailed",
    "SkillInvalid",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreFailed",
    "StoreFull",
    "StoreMoved",
    "StoreOnNetwork",
    "StoreReadOnly",
    "StoreTooNew",
    "TeamInvalid",
    "ToolAnswer",
    "ToolChanged",
    "ToolFailed",
    "UnknownEvent",
    "UsageError",
    "error_of",
]
