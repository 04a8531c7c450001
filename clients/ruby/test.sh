#!/usr/bin/env bash
# Tests the gem with Debian's packages of Ruby.
#   clients/conformance/run.py ruby clients/ruby/test.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export RUBYLIB=$here/lib
ruby "$here/test/conformance_test.rb"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 "$here/../conformance/example.py" "$here/README.md" "$scratch/example.rb" \
    ruby "$scratch/example.rb"
