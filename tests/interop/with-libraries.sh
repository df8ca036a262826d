#!/bin/sh
# Installs the npm packages of this folder unless the lockfile's are there already, then runs its arguments.
# WAAS_NPM_FOLDER: the packages of another folder. Exit code 77 = they can't be installed; the reason is printed.
set -eu
here=${WAAS_NPM_FOLDER:-$(dirname "$(readlink -f "$0")")}
skip() { printf 'skipped: %s\n' "$1"; exit 77; }

command -v node > /dev/null || skip "node is not installed"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' || skip "node is older than 18"
command -v npm > /dev/null || skip "npm is not installed"
installed="$here/node_modules/.installed-from"
# Tests run in parallel; one installs, the others wait.
exec 9> "$here/.install.lock" || skip "$here can't be written to"
flock 9
if ! cmp -s "$here/package-lock.json" "$installed"; then
  log=$(mktemp)
  # Scripts of packages are not run: none of these needs its own.
  if ! (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund > "$log" 2>&1); then
    tail -n 20 "$log"
    rm -f "$log"
    skip "npm ci failed"
  fi
  rm -f "$log"
  cp "$here/package-lock.json" "$installed"
fi
flock -u 9
exec 9>&-
exec "$@"
