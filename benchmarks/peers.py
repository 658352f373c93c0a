"""Runs the other readers over the corpus, each in a process of its own, for figures beside ours and for the ceiling."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.environments import peer_python

FORMATS = {
    "unhwp": ("hwp5", "hwpx"),
    "python-hwpx": ("hwpx",),
    "kreuzberg": ("hwp5", "hwpx"),
    "kordoc": ("hwp5", "hwpx", "hwp3"),
}
LONGEST_SECONDS = 20.0
"""How long a reader may take over one file, by the clock; our own slowest takes under two seconds."""
MOST_DEATHS = 3
"""A reader that dies at so many files on end does not work here at all."""


@dataclass
class PeerResult:
    """What one other reader made of the files it was given."""

    texts: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def peers_folder() -> Path | None:
    """Where the other readers are installed, made when missing; `None` when that cannot be."""
    python = peer_python("readers", "readers")
    if python is None:
        return None
    folder = python.parents[1]
    npm = shutil.which("npm")
    if npm and not (folder / "node_modules" / "kordoc").is_dir():
        subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "kordoc"], cwd=folder, check=False)
    return folder


def _command(name: str, folder: Path) -> tuple[list[str], dict[str, str]] | None:
    """How to start a reader installed below `folder`; `None` when it is not there."""
    here = Path(__file__).resolve().parent
    if name == "kordoc":
        module = folder / "node_modules" / "kordoc" / "dist" / "index.js"
        return (["node", str(here / "kordoc_worker.mjs")], {"KORDOC": str(module)}) if module.exists() else None
    python = folder / "bin" / "python"
    probe = name.replace("-", "_").replace("python_hwpx", "hwpx")
    if not python.exists() or not any(folder.glob(f"lib/python*/site-packages/{probe}*")):
        return None
    return [str(python), str(here / "peer_worker.py"), name], {}


def run_peer(name: str, folder: Path, files: dict[str, Path]) -> PeerResult | None:
    """Read `files` (shown path to real path). A file at which the reader dies or hangs is its error, and it goes on."""
    command = _command(name, folder)
    if command is None:
        return None
    result = PeerResult()
    waiting, deaths = list(files), 0
    while waiting:
        by_path = {str(files[shown]): shown for shown in waiting}
        done = _run_once(command, by_path, result)
        deaths = 0 if done else deaths + 1
        if done == len(waiting):
            break
        if deaths == MOST_DEATHS:
            result.errors |= dict.fromkeys(waiting, "does not start")
            break
        result.errors[waiting[done]] = f"died, or took more than {LONGEST_SECONDS:g} seconds"
        waiting = waiting[done + 1 :]
    return result


def _run_once(command: tuple[list[str], dict[str, str]], by_path: dict[str, str], result: PeerResult) -> int:
    """One process over the paths, until it ends or is silent too long; how many files it finished."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as paths:
        paths.write("\n".join(by_path) + "\n")
        paths.seek(0)
        process = subprocess.Popen(
            command[0],
            stdin=paths,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            env=os.environ | command[1],
        )
    done = 0
    try:
        for line in _lines(process):
            if line.startswith("{"):
                _keep(json.loads(line), by_path, result)
                done += 1
    finally:
        process.kill()
        process.wait()
    return done


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What the process says, line by line, while it says something within the time that one file may take."""
    said: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in process.stdout or ():
            said.put(line)
        said.put("")

    threading.Thread(target=listen, daemon=True).start()
    while True:
        try:
            line = said.get(timeout=LONGEST_SECONDS)
        except queue.Empty:
            return
        if not line:
            return
        yield line


def _keep(said: dict[str, Any], by_path: dict[str, str], result: PeerResult) -> None:
    shown = by_path[said["path"]]
    result.texts[shown] = said["text"]
    result.seconds[shown] = said["seconds"]
    if said["error"]:
        result.errors[shown] = said["error"]
