"""A file may do its worst: the others are read, it is named, and nothing is left behind."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jihwi.errors import ReadingUnavailable
from jihwi.readers import FileToRead, Limits, Outcome
from jihwi.readers.sandbox import SandboxReadingService
from tests.readers import late
from tests.readers.unsteady import starts

LIMITS = Limits(seconds=30.0, memory_bytes=512 << 20, output_characters=20_000, attachment_count=4)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hostile() -> Iterator[SandboxReadingService]:
    with SandboxReadingService(LIMITS, processes=2, worker="tests.readers.hostile") as service:
        yield service


def files_of(folder: Path, *texts: str) -> list[FileToRead]:
    files = []
    for number, text in enumerate(texts):
        place = folder / f"{number}.txt"
        place.write_text(text, encoding="utf-8")
        files.append(FileToRead(str(place), place.name))
    return files


def read(service: SandboxReadingService, folder: Path, *texts: str) -> list[Outcome]:
    return list(service.read_all(files_of(folder, *texts)))


def codes(outcome: Outcome) -> list[str]:
    return [remark.code for remark in outcome.remarks]


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("crash", "reader_crashed"),
        ("leave", "reader_crashed"),
        ("grow", "reader_memory"),
        ("dig", "nesting_too_deep"),
        ("fail 까닭", "reader_crashed"),
        ("refuse 까닭", "file_broken"),
        ("lie", "reader_crashed"),
    ],
)
def test_a_file_that_does_its_worst_costs_itself_only(
    hostile: SandboxReadingService, tmp_path: Path, deed: str, code: str
) -> None:
    before, bad, after = read(hostile, tmp_path, "앞의 글은 읽힙니다", deed, "뒤의 글도 읽힙니다")
    assert bad.grade == "F"
    assert codes(bad) == [code]
    assert bad.reading is None
    assert bad.source != ""
    assert bad.size == len(deed.encode())
    assert [before.grade, after.grade] == ["A", "A"]


def test_a_file_that_never_ends_is_stopped_at_the_limit(tmp_path: Path) -> None:
    with SandboxReadingService(Limits(seconds=3), processes=2, worker="tests.readers.hostile") as service:
        bad, after = read(service, tmp_path, "hang", "뒤의 글도 읽힙니다")
    assert (bad.grade, codes(bad)) == ("F", ["reader_timeout"])
    assert bad.remarks[0].params["detail"] == "3 s"
    assert after.grade == "A"


def test_a_file_that_takes_long_but_gives_signs_of_life_is_read(tmp_path: Path) -> None:
    with SandboxReadingService(Limits(seconds=2.5), processes=1, worker="tests.readers.hostile") as service:
        (outcome,) = read(service, tmp_path, "breathe 7")
    assert outcome.grade == "A"


def test_a_document_that_uses_up_its_time_is_read_again_without_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-dawdle")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-hang")
    files = [FileToRead(str(tmp_path / name), name) for name in ("a.pdf", "b.pdf")]
    with SandboxReadingService(Limits(seconds=3), processes=2, worker="tests.readers.hostile") as service:
        again, never = service.read_all(files)
    assert again.reading is not None
    assert again.reading.text == "in Eile gelesen, ohne Bilder"
    assert (never.grade, never.format, codes(never)) == ("F", "pdf", ["reader_timeout"])


def test_what_a_library_prints_does_not_reach_the_answers(hostile: SandboxReadingService, tmp_path: Path) -> None:
    (outcome,) = read(hostile, tmp_path, "shout")
    assert outcome.reading is not None
    assert outcome.reading.text == "조용히"


def test_half_a_letter_is_stored_as_unreadable_and_said(hostile: SandboxReadingService, tmp_path: Path) -> None:
    (outcome,) = read(hostile, tmp_path, "halve")
    assert outcome.reading is not None
    assert "반쪽 \ufffd 글자" in outcome.reading.text
    assert outcome.reading.metadata.title == "제목\ufffd"
    assert "text_few_garbled" in codes(outcome) or "text_some_garbled" in codes(outcome)


def test_a_text_longer_than_allowed_is_cut_at_a_block_and_says_so(
    hostile: SandboxReadingService, tmp_path: Path
) -> None:
    (outcome,) = read(hostile, tmp_path, "swell 1000")
    assert outcome.reading is not None
    assert len(outcome.reading.text) <= LIMITS.output_characters
    assert outcome.reading.text.endswith("가" * 100)
    assert "output_cut" in codes(outcome)
    assert outcome.grade == "D"


def test_a_worker_has_no_network_and_no_secret(
    hostile: SandboxReadingService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "geheim")
    with SandboxReadingService(LIMITS, processes=1, worker="tests.readers.hostile") as fresh:
        called, told = read(fresh, tmp_path, "call-out", "tell")
    assert called.reading is not None
    assert [called.reading.block_text(i) for i in range(2)] == ["refused", "refused"]
    if os.uname().machine in ("x86_64", "aarch64"):
        assert called.reading.block_text(2) == "below: refused"
    assert told.reading is not None
    assert "SOME_API_KEY" not in told.reading.text


def test_outcomes_come_in_the_order_of_the_files_and_only_as_they_are_asked_for(
    hostile: SandboxReadingService, tmp_path: Path
) -> None:
    asked: list[int] = []
    (file,) = files_of(tmp_path, "같은 글을 다시 읽는다")

    def endless() -> Iterator[FileToRead]:
        for number in range(1000):
            asked.append(number)
            yield file

    outcomes = hostile.read_all(endless())
    seen = [next(outcomes).reading for _ in range(3)]
    assert [reading is not None for reading in seen] == [True] * 3
    assert len(asked) < 12
    outcomes.close()  # type: ignore[attr-defined]


def test_a_caller_who_stops_early_does_not_wait_for_a_hanging_file(tmp_path: Path) -> None:
    limits = Limits(seconds=300.0)
    with SandboxReadingService(limits, processes=1, worker="tests.readers.hostile") as service:
        place = tmp_path / "pid"
        outcomes = service.read_all(files_of(tmp_path, "첫 글은 바로 옵니다", f"hang {place}"))
        next(outcomes)
        pid = wait_for_pid(place)
        started = time.monotonic()
        outcomes.close()  # type: ignore[attr-defined]
        wait_for_end(pid)
        assert time.monotonic() - started < 100


def test_documents_inside_are_read_as_their_own_and_one_bad_one_spoils_no_other(
    hostile: SandboxReadingService, tmp_path: Path
) -> None:
    (outcome,) = read(hostile, tmp_path, "hold 하나를 읽는다|crash|셋을 읽는다")
    assert [part.path for part in outcome.attachments] == ["0.txt/0.txt", "0.txt/1.txt", "0.txt/2.txt"]
    assert [part.grade for part in outcome.attachments] == ["A", "F", "A"]
    assert codes(outcome.attachments[1]) == ["reader_crashed"]
    assert codes(outcome) == ["attachments_failed"]
    assert outcome.grade == "D"


def test_more_documents_inside_than_allowed_are_left_out_and_counted(
    hostile: SandboxReadingService, tmp_path: Path
) -> None:
    (outcome,) = read(hostile, tmp_path, "hold " + "|".join(f"{i}째 글" for i in range(9)))
    assert len(outcome.attachments) == 4
    assert [r.params["count"] for r in outcome.remarks if r.code == "attachments_cut"] == ["5"]


def test_documents_inside_each_other_end_at_the_limit(hostile: SandboxReadingService, tmp_path: Path) -> None:
    (outcome,) = read(hostile, tmp_path, "nest")
    depth = 0
    while outcome.attachments:
        depth, outcome = depth + 1, outcome.attachments[0]
    assert depth == LIMITS.attachment_depth
    assert codes(outcome) == ["attachments_cut"]


def test_a_container_that_keeps_crashing_is_given_up_on(hostile: SandboxReadingService, tmp_path: Path) -> None:
    (outcome,) = read(hostile, tmp_path, "hold crash|crash|crash|crash")
    assert [part.grade for part in outcome.attachments] == ["F", "F", "F"]
    assert "attachments_cut" in codes(outcome)


def test_what_is_no_file_or_is_gone_or_too_large_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "관")
    (tmp_path / "큰.txt").write_bytes(b"x" * 2000)
    with SandboxReadingService(Limits(file_bytes=1000), processes=1) as service:
        found = list(
            service.read_all(
                [
                    FileToRead(str(tmp_path / "관"), "관"),
                    FileToRead(str(tmp_path / "없음.txt"), "없음.txt"),
                    FileToRead(str(tmp_path / "큰.txt"), "큰.txt"),
                    FileToRead(str(tmp_path), "폴더"),
                ]
            )
        )
    assert [codes(outcome) for outcome in found] == [
        ["not_a_file"],
        ["file_unreachable"],
        ["file_too_large"],
        ["not_a_file"],
    ]
    assert {outcome.grade for outcome in found} == {"F"}


def test_a_worker_that_cannot_start_is_one_clear_error(tmp_path: Path) -> None:
    with (
        SandboxReadingService(processes=1, worker="tests.readers.no_such_worker") as service,
        pytest.raises(ReadingUnavailable, match="no_such_worker"),
    ):
        read(service, tmp_path, "글")


def test_a_start_that_fails_in_the_middle_of_a_folder_is_tried_once_more(tmp_path: Path) -> None:
    starts(os.getpid()).unlink(missing_ok=True)  # of another run whose process bore this number and was killed
    try:
        with SandboxReadingService(LIMITS, processes=1, worker="tests.readers.unsteady") as service:
            outcomes = read(service, tmp_path, "앞의 글은 읽힙니다", "crash", "뒤의 글도 읽힙니다")
        assert [outcome.reading is not None for outcome in outcomes] == [True, False, True]
        assert starts(os.getpid()).read_text() == "sss"
    finally:
        starts(os.getpid()).unlink(missing_ok=True)


def test_a_file_that_nobody_wants_any_more_when_its_worker_has_been_started_is_not_read(tmp_path: Path) -> None:
    told, let, begun = late.starts(os.getpid()), late.let(os.getpid()), tmp_path / "pid"
    for place in (told, let):
        place.unlink(missing_ok=True)
    try:
        with SandboxReadingService(LIMITS, processes=1, worker="tests.readers.late") as service:
            outcomes = service.read_all(files_of(tmp_path, "crash", f"hang {begun}"))
            assert codes(next(outcomes)) == ["reader_crashed"]
            wait_for(lambda: told.read_text() == "ss")
            outcomes.close()  # type: ignore[attr-defined]
            let.touch()
            (after,) = read(service, tmp_path, "뒤의 글도 읽힙니다")
        assert after.grade == "A"
        assert not begun.exists()
    finally:
        for place in (told, let):
            place.unlink(missing_ok=True)


def test_the_service_can_be_used_again_after_it_was_closed(tmp_path: Path) -> None:
    service = SandboxReadingService(processes=1)
    with service:
        assert len(read(service, tmp_path, "한 번")) == 1
    with service:
        assert len(read(service, tmp_path, "두 번")) == 1


def test_a_forgotten_service_takes_its_workers_with_it(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    service = SandboxReadingService(Limits(seconds=100), processes=1, worker="tests.readers.hostile")
    outcomes = service.read_all(files_of(tmp_path, "글이 있다", f"hang {place}"))
    next(outcomes)
    pid = wait_for_pid(place)
    del outcomes, service
    gc.collect()
    wait_for_end(pid)


PARENT = """
import sys
from jihwi.readers import FileToRead, Limits
from jihwi.readers.sandbox import SandboxReadingService
service = SandboxReadingService(Limits(seconds=1000), processes=1, worker="tests.readers.hostile")
list(service.read_all([FileToRead(sys.argv[1], "a.txt")]))
"""


@pytest.mark.parametrize("deed", ["hang", "hang-below"])
def test_no_worker_outlives_a_parent_that_is_killed(tmp_path: Path, deed: str) -> None:
    place = tmp_path / "pid"
    (file,) = files_of(tmp_path, f"{deed} {place}")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, file.location], env=environment, cwd=ROOT)
    try:
        pid = wait_for_pid(place)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_for_end(pid)


def test_the_version_changes_with_what_could_change_an_outcome() -> None:
    with SandboxReadingService() as one, SandboxReadingService(Limits(seconds=1)) as other:
        assert one.version() == SandboxReadingService().version()
        assert one.version() != other.version()


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for what another process does; fail after two minutes."""
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline, "the other process never did it"
        select.select([], [], [], 0.01)


def wait_for_pid(place: Path) -> int:
    wait_for(place.exists)
    return int(place.read_text())


def wait_for_end(pid: int) -> None:
    """Wait until the process is no more; fail after a minute."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([watched], [], [], 60)
        assert ready, f"process {pid} still runs"
    finally:
        os.close(watched)


def test_a_worker_that_died_between_two_files_costs_neither(tmp_path: Path) -> None:
    with SandboxReadingService(LIMITS, processes=1, worker="tests.readers.hostile") as service:
        (first,) = read(service, tmp_path, "첫 글")
        killed = [pid for pid in _children() if pid != os.getpid()]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        (second,) = read(service, tmp_path, "둘째 글")
    assert killed
    assert (first.grade, second.grade) == ("A", "A")


def _children() -> list[int]:
    """The processes this one has started and that run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                command = (entry / "cmdline").read_text(errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[1]) == os.getpid() and "hostile" in command:
                found.append(int(entry.name))
    return found
