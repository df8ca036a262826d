# shellcheck shell=bash
# Starting and ending processes, and never somebody else's. Sourced by scripts/stack.
#
# A pid file holds "pid starttime": a number that the kernel has given to another process since does not match, so
# nothing is ended that was not started here.
# shellcheck disable=SC2154  # pids, logs: set by folders.sh

# When the process started, in clock ticks since boot (field 22 of stat, counted after the name in brackets).
startTime() {
  local line fields
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -r -a fields <<<"${line##*) }"
  if [ "${fields[0]}" = Z ]; then return 1; fi
  echo "${fields[19]}"
}

recordProcess() { echo "$2 $(startTime "$2")" >"$pids/$1"; }

pidOf() {
  local pid started
  { read -r pid started <"$pids/$1"; } 2>/dev/null || return 1
  [ "$(startTime "$pid" || true)" = "$started" ] || return 1
  echo "$pid"
}

isRunning() { pidOf "$1" >/dev/null; }

# launch NAME USER GROUP UMASK PROGRAM ARGUMENTS…: as this user (when we are root), in a session of its own, without any
# of our descriptors, its output in the log. The process keeps its number through setsid and setpriv.
launch() {
  local part=$1 user=$2 group=$3 mask=$4
  shift 4
  local become=()
  if asRoot; then
    become=(setpriv --reuid "$user" --regid "$group" --clear-groups --inh-caps=-all --no-new-privs)
  fi
  (
    umask "$mask"
    cd /
    local descriptor
    for descriptor in /proc/self/fd/*; do
      descriptor=${descriptor##*/}
      if [ "$descriptor" -gt 2 ]; then eval "exec $descriptor>&-" 2>/dev/null || true; fi
    done
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 setsid "${become[@]}" "$@"
  ) </dev/null >>"$logs/$part.log" 2>&1 &
  recordProcess "$part" $!
}

# Ends a process with SIGNAL; with KILL after ten seconds.
stopProcess() {
  local part=$1 signal=$2 pid tries=0
  if pid=$(pidOf "$part"); then
    kill -s "$signal" "$pid"
    while isRunning "$part"; do
      tries=$((tries + 1))
      if [ $tries = 200 ]; then
        say "$part does not end, so it is killed"
        kill -s KILL "$pid" 2>/dev/null || true
      fi
      [ $tries -lt 400 ] || fail "$part (process $pid) can't be ended"
      sleep 0.05
    done
  fi
  rm -f "$pids/$part"
}

# waitFor NAME WHAT COMMAND…: asks again and again until the command succeeds; gives up when the process has ended.
waitFor() {
  local part=$1 what=$2 deadline=$((SECONDS + ${WAAS_STACK_WAIT:-30}))
  shift 2
  until "$@" >/dev/null 2>&1; do
    isRunning "$part" || giveUp "$part" "$part has ended"
    [ $SECONDS -lt $deadline ] || giveUp "$part" "$what: no answer in time"
    sleep 0.1
  done
}

giveUp() {
  printf -- '--- last lines of %s ---\n' "$logs/$1.log" >&2
  tail -n 20 "$logs/$1.log" >&2 || true
  fail "$2"
}

# A password that fits into a URL, a pg_hba line and an ACL line as it is.
randomPassword() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Makes a secret file once.
ensurePassword() {
  if [ ! -s "$state/secrets/$1" ]; then
    (umask 077; randomPassword >"$state/secrets/$1.new")
    mv "$state/secrets/$1.new" "$state/secrets/$1"
  fi
}

secretOf() { cat "$state/secrets/$1"; }
