"""Runs every request of `examples/requests.toml` on the example office and prints what each report holds and lacks.

    make bench-requests

Quotations are checked again by `jihwi cite check`, against the files themselves. Exit code 1 when anything is wrong.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OFFICE = ROOT / "examples" / "office"


def jihwi(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line, with its state in `home`."""
    command = [sys.executable, "-c", "from jihwi.cli import main; main()", *words, "--home", str(home)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def loose(text: str) -> str:
    """Text without spaces and thousands separators."""
    return re.sub(r"[\s,]", "", text)


def wrong(request: dict[str, Any], report: dict[str, Any], checked: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a report, each in a few words."""
    sentences = list(report.get("answer", ()))
    if request["intent"] != "fact":
        sentences += [sentence for section in report.get("sections", ()) for sentence in section["sentences"]]
    answer = loose(" ".join(sentence["text"] for sentence in sentences))
    if not request.get("answerable", True):
        return [f"invented: {answer[:60]}"] if answer else []
    found = [f"lacks {text}" for text in request["holds"] if loose(text) not in answer]
    first = checked[0].get("path", "") if checked else ""
    if "first" in request and first not in request["first"]:
        found.append(f"cites {first or 'nothing'} first")
    sides = [[loose(side["text"]) for side in one["sides"]] for one in report.get("contradictions", ())]
    if "contradiction" in request:
        values = [loose(value) for value in request["contradiction"]["values"]]
        if not any(all(any(v in text for text in texts) for v in values) for texts in sides):
            found.append("misses the contradiction")
    found.extend(f"{one['verdict']}: {one['text'][:40]}" for one in checked if one["verdict"] != "verbatim")
    return found


def main() -> None:
    """Print one line a request, then the sums."""
    requests = tomllib.loads((ROOT / "examples" / "requests.toml").read_text(encoding="utf-8"))["request"]
    failed = quotations = verbatim = needless = 0
    with tempfile.TemporaryDirectory() as place:
        home = Path(place, "state")
        for request in requests:
            out = Path(place, request["id"])
            began = time.perf_counter()
            ran = jihwi(home, "run", request["text"], "--files", str(OFFICE), "--out", str(out))
            seconds = time.perf_counter() - began
            if ran.returncode or not (out / "report.json").exists():
                problems = [f"exit code {ran.returncode}: {(ran.stdout + ran.stderr).strip()[-120:]}"]
            else:
                report = json.loads((out / "report.json").read_text(encoding="utf-8"))
                said = jihwi(home, "cite", "check", str(out / "report.md"), "--files", str(OFFICE), "--json").stdout
                checked = json.loads(said) if said.strip() else []
                problems = wrong(request, report, checked)
                quotations += len(checked)
                verbatim += sum(one["verdict"] == "verbatim" for one in checked)
                needless += len(report.get("contradictions", ())) if "contradiction" not in request else 0
            failed += bool(problems)
            print(f"{'wrong' if problems else 'right':<6}{seconds:5.1f} s  {request['id']:<20} {'; '.join(problems)}")
    print(f"{len(requests) - failed} of {len(requests)} right; {verbatim} of {quotations} quotations verbatim;")
    print(f"{needless} contradictions shown where none was planted")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
