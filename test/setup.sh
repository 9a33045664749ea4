#!/usr/bin/env bash
# Installs what the tests need beside Go and is missing here (Debian, as root),
# or says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { # package, then a command that succeeds when it is there
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}
need gcc command -v gcc
need libc6-dev test -e /usr/include/stdlib.h
need postgresql bash -c 'ls /usr/lib/postgresql/*/bin/initdb'
need pebble command -v pebble
need python3-icalendar /usr/bin/python3 -c 'import icalendar'
need nodejs command -v node
need npm command -v npm
need chromium test -e /usr/bin/chromium
need util-linux command -v setpriv

if [ ${#missing[@]} -gt 0 ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "The tests need what is not here: ${missing[*]}" >&2
		echo "Install it: sudo apt-get install ${missing[*]}" >&2
		exit 1
	fi
	echo "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

for part in test/fedify test/browser; do
	# A stamp keeps this from running again until the list of packages changes.
	stamp=$part/node_modules/.of
	if ! cmp -s $part/package-lock.json "$stamp"; then
		(cd $part && npm ci --no-audit --no-fund --loglevel=error)
		cp $part/package-lock.json "$stamp"
	fi
done
