"""The report of a case that was forked after it had left is read on the page of every fork, however far down."""

from __future__ import annotations

from pathlib import Path

from tests.console.office import EXAMPLES, Client, running_console


async def test_a_fork_of_a_fork_shows_the_report_that_left_before_it(tmp_path: Path) -> None:
    async with running_console(tmp_path) as running:
        await running.read(EXAMPLES / "계약")
        kim = await Client(running.console).come_in()
        sent = await kim.post("/cases", {"request": "공사기간은 언제까지인가?"}, accept="application/json")
        first = str(sent.json()["case"])
        await running.case(first, lambda case: case.status == "closed")
        report = (await kim.get(f"/cases/{first}/report.json")).json()
        (line,) = report["releases"]
        case, at = first, line["event"]
        for _ in range(2):
            sent = await kim.post(f"/cases/{case}/forks", {"at": str(at)}, accept="application/json")
            case, at = str(sent.json()["case"]), 1
            await running.case(case, lambda now: now.status == "closed")
            page = (await kim.get(f"/cases/{case}/report.json")).json()
            assert (page["released"], page["answer"]) == (True, report["answer"])
            assert [(one["case_id"], one["at_ms"], one["by"]) for one in page["releases"]] == [
                (first, line["at_ms"], line["by"])
            ]
            assert (await kim.get(f"/cases/{case}/report")).status == 200
            assert (await kim.get(f"/cases/{case}/files/report.md")).status == 200
