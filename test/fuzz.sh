#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target for TIME. Each package is built once, as
# that takes longer than a short run.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-5s}
cache=$(go env GOCACHE)/fuzz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for package in $(test/packages.sh '^func Fuzz'); do
	go test -c -fuzz=. -tags sqlite_fts5 -o "$work/fuzz.test" "$package"
	(
		cd "$package"
		mkdir -p "$cache/konfa/$package"
		for target in $(cat ./*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' | sort -u); do
			echo "fuzz $package $target"
			"$work/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
				-test.fuzzcachedir "$cache/konfa/$package" >"$work/log" 2>&1 || {
				cat "$work/log"
				exit 1
			}
			tail -n 1 "$work/log"
		done
	)
done
