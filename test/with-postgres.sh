#!/usr/bin/env bash
# with-postgres.sh COMMAND…: runs a command with KONFA_TEST_POSTGRES naming a
# PostgreSQL server that is made for it in a temporary directory and thrown away
# afterwards. One that KONFA_TEST_POSTGRES names already is used as it is.
set -euo pipefail

[ -n "${KONFA_TEST_POSTGRES:-}" ] && exec "$@"

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ]; then
	echo "PostgreSQL is not installed: apt-get install postgresql" >&2
	exit 1
fi

dir=$(mktemp -d /tmp/konfa-postgres.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
	chown postgres "$dir"
	as=(setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$dir")
fi
stop() {
	"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -s stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$dir"
"${as[@]}" "$bin/initdb" -D "$dir/data" -U konfa -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || {
	cat "$dir/initdb.log" >&2
	exit 1
}
for try in 1 2 3 4 5 6 7 8 9 10; do
	port=$((20000 + RANDOM % 12000))
	if "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -s \
		-o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=300" start >/dev/null 2>&1; then
		break
	fi
	[ "$try" = 10 ] && { cat "$dir/log" >&2; exit 1; }
done
cd "$OLDPWD"

export KONFA_TEST_POSTGRES="postgres://konfa@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
