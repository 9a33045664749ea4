#!/usr/bin/env bash
# packages.sh PATTERN: the packages, as ./paths, whose tests have a line that
# matches PATTERN.
set -euo pipefail
cd "$(dirname "$0")/.."
grep -rlE --include='*_test.go' -- "$1" . | xargs -r -n 1 dirname | sort -u
