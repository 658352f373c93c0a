#!/usr/bin/env bash
# Proves that the wheel holds all that Jihwi needs: built from this tree, installed into an empty environment in another
# folder, it answers a request on a folder of one's own. Nothing of this tree is on the way there.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d "${TMPDIR:-/tmp}/jihwi elsewhere.XXXXXX")
trap 'rm -rf "$place"' EXIT

mkdir -p build
.venv/bin/python -m build --wheel --no-isolation --outdir "$place/wheel" . >build/wheel.log || { cat build/wheel.log; exit 1; }
.venv/bin/python -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: \
    -r requirements/run.txt
"$place/venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-index "$place"/wheel/*.whl

mkdir "$place/내 문서"
printf '# 도서관 이용 안내\n\n도서관은 매주 월요일에 쉰다. 한 번에 책을 다섯 권까지 14일 동안 빌릴 수 있다.\n' >"$place/내 문서/안내.md"
cd "$place"
export JIHWI_HOME="$place/state"
"$place/venv/bin/jihwi" run "책은 며칠 동안 빌릴 수 있나?" --files "내 문서" --lang ko --out "$place/report"
grep -q 14일 "$place/report/report.md"
echo "The wheel works elsewhere: $(du -sm "$place/venv/lib" | cut -f1) MB installed, pip and build tools included."
