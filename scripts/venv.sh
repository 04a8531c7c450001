#!/usr/bin/env bash
# Keeps the virtual environment of the tests in step with Tests/EndToEnd/requirements.txt. A stamp
# holds the sum of what was installed, so that nothing happens when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${LLM_GATEWAY_VENV:-.venv}
list=Tests/EndToEnd/requirements.txt
stamp="$venv/.installed"

wanted=$(sha256sum <"$list")
[ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ] || exit 0

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
echo "venv: installing $list into $venv (once; some 400 MB, a real model among them)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$list"
echo "$wanted" >"$stamp"
