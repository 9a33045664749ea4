#!/usr/bin/env bash
# Fails where a file is not as gofmt writes it.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l)
if [ -n "$bad" ]; then
	printf 'not formatted, run gofmt -w on:\n%s\n' "$bad" >&2
	exit 1
fi
