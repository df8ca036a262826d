# shellcheck shell=bash
# Where everything lies, and who may enter it. Sourced by scripts/stack.
#
#   $directory           what the caller named: stack.env, pids/, log/, state
#   $state               the data: $directory/state, or where that link leads
#   $sockets             Unix sockets: $state/s, or a short folder in /tmp
#   $programs            the daemon's programs: $build, or a copy where others can't enter that
# shellcheck disable=SC2034,SC2154  # directory, build: set by scripts/stack; what is set here, others read

# Longest name of a socket below $sockets ("/postgres/.s.PGSQL.5432"), and what the kernel takes.
LONGEST_SOCKET=23
MAX_SOCKET=107

asRoot() { [ "$(id -u)" = 0 ]; }

# Whether a user without any right of his own can reach the path through all of its folders.
isOpenToOthers() {
  local path=$1
  while [ "$path" != / ]; do
    local mode
    mode=$(stat -c %a "$path")
    if [ $((8#$mode & 1)) = 0 ]; then return 1; fi
    path=$(dirname "$path")
  done
}

# Finds the folders of an earlier `up`, without making any.
chooseFolders() {
  state=$directory/state
  # Resolved, because other users may not be able to enter what the link lies in.
  if [ -e "$state" ]; then state=$(readlink -f "$state"); fi
  sockets=$state/s
  if [ -e "$state/sockets-path" ]; then sockets=$(cat "$state/sockets-path"); fi
  pids=$directory/pids
  logs=$directory/log
  programs=$build
  if [ -d "$state/programs" ]; then programs=$state/programs; fi
  chooseUsers
}

# User ids that no account has, so that nothing needs to be added to the machine. Started by an ordinary user, all are his.
chooseUsers() {
  if ! asRoot; then
    vaultUid=$(id -u) brokerUid=$vaultUid redis1Uid=$vaultUid redis2Uid=$vaultUid gatewayUid=$vaultUid brokerGid=$(id -g)
    return
  fi
  if [ -e "$state/users" ]; then
    read -r vaultUid brokerUid redis1Uid redis2Uid gatewayUid <"$state/users"
    gatewayUid=${gatewayUid:-$((redis2Uid + 1))}  # a stack of before there was a gateway
  else
    local free=() candidate=58470
    while [ ${#free[@]} -lt 5 ]; do
      candidate=$((candidate + 1))
      if ! getent passwd "$candidate" >/dev/null && ! getent group "$candidate" >/dev/null; then free+=("$candidate"); fi
    done
    vaultUid=${free[0]} brokerUid=${free[1]} redis1Uid=${free[2]} redis2Uid=${free[3]} gatewayUid=${free[4]}
  fi
  brokerGid=$brokerUid
}

# Makes a folder with owner, group and mode. Group: who may enter it besides.
makeFolder() {
  mkdir -p "$1"
  if asRoot; then chown "$2:$3" "$1"; fi
  chmod "$4" "$1"
}

prepareFolders() {
  case $directory in *[!A-Za-z0-9/._+-]*) fail "the path $directory has characters that do not fit into an URL; take another" ;; esac
  local postgresUser root
  root=$(id -u)
  chmod 0711 "$directory"
  if [ ! -e "$directory/state" ] && [ -L "$directory/state" ]; then rm "$directory/state"; fi
  if [ ! -e "$directory/state" ]; then
    if asRoot && ! isOpenToOthers "$directory"; then
      local elsewhere
      elsewhere=$(mktemp -d /var/tmp/waas-stack-XXXXXX)
      chmod 0711 "$elsewhere"
      ln -s "$elsewhere" "$directory/state"
      say "other users can't enter $directory, so the data lie in $elsewhere"
    else
      mkdir "$directory/state"
    fi
  fi
  chmod 0711 "$directory/state"
  state=$(readlink -f "$directory/state")
  mkdir -p "$pids" "$logs"
  chmod 0700 "$pids" "$logs"

  chooseUsers
  if asRoot; then echo "$vaultUid $brokerUid $redis1Uid $redis2Uid $gatewayUid" >"$state/users"; fi
  chooseSockets
  postgresUser=$(postgresAccount)
  makeFolder "$state/postgres" "$postgresUser" "$root" 0700
  makeFolder "$sockets/postgres" "$postgresUser" "$brokerGid" 0755
  # Setgid: the sockets inside get the broker's group, and nobody else's.
  makeFolder "$state/redis1" "$redis1Uid" "$root" 0700
  makeFolder "$sockets/redis1" "$redis1Uid" "$brokerGid" 2750
  makeFolder "$state/redis2" "$redis2Uid" "$root" 0700
  makeFolder "$sockets/redis2" "$redis2Uid" "$brokerGid" 2750
  makeFolder "$sockets/vault" "$vaultUid" "$brokerGid" 2750
  makeFolder "$sockets/broker" "$brokerUid" "$brokerGid" 0755
  makeFolder "$state/vault" "$vaultUid" "$root" 0700
  makeFolder "$state/broker" "$brokerUid" "$root" 0700
  makeFolder "$state/secrets" "$root" "$root" 0700
  rm -rf "$state/programs"
  programs=$build
  if asRoot && ! othersCanRun; then
    # Only then: a copy would hide a rebuild from whoever restarts a part.
    mkdir -p "$state/programs"
    install -m 0755 "$build/waas-vault" "$build/waas-vault-guard" "$build/waas-broker" "$state/programs/"
    if hasGateway; then install -m 0755 "$build/waas-gateway" "$state/programs/"; fi
    programs=$state/programs
  fi
}

othersCanRun() {
  local program
  for program in waas-vault waas-vault-guard waas-broker; do
    local mode
    mode=$(stat -L -c %a "$build/$program")
    if [ $((8#$mode & 5)) != 5 ]; then return 1; fi
  done
  isOpenToOthers "$(readlink -f "$build")"
}

chooseSockets() {
  local wanted=$state/s
  if [ $((${#wanted} + LONGEST_SOCKET)) -le $MAX_SOCKET ]; then
    sockets=$wanted
  elif [ -e "$state/sockets-path" ] && [ -d "$(cat "$state/sockets-path")" ]; then
    sockets=$(cat "$state/sockets-path")
  else
    sockets=$(mktemp -d /tmp/waas-XXXXXX)
    echo "$sockets" >"$state/sockets-path"
    say "the path is too long for Unix sockets, so they lie in $sockets"
  fi
  mkdir -p "$sockets"
  chmod 0711 "$sockets"
}

removeSockets() {
  rm -f "$sockets"/*/*.sock "$sockets"/postgres/.s.PGSQL.*
  if [ -e "$state/sockets-path" ]; then
    rm -rf "$sockets"
    rm -f "$state/sockets-path"
  fi
}
