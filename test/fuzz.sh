#!/usr/bin/env bash
# fuzz.sh AMOUNT: runs every fuzz target for AMOUNT, a time (60s) or a number of
# inputs (500x). Each package is built once, as that takes longer than a short
# run.
#
# Numbers are for runs that must not fail by themselves: go's fuzzer reports a
# time that ends while it is still trimming an input as a failure of the target
# (golang/go#75804). A target that hangs is ended, and fails, after LIMIT.
set -euo pipefail
cd "$(dirname "$0")/.."
amount=${1:-500x}
limit=${LIMIT:-300}
cache=$(go env GOCACHE)/fuzz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run=()
[[ $amount == *x ]] && run=(timeout --kill-after=10 "$limit")
for package in $(test/packages.sh '^func Fuzz'); do
	go test -c -fuzz=. -tags sqlite_fts5 -o "$work/fuzz.test" "$package"
	(
		cd "$package"
		mkdir -p "$cache/konfa/$package"
		for target in $(cat ./*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' | sort -u); do
			echo "fuzz $package $target"
			"${run[@]}" "$work/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" \
				-test.fuzztime "$amount" -test.fuzzminimizetime 20x \
				-test.fuzzcachedir "$cache/konfa/$package" >"$work/log" 2>&1 || {
				cat "$work/log"
				# Only the time that ran out, and no input that broke anything.
				if [[ $amount != *x ]] && grep -q '^ *context deadline exceeded$' "$work/log" &&
					! grep -q 'Failing input written' "$work/log"; then
					continue
				fi
				exit 1
			}
			tail -n 1 "$work/log"
		done
	)
done
