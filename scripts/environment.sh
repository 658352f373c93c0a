#!/usr/bin/env bash
# Makes .venv and keeps it in step with the lock: "run" for what Jihwi needs, "test" for what its tests need too.
# Nothing is installed when lock and project are as they were. Works as root or not, and in a folder with spaces.
set -euo pipefail
cd "$(dirname "$0")/.."
need=${1:?say run or test}

python_for_us() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
            if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
                command -v "$candidate"
                return
            fi
            echo "$candidate has no 'venv'. On Debian and Ubuntu: apt-get install python3-venv" >&2
        fi
    done
    echo "Jihwi needs Python 3.11 or 3.12 and found none that works (looked for: ${PYTHON:-} python3" \
        "python3.12 python3.11). Install one, or name it: make PYTHON=/path/to/python3.11 demo" >&2
    return 1
}

fingerprint() { { pwd -P; cat pyproject.toml "requirements/$1.txt"; } | sha256sum; }

is_installed() { [[ -f .venv/.installed-$1 && $(<".venv/.installed-$1") == "$(fingerprint "$1")" ]]; }

# A virtual environment that was moved or copied still points to where it was made.
if [[ -f .venv/.made-in && $(<.venv/.made-in) != "$(pwd -P)" ]] || ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(python_for_us)
    echo "Making .venv with $("$python" --version) ($python)"
    "$python" -m venv --clear .venv
fi
pwd -P >.venv/.made-in

if is_installed test || { [[ $need == run ]] && is_installed run; }; then
    exit 0
fi
echo "Installing the packages that requirements/$need.txt pins (once; the network is needed for this only)"
if ! .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: \
    -r "requirements/$need.txt"; then
    echo "The packages could not be installed. Without a network: fetch them elsewhere with" \
        "'pip download -r requirements/$need.txt -d wheels', bring the folder here, and run" \
        "'PIP_NO_INDEX=1 PIP_FIND_LINKS=\$PWD/wheels make ...' again." >&2
    exit 1
fi
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
fingerprint "$need" >".venv/.installed-$need"
