#!/bin/sh
# Runs its arguments with a running stack in the environment: the one that WAAS_SOCKET names already, or one of its own,
# which is stopped again at the end. WAAS_BUILD names the folder of the programs (default: build).
set -eu
repository=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
build=${WAAS_BUILD:-$repository/build}
export WAAS_CLI="${WAAS_CLI:-$build/waas}"
if [ -n "${WAAS_SOCKET:-}" ]; then exec "$@"; fi

directory=$(mktemp -d)
finish() {
  "$repository/scripts/stack" down --dir "$directory" || true
  rm -rf "$directory"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
WAAS_BUILD="$build" "$repository/scripts/stack" up --dir "$directory"
set -a
. "$directory/stack.env"
set +a
"$@"
