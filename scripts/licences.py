"""Prints the licence and the size of every package that Jihwi installs, and fails at one that it may not use.

    .venv/bin/python scripts/licences.py [requirements/run.txt]

Refused: GPL and AGPL in every form but the LGPL and the GPL with a linking exception. A package that offers several
licences is taken under the one that is allowed.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

REFUSED = re.compile(r"\bA?GPL|General Public License|Affero", re.IGNORECASE)
ALLOWED = re.compile(
    r"LGPL|Lesser|MIT|BSD|Apache|PSF|Python Software Foundation|MPL|Mozilla|ISC|Unlicense", re.IGNORECASE
)
CORE_LIMIT_MB = 350


def names(lock: Path) -> list[str]:
    """The packages that `lock` pins."""
    return sorted(set(re.findall(r"^([\w.-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)))


def licence(package: Distribution) -> str:
    """What a package says of its licence, in one line."""
    about = package.metadata
    classifiers = [c.rsplit(" :: ", 1)[-1] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    expression = "".join(about.get_all("License-Expression") or ())
    free_words = "".join(about.get_all("License") or ()).strip().partition("\n")[0]
    return expression or " / ".join(classifiers) or free_words or "not said"


def megabytes(package: Distribution) -> float:
    """The size of its files on disk, without what Python compiles from them."""
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc") / 1e6


def main() -> None:
    """Print the table; exit 1 when a licence is refused or the core has grown too large."""
    lock = Path(sys.argv[1] if len(sys.argv) > 1 else "requirements/run.txt")
    refused, absent, total = [], [], 0.0
    for name in names(lock):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            absent.append(name)
            continue
        said, size = licence(package), megabytes(package)
        total += size
        if said == "not said" or (REFUSED.search(said) and not ALLOWED.search(said)):
            refused.append(name)
        print(f"{name:<28} {package.version:<16} {size:>7.1f} MB  {said}")
    print(f"{'together':<28} {'':<16} {total:>7.1f} MB  (limit {CORE_LIMIT_MB} MB)")
    if absent:
        print(f"not installed here: {', '.join(absent)}")
    if refused:
        sys.exit(f"Not to be used, or no licence said: {', '.join(refused)}")
    if lock.stem == "run" and total > CORE_LIMIT_MB:
        sys.exit("The core has grown too large.")


if __name__ == "__main__":
    main()
