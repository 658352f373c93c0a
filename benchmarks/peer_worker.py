"""Runs inside the peers' own environment: reads files with one other reader, a JSON line for each.

`python peer_worker.py NAME < list-of-paths > lines`. A line holds path, text, CPU seconds, error.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable


def _unhwp() -> Callable[[str], str]:
    import unhwp

    return lambda path: str(unhwp.to_markdown(path))


def _python_hwpx() -> Callable[[str], str]:
    from hwpx import TextExtractor

    def read(path: str) -> str:
        with TextExtractor(path) as extractor:
            return str(extractor.extract_text())

    return read


def _kreuzberg() -> Callable[[str], str]:
    import kreuzberg

    return lambda path: str(kreuzberg.extract_file_sync(path).content)


PEERS = {
    "unhwp": _unhwp,
    "python-hwpx": _python_hwpx,
    "kreuzberg": _kreuzberg,
}
_MARKUP = re.compile(r"<[^>]{1,80}>|!?\[([^\]]*)\]\([^)]*\)|[|#*`\\]")


def main() -> None:
    """One line for each path on the standard input."""
    read = PEERS[sys.argv[1]]()
    for line in sys.stdin:
        path = line.rstrip("\n")
        begun = time.process_time()
        text, error = "", ""
        try:
            text = _MARKUP.sub(lambda m: m[1] or "", read(path))
        except BaseException as problem:
            if isinstance(problem, KeyboardInterrupt):
                raise
            error = f"{type(problem).__name__}: {problem}"[:200]
        seconds = time.process_time() - begun
        sys.stdout.write(json.dumps({"path": path, "text": text, "seconds": seconds, "error": error}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
