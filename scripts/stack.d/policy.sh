# shellcheck shell=bash
# The policy that the vault decides by: its key, its bundle, its floor. Sourced by scripts/stack.
# shellcheck disable=SC2154  # repository, build: set by scripts/stack; state, users, programs: by folders.sh
#
# The key stays in the stack's folder, which a real one must not: here everything is thrown away.

policyFile() { echo "${WAAS_POLICY:-$repository/policy/examples/development.toml}"; }
decidesByPolicy() { [ "${WAAS_POLICY:-}" != none ]; }

policyKeyFile() { echo "$state/policy/key"; }

preparePolicy() {
  if ! decidesByPolicy; then return; fi
  makeFolder "$state/policy" "$(id -u)" "$(id -g)" 0700
  if [ ! -e "$state/policy/public" ]; then
    rm -f "$(policyKeyFile)"
    "$build/waas" --json policy key "$(policyKeyFile)" >"$state/policy/made" 2>>"$logs/policy.log" ||
      giveUp policy "waas policy key failed"
    grep -oE '[0-9a-f]{64}' "$state/policy/made" | head -n 1 >"$state/policy/public"
  fi
}

# What vault.conf says about it.
policyLine() {
  if decidesByPolicy; then echo "policy_key $(cat "$state/policy/public")"; else echo "policy none"; fi
}

# A file that has changed since, or was never loaded, gets the next number.
loadPolicyFile() {
  if ! decidesByPolicy; then return; fi
  local file hash number bundle=$state/policy/bundle
  file=$(policyFile)
  [ -r "$file" ] || fail "the policy $file can't be read"
  hash=$(sha256sum "$file" | cut -c1-64)
  if [ "$(cat "$state/policy/loaded" 2>/dev/null || true)" = "$hash" ]; then return; fi
  number=$(($(cat "$state/policy/number" 2>/dev/null || echo 0) + 1))
  {
    "$build/waas" policy sign "$file" --key "$(policyKeyFile)" --number "$number" --out "$bundle" &&
      "$build/waas" --socket "$(signerSocket)" --vault-pub "$directory/vault.pub" policy load "$bundle"
  } >>"$logs/policy.log" 2>&1 || giveUp policy "the policy $file could not be loaded"
  echo "$number" >"$state/policy/number"
  echo "$hash" >"$state/policy/loaded"
  raiseFloor "$number"
}

# The vault's credential: no start takes an older policy from now on.
raiseFloor() {
  local floor=$state/vault/credentials/policy_floor
  (umask 077 && echo "$1" >"$state/policy/floor")
  if asRoot; then
    install -o "$vaultUid" -g "$vaultUid" -m 0400 "$state/policy/floor" "$floor"
  else
    install -m 0400 "$state/policy/floor" "$floor"
  fi
}
