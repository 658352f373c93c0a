"""A transcript that did not fit: what is left out, what of it stays, and when no more can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jihwi.case.assignment import Reason
from jihwi.case.compaction import compacted
from jihwi.case.turn import Call, CallSettled, Entry, TaskGiven, Told, Transcript, TurnTaken

TASK = TaskGiven("모두 더하기")


def _turns(count: int, letters: int) -> list[Entry]:
    entries: list[Entry] = [TASK]
    for turn in range(1, count + 1):
        entries.append(TurnTaken(turn, "clerk", f"차례 {turn}", (Call("look", {"what": turn}),)))
        entries.append(CallSettled(turn, 0, "look", "finished", "가" * letters))
    return entries


def test_the_newest_turns_stay_and_of_the_others_each_result_keeps_its_place() -> None:
    entries = _turns(8, 2000)
    made = compacted(entries, "a1")
    assert made is not None
    assert isinstance(entries[made.entries], TurnTaken)
    assert 9 <= made.entries <= 13
    assert "a1/1/0 look, finished" in made.summary
    assert "자 생략)" in made.summary
    assert len(made.summary) < 4000


def test_each_further_time_less_is_kept_until_nothing_more_can_go() -> None:
    entries = _turns(8, 2000)
    made = [compacted(entries, "a1", again=again) for again in range(5)]
    kept = [len(entries) - one.entries for one in made if one is not None]
    summaries = [len(one.summary) for one in made if one is not None]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] == 0
    assert summaries[-1] < summaries[0]
    left: list[Entry] = [TASK]
    left.append(Told(Reason("context_summary", {"summary": made[-1].summary if made[-1] else "", "entries": "16"})))
    assert compacted(left, "a1", again=5) is None


def test_a_single_result_that_is_too_long_is_cut_too() -> None:
    made = compacted(_turns(1, 100_000), "a1", korean=False)
    assert made is not None
    assert made.entries == 3
    assert "letters left out" in made.summary


def test_what_an_earlier_summary_said_is_carried_on() -> None:
    earlier: list[Entry] = [TASK, Told(Reason("context_summary", {"summary": "- 처음에 한 말", "entries": "4"}))]
    made = compacted([*earlier, *_turns(4, 3000)[1:]], "a1")
    assert made is not None
    assert made.summary.startswith("- 처음에 한 말\n")


@given(st.lists(st.integers(0, 3000), max_size=12), st.integers(0, 4))
def test_the_summary_is_always_shorter_than_what_it_stands_for(sizes: list[int], again: int) -> None:
    entries: list[Entry] = [TASK]
    for turn, size in enumerate(sizes, start=1):
        entries.append(TurnTaken(turn, "clerk", "말" * size))
    made = compacted(Transcript(entries), "a1", again=again)
    if made is not None:
        assert 2 <= made.entries <= len(entries)
        left_out = sum(len(one.text.encode()) for one in entries[1 : made.entries] if isinstance(one, TurnTaken))
        assert len(made.summary.encode()) < left_out + 100 * made.entries
