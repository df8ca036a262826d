# shellcheck shell=bash
# The private PostgreSQL. Sourced by scripts/stack.
# shellcheck disable=SC2154  # repository, build: set by scripts/stack; state, sockets, users: by folders.sh

postgresPrograms() {
  local found
  found=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  [ -x "$found/initdb" ] || fail "PostgreSQL is not installed: run scripts/setup"
  echo "$found"
}

# PostgreSQL refuses to run as root and wants an account that has a name.
postgresAccount() {
  if ! asRoot; then id -un; return; fi
  getent passwd postgres >/dev/null || fail "there is no user postgres: run scripts/setup"
  echo postgres
}

# A server that was killed leaves two lock files, in its data and beside its socket, and PostgreSQL takes a dead process
# that nobody has reaped yet for a living one. The files go when none of its processes works in the data any more. (No
# server of ours is running: that was asked before.)
removeStaleLocks() {
  local data=$1 link tries=0 working=yes
  while [ $working = yes ]; do
    working=no
    for link in /proc/[0-9]*/cwd; do
      if [ "$(readlink "$link" 2>/dev/null || true)" = "$data" ]; then working=yes; fi
    done
    tries=$((tries + 1))
    [ $tries -lt 100 ] || fail "an old server's processes still work in $data"
    if [ $working = yes ]; then sleep 0.1; fi
  done
  rm -f "$data/postmaster.pid" "$sockets/postgres/.s.PGSQL.5432.lock"
}

startPostgres() {
  local data=$state/postgres/data programs account
  programs=$(postgresPrograms)
  account=$(postgresAccount)
  ensurePassword postgres_admin
  if [ ! -e "$data/waas-initialised" ]; then
    rm -rf "$data"
    # Read by initdb as the other user, and gone afterwards.
    local passwordFile=$state/postgres/password
    (umask 077; secretOf postgres_admin >"$passwordFile")
    if asRoot; then chown postgres "$passwordFile"; fi
    asPostgres "$programs/initdb" -D "$data" -U waas_admin --auth=scram-sha-256 --pwfile="$passwordFile" \
      --no-locale -E UTF8 --data-checksums >"$logs/initdb.log" 2>&1 || giveUp initdb "initdb failed"
    rm -f "$passwordFile"
    asPostgres touch "$data/waas-initialised"
  fi
  removeStaleLocks "$data"
  launch postgres "$account" "$(id -g "$account")" 077 "$programs/postgres" -D "$data" \
    -c listen_addresses= -c "unix_socket_directories=$sockets/postgres" -c unix_socket_permissions=0777 -c port=5432 \
    -c max_connections=50 -c shared_buffers=64MB -c synchronous_commit=on
  waitFor postgres PostgreSQL asAdmin -c 'SELECT 1'
}

asPostgres() {
  if asRoot; then (cd / && setpriv --reuid postgres --regid postgres --init-groups "$@"); else "$@"; fi
}

# psql as the superuser. The password goes by environment to a short-lived child, not into its arguments.
asAdmin() {
  PGPASSWORD=$(secretOf postgres_admin) psql -X -q -w -v ON_ERROR_STOP=1 -h "$sockets/postgres" -U waas_admin \
    -d "${database:-postgres}" "$@"
}

adminUrl() { echo "postgresql://waas_admin:$(secretOf postgres_admin)@/waas?host=$sockets/postgres"; }
ownerUrl() { echo "postgresql://waas_owner:$(secretOf postgres_owner)@/waas?host=$sockets/postgres"; }
brokerUrl() { echo "postgresql://waas_signer:$1@/waas?host=$sockets/postgres"; }

# Database, schema and roles: waas_owner owns the schema and migrates it; waas_signer is what the broker logs in as, with
# the rights of the group role that the migrations made for it, and no others.
preparePostgres() {
  ensurePassword postgres_owner
  ensurePassword postgres_password
  asAdmin <<END
SELECT 'CREATE ROLE waas_owner LOGIN CREATEROLE' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waas_owner') \gexec
SELECT 'CREATE ROLE waas_signer LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waas_signer') \gexec
ALTER ROLE waas_owner PASSWORD '$(secretOf postgres_owner)';
ALTER ROLE waas_signer PASSWORD '$(secretOf postgres_password)';
SELECT 'CREATE DATABASE waas OWNER waas_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'waas') \gexec
REVOKE ALL ON DATABASE waas FROM PUBLIC;
GRANT CONNECT ON DATABASE waas TO waas_signer;
END
  DATABASE_URL=$(ownerUrl) "$build/waas" db migrate --sql "$repository/sql" >>"$logs/migrate.log" 2>&1 || giveUp migrate "waas db migrate failed"
  asAdmin -c 'SET client_min_messages = warning' -c 'GRANT waas_broker TO waas_signer' 
}
