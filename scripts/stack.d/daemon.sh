# shellcheck shell=bash
# Keys, settings and start of vault and broker. Sourced by scripts/stack.
# shellcheck disable=SC2154  # state, sockets, users, programs: set by folders.sh

signerSocket() { echo "$sockets/broker/signer.sock"; }
vaultSocket() { echo "$sockets/vault/vault.sock"; }

# Who calls: with sudo, the user behind it too.
callers() {
  id -u
  if asRoot && [ "${SUDO_UID:-0}" != 0 ]; then echo "$SUDO_UID"; fi
}

prepareDaemon() {
  makeKeys
  writeVaultSettings
  writeBrokerSettings
}

# Keys are made by the vault program itself, as the vault's user, so that nobody else ever reads them.
makeKeys() {
  if [ -e "$directory/vault.pub" ]; then return; fi
  rm -rf "$state/vault/credentials" "$state/vault/vault.pub"
  local become=()
  if asRoot; then become=(setpriv --reuid "$vaultUid" --regid "$vaultUid" --clear-groups --inh-caps=-all --no-new-privs); fi
  (
    umask 077
    cd /
    "${become[@]}" mkdir -m 0700 "$state/vault/credentials"
    "${become[@]}" "$programs/waas-vault" --make-keys "$state/vault/credentials" --public "$state/vault/vault.pub"
  ) >>"$logs/vault.log" 2>&1 || giveUp vault "waas-vault --make-keys failed"
  install -m 0444 "$state/vault/vault.pub" "$directory/vault.pub"
}

writeVaultSettings() {
  local uid
  {
    echo "# Made by scripts/stack; what a line means is written in daemon/vault/README.md."
    echo "broker uid $brokerUid"
    echo "socket $(signerSocket)"
    for uid in $(callers); do
      echo "allow uid $uid operator login"
      echo "allow uid $uid service demo"
    done
    if asRoot; then echo "allow uid $gatewayUid login"; fi
    policyLine
    if [ -n "${WAAS_STACK_ALLOW:-}" ]; then echo "$WAAS_STACK_ALLOW"; fi
    if [ -n "${WAAS_STACK_VAULT_CONF:-}" ]; then echo "$WAAS_STACK_VAULT_CONF"; fi
  } >"$state/vault.conf"
  chmod 0644 "$state/vault.conf"
}

writeBrokerSettings() {
  local credentials=$state/broker/credentials name
  mkdir -p "$credentials"
  chmod 0700 "$credentials"
  for name in postgres_password redis_1_password redis_2_password; do
    install -m 0400 "$state/secrets/$name" "$credentials/$name"
  done
  if asRoot; then chown -R "$brokerUid:$brokerUid" "$credentials"; fi
  chmod 0500 "$credentials"
  {
    echo "# Made by scripts/stack; what a setting means is written in daemon/broker/settings.h."
    cat <<END
[signerd]
socket = "$(signerSocket)"
vault = "$(vaultSocket)"

[postgres]
url = "postgresql://waas_signer@/waas?host=$sockets/postgres"

[redis_1]
url = "unix://waas-broker@$sockets/redis1/redis.sock"

[redis_2]
url = "unix://waas-broker@$sockets/redis2/redis.sock"
END
    if [ -n "${WAAS_STACK_SIGNERD_TOML:-}" ]; then printf '\n%s\n' "$WAAS_STACK_SIGNERD_TOML"; fi
  } >"$state/signerd.toml"
  chmod 0644 "$state/signerd.toml"
}

# The guard starts the vault and is its tracer from the first instruction on; when one ends, so does the other. The
# socket's folder is setgid, so 0007 gives the broker's group the right to connect, and nobody else.
startVault() {
  rm -f "$(vaultSocket)"
  launch vault "$vaultUid" "$vaultUid" 007 "$programs/waas-vault-guard" -- "$programs/waas-vault" \
    --config "$state/vault.conf" --credentials "$state/vault/credentials" --listen "$(vaultSocket)"
  waitFor vault "the vault's socket" test -S "$(vaultSocket)"
}

# The broker lets its group connect. Here anybody may, so that tests can come as whom they like: who gets a role is the
# vault's decision, by what the kernel says of the peer.
startBroker() {
  rm -f "$(signerSocket)"
  launch broker "$brokerUid" "$brokerGid" 077 "$programs/waas-broker" \
    --config "$state/signerd.toml" --credentials "$state/broker/credentials" --listen "$(signerSocket)"
  waitFor broker "the broker's socket" test -S "$(signerSocket)"
  chmod 0666 "$(signerSocket)"
}

# The guard's one child.
vaultPid() {
  local guard child
  guard=$(pidOf vault) || return 0
  for child in $(cat "/proc/$guard/task/$guard/children" 2>/dev/null || true); do
    echo "$child"
    return
  done
}

writeEnvironment() {
  local file=$directory/stack.env
  (
    umask 077
    {
      echo "WAAS_SOCKET='$(signerSocket)'"
      echo "WAAS_VAULT_PUB='$directory/vault.pub'"
      echo "DATABASE_URL='$(brokerUrl "$(secretOf postgres_password)")'"
      echo "REDIS_URL_1='unix://waas-broker:$(secretOf redis_1_password)@$sockets/redis1/redis.sock'"
      echo "REDIS_URL_2='unix://waas-broker:$(secretOf redis_2_password)@$sockets/redis2/redis.sock'"
      echo "WAAS_VAULT_PID=$(vaultPid)"
      echo "WAAS_GUARD_PID=$(pidOf vault || true)"
      echo "WAAS_BROKER_PID=$(pidOf broker || true)"
      echo "POSTGRES_PID=$(pidOf postgres || true)"
      echo "REDIS_1_PID=$(pidOf redis1 || true)"
      echo "REDIS_2_PID=$(pidOf redis2 || true)"
      writeGatewayEnvironment
      if decidesByPolicy; then echo "WAAS_STACK_POLICY_KEY='$(policyKeyFile)'"; fi
      echo "WAAS_STACK_DATABASE_URL='$(adminUrl)'"
      echo "WAAS_STACK_REDIS_URL_1='unix://admin:$(secretOf redis_1_admin)@$sockets/redis1/redis.sock'"
      echo "WAAS_STACK_REDIS_URL_2='unix://admin:$(secretOf redis_2_admin)@$sockets/redis2/redis.sock'"
    } >"$file.new"
  )
  mv "$file.new" "$file"
}

# waitUntilReady PART…: these run, and the daemon answers on its socket and reaches every part that runs. (A test may have
# stopped others.)
waitUntilReady() {
  local part
  for part in "$@"; do isRunning "$part" || giveUp "$part" "$part has ended"; done
  if isRunning broker; then waitFor broker "the daemon" isReady; fi
  # Only where all that it needs runs: a test may have stopped something.
  if hasGateway && isRunning gateway && allRun; then waitFor gateway "the gateway" gatewayIsReady; fi
  writeEnvironment
}

allRun() {
  local part
  for part in "${PARTS[@]}"; do isRunning "$part" || return 1; done
}

isReady() {
  local part running=""
  for part in postgres redis1 redis2 vault; do
    if isRunning "$part"; then running+=" $part"; fi
  done
  # Exit code 1 says that something is at risk, which may be true of a machine without secret memory: what counts here
  # is what the report says of the parts.
  { "$build/waas" --json --socket "$(signerSocket)" --vault-pub "$directory/vault.pub" health 2>/dev/null || true; } |
    python3 -c 'import json, sys
report = json.load(sys.stdin)
reached = {store["name"] for store in report["stores"] if store["reachable"]}
# A vault that has not got its policy yet signs nothing.
if report["vault"]["reachable"] and report["vault"]["policy"] >= int(sys.argv[2]): reached.add("vault")
sys.exit(not reached.issuperset(sys.argv[1].split()))' "$running" "$(cat "$state/policy/number" 2>/dev/null || echo 0)"
}
