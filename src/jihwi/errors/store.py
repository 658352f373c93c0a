"""What keeps facts from being kept or read: the disk, the database, another's write, a broken chain."""

from __future__ import annotations

from typing import ClassVar

from jihwi.errors.base import JihwiError, UsageError
from jihwi.words import Language

__all__ = [
    "AppendConflict",
    "BackupDamaged",
    "FolderPutAside",
    "LeaseLost",
    "LedgerBroken",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreFailed",
    "StoreFull",
    "StoreMoved",
    "StoreOnNetwork",
    "StoreReadOnly",
    "StoreTooNew",
    "UnknownEvent",
]

_SERVER = "postgresql://"


class StoreError(JihwiError):
    """The store could not do what it was asked; what it had acknowledged is kept."""

    ko = "저장소가 요청을 처리하지 못했습니다."
    en = "The store could not do what it was asked."
    ko_server: ClassVar[str] = ""
    en_server: ClassVar[str] = ""
    """What to do when the store is a server; empty for the same as with a file."""

    def next_step(self, language: Language = "en") -> str:
        """What to do now: with a server it is not what it is with a file."""
        said = self.ko_server if language == "ko" else self.en_server
        if said and str(getattr(self, "path", "")).startswith(_SERVER):
            return self._told(said, language)
        return super().next_step(language)


class StoreBusy(StoreError):
    """Somebody else writes: for `seconds`, or just now where nobody waits (0)."""

    path: str
    seconds: float
    process: int = 0
    """Who it is, where that can be seen."""
    stopped: bool = False
    """It was stopped with Ctrl-Z or by a debugger, so that it never comes to an end."""
    ko = "다른 작업이 '{path}'을(를) {seconds:g}초 넘게 쓰고 있습니다."
    en = "Another process has held '{path}' for more than {seconds:g} seconds."
    ko_next = "그 작업이 끝난 뒤 다시 실행하십시오. 기록된 것은 그대로 있습니다."
    en_next = "Run the command again when it has finished; nothing recorded is lost."

    def words(self, language: Language = "en") -> str:
        """Who has it, and for how long one waited; nothing of that where nobody waits."""
        if self.seconds:
            said = self.ko if language == "ko" else self.en
        else:
            said = (
                "다른 작업이 '{path}'을(를) 쓰고 있습니다."
                if language == "ko"
                else "Another process is using '{path}'."
            )
        if self.process:
            said = said.replace("다른 작업이", "다른 작업(프로세스 {process}번)이")
            said = said.replace("Another process", "Another process, number {process},")
        return self._told(said, language)

    def next_step(self, language: Language = "en") -> str:
        """To wait; of a process that stands still there is no use in that."""
        if not self.stopped:
            return super().next_step(language)
        return self._told(
            "그 작업은 멈춰 있습니다. `kill -CONT {process}` 명령으로 계속하게 하거나 `kill -KILL {process}` 명령으로 "
            "끝낸 뒤 다시 실행하십시오. 기록된 것은 그대로 있습니다."
            if language == "ko"
            else "It was stopped: let it go on with `kill -CONT {process}`, or end it with `kill -KILL {process}`, and "
            "run the command again; nothing recorded is lost.",
            language,
        )


class StoreFull(StoreError):
    path: str
    ko = "'{path}'이(가) 있는 디스크가 가득 찼습니다."
    en = "The disk that holds '{path}' is full."
    ko_next = "자리를 마련한 뒤 다시 실행하십시오. 사건은 `jihwi case run`으로 이어집니다. 기록된 것은 그대로 있습니다."
    en_next = "Make room and run it again; a case goes on with `jihwi case run`. Nothing recorded is lost."


class StoreReadOnly(StoreError):
    path: str
    ko = "'{path}'에 쓸 수 없습니다."
    en = "'{path}' cannot be written."
    ko_next = "권한을 확인하거나 JIHWI_HOME으로 다른 폴더를 정하십시오."
    en_next = "Check its permissions, or name another folder with JIHWI_HOME."
    ko_server = (
        "서버가 읽기 전용인지, 주소의 사용자에게 데이터베이스와 `jihwi` 스키마를 만들고 쓸 권한이 있는지 확인하십시오."
    )
    en_server = (
        "See whether the server is read-only, and whether the address's user may create and write the schema `jihwi`."
    )


class StoreMoved(StoreError):
    path: str
    ko = "'{path}' 파일이 열려 있는 동안 지워지거나 다른 파일로 바뀌었습니다."
    en = "The file '{path}' was removed or replaced while it was open."
    ko_next = (
        "이 폴더를 쓰는 지휘를 모두 끝내고, 파일을 제자리에 두거나 `jihwi store restore`로 백업을 되돌린 뒤 다시 "
        "시작하십시오. 그 뒤로는 아무것도 기록하지 않았습니다."
    )
    en_next = (
        "End every Jihwi that uses this folder, put the file back or restore a copy with `jihwi store restore`, and "
        "start again; nothing was recorded since."
    )


class StoreOnNetwork(UsageError):
    path: str
    kind: str
    ko = "상태 폴더 '{path}'이(가) 네트워크 드라이브({kind})에 있습니다."
    en = "The state folder '{path}' lies on a network share ({kind})."
    ko_next = "JIHWI_HOME으로 이 컴퓨터의 폴더를 정하십시오. 원본 파일은 네트워크에 있어도 됩니다."
    en_next = "Name a folder on this machine with JIHWI_HOME; the sources themselves may stay on the share."


class StoreCorrupt(StoreError):
    path: str
    detail: str
    ko = "'{path}' 저장소가 손상되었습니다: {detail}"
    en = "The store '{path}' is damaged: {detail}"
    ko_next = "이 파일을 옮겨 두고 백업을 되돌리십시오. 아무것도 덮어쓰지 않았습니다."
    en_next = "Set the file aside and restore a copy; nothing was overwritten."
    ko_server = "서버의 백업을 되돌리거나, 복사해 둔 상태 폴더를 `jihwi store copy`로 새 데이터베이스에 옮기십시오."
    en_server = "Restore the server's backup, or bring a copied state folder to a new database with `jihwi store copy`."


class BackupDamaged(StoreCorrupt):
    ko = "'{path}' 백업이 손상되었습니다: {detail}"
    en = "The backup '{path}' is damaged: {detail}"
    ko_next = "다른 백업을 되돌리십시오. 아무것도 바꾸지 않았습니다."
    en_next = "Restore another one; nothing was changed."
    ko_server = ""
    en_server = ""


class StoreTooNew(StoreError):
    path: str
    found: int
    known: int
    ko = "'{path}' 저장소는 더 새로운 지휘가 만들었습니다 (판 {found}, 이 프로그램은 {known}까지)."
    en = "The store '{path}' was written by a newer Jihwi (version {found}; this one knows {known})."
    ko_next = "더 새로운 지휘로 여십시오."
    en_next = "Open it with the newer one."


class StoreFailed(StoreError):
    path: str
    detail: str
    ko = "'{path}' 저장소를 쓰거나 읽지 못했습니다: {detail}"
    en = "The store '{path}' could not be used: {detail}"
    ko_next = "디스크와 연결을 확인한 뒤 다시 실행하십시오. 기록된 것은 그대로 있습니다."
    en_next = "Check the disk or the connection and run the command again; nothing recorded is lost."
    ko_server = "서버가 켜져 있는지, 주소의 사용자·비밀번호·데이터베이스 이름이 맞는지 확인한 뒤 다시 실행하십시오."
    en_server = (
        "See that the server runs and that user, password and database of the address are right, and run it again."
    )


class FolderPutAside(StoreError):
    path: str
    kept: str
    detail: str
    ko = "복사본을 '{path}'에 두지 못했고, 치워 둔 폴더도 제자리에 되돌리지 못했습니다: {detail}"
    en = "The copy could not be put at '{path}', nor could what was there be put back: {detail}"
    ko_next = "전에 있던 것은 '{kept}'에 온전히 있습니다. 그 폴더의 이름을 '{path}'(으)로 바꾸고 다시 실행하십시오."
    en_next = "What was there lies whole at '{kept}': rename that folder to '{path}' and run it again."


class AppendConflict(StoreError):
    """Signal: someone else appended first. Fold again and decide again."""

    case: str
    expected_seq: int
    ko = "'{case}' 사건에 다른 기록이 먼저 들어왔습니다."
    en = "Someone else wrote to the case '{case}' first."
    ko_next = "다시 시도하십시오."
    en_next = "Try again."


class LeaseLost(StoreError):
    """Signal: this runner's lease is stale; it must stop driving the case."""

    case: str
    epoch: int
    ko = "'{case}' 사건은 이제 다른 실행기가 맡고 있습니다."
    en = "Another runner drives the case '{case}' now."
    ko_next = "`jihwi case follow {case}`로 보십시오."
    en_next = "Watch it with `jihwi case follow {case}`."


class LedgerBroken(JihwiError):
    case: str
    seq: int
    detail: str
    ko = "'{case}' 사건의 원장이 {seq}번 기록에서 끊어졌습니다: {detail}"
    en = "The ledger of the case '{case}' breaks at event {seq}: {detail}"
    ko_next = "그 앞까지의 기록은 온전합니다. 백업과 견주어 보십시오."
    en_next = "What stands before it is whole; compare with a copy."


class UnknownEvent(JihwiError):
    case: str
    seq: int
    kind: str
    version: int
    ko = "'{case}' 사건의 {seq}번 기록({kind} {version}판)은 더 새로운 지휘가 썼습니다."
    en = "Event {seq} of the case '{case}' ({kind}, version {version}) was written by a newer Jihwi."
    ko_next = "더 새로운 지휘로 여십시오."
    en_next = "Open it with the newer one."
