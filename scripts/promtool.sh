#!/usr/bin/env bash
# Prints the path of promtool, Prometheus's own judge of its text format; fetches it if it is missing.
#
# Debian has it in the package prometheus (19 MB), which is not installed for its sake: that would start
# a server on port 9090. The tool is taken out of the package, for the tests of /metrics alone.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v promtool; then exit 0; fi
folder=$PWD/.build/tools
if [ ! -x "$folder/promtool" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    (cd "$scratch" && apt-get download --quiet=2 prometheus) >&2
    dpkg-deb --fsys-tarfile "$scratch"/prometheus_*.deb | tar x -C "$scratch" ./usr/bin/promtool
    mkdir -p "$folder"
    mv "$scratch/usr/bin/promtool" "$folder/promtool"
fi
echo "$folder/promtool"
