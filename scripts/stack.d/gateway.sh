# shellcheck shell=bash
# The HTTP gateway: its database role, credentials, settings and start. Sourced by scripts/stack.
# shellcheck disable=SC2154  # state, sockets, users, programs: set by folders.sh

# A build without the program makes a stack without it.
hasGateway() { [ -x "$build/waas-gateway" ]; }

gatewayPort() { cat "$state/gateway/port"; }
gatewayUrl() { echo "$(if usesTls; then echo https; else echo http; fi)://127.0.0.1:$(gatewayPort)"; }
usesTls() { [ -e "$state/gateway/credentials/tls_key" ]; }

prepareGateway() {
  if ! hasGateway; then return; fi
  makeFolder "$state/gateway" "$(id -u)" "$gatewayUid" 0750
  prepareGatewayDatabase
  writeGatewayCredentials
  writeGatewaySettings
}

prepareGatewayDatabase() {
  ensurePassword gateway_postgres_password
  asAdmin <<END
SELECT 'CREATE ROLE waas_gateway LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'waas_gateway') \gexec
ALTER ROLE waas_gateway PASSWORD '$(secretOf gateway_postgres_password)';
GRANT CONNECT ON DATABASE waas TO waas_gateway;
END
  DATABASE_URL=$(ownerUrl) "$build/waas" db migrate --gateway --sql "$repository/sql/gateway" >>"$logs/migrate.log" 2>&1 ||
    giveUp migrate "waas db migrate --gateway failed"
  asAdmin -c 'SET client_min_messages = warning' -c 'GRANT waas_web TO waas_gateway'
}

writeGatewayCredentials() {
  local credentials=$state/gateway/credentials
  mkdir -p "$credentials"
  chmod 0700 "$credentials"
  ensurePassword cron_secret
  install -m 0400 "$state/secrets/gateway_postgres_password" "$credentials/postgres_password"
  install -m 0400 "$state/secrets/cron_secret" "$credentials/cron_secret"
  if [ "${WAAS_STACK_GATEWAY_TLS:-no}" = yes ] && [ ! -e "$credentials/tls_key" ]; then makeCertificate "$credentials"; fi
  if asRoot; then chown -R "$gatewayUid:$gatewayUid" "$credentials"; fi
  chmod 0500 "$credentials"
}

# An authority of its own, which nobody trusts who was not told to, and a certificate for loopback.
makeCertificate() {
  local folder=$state/secrets
  (
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=private stack" \
      -keyout "$folder/tls_authority_key" -out "$folder/tls_authority"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
      -keyout "$1/tls_key" -out "$folder/tls_request"
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$folder/tls_extensions"
    openssl x509 -req -days 30 -in "$folder/tls_request" -CA "$folder/tls_authority" -CAkey "$folder/tls_authority_key" \
      -CAcreateserial -extfile "$folder/tls_extensions" -out "$1/tls_certificate"
  ) >>"$logs/gateway-tls.log" 2>&1 || giveUp gateway-tls "openssl could not make a certificate"
  install -m 0444 "$folder/tls_authority" "$directory/gateway-ca.pem"
}

# One port for the life of the stack, so that a restart does not change the address.
choosePort() {
  if [ -s "$state/gateway/port" ]; then return; fi
  python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])' >"$state/gateway/port"
}

writeGatewaySettings() {
  choosePort
  install -m 0444 "$directory/vault.pub" "$state/gateway/vault.pub"
  {
    echo "# Made by scripts/stack; what a setting means is written in client/gateway/settings.h."
    cat <<END
[gateway]
listen = "127.0.0.1:$(gatewayPort)"
socket = "$(signerSocket)"
vault_pub = "$state/gateway/vault.pub"
${WAAS_STACK_GATEWAY_SETTINGS:-}

[postgres]
url = "postgresql://waas_gateway@/waas?host=$sockets/postgres"
END
    if [ -n "${WAAS_STACK_GATEWAY_TOML:-}" ]; then printf '\n%s\n' "$WAAS_STACK_GATEWAY_TOML"; fi
  } >"$state/gateway/gateway.toml"
  chmod 0644 "$state/gateway/gateway.toml"
}

startGateway() {
  launch gateway "$gatewayUid" "$gatewayUid" 077 "$programs/waas-gateway" \
    --config "$state/gateway/gateway.toml" --credentials "$state/gateway/credentials"
  waitFor gateway "the gateway's port" gatewayListens
}

gatewayListens() { (exec 3<>"/dev/tcp/127.0.0.1/$(gatewayPort)") 2>/dev/null; }

# Ready means that it reaches the daemon, which a test may have stopped: then it only has to run.
gatewayIsReady() {
  python3 - "$(gatewayUrl)/readyz" <<'END'
import ssl, sys, urllib.request
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
urllib.request.urlopen(sys.argv[1], timeout=10, context=context if sys.argv[1].startswith("https") else None)
END
}

writeGatewayEnvironment() {
  if ! hasGateway || [ ! -s "$state/gateway/port" ]; then return; fi
  echo "WAAS_GATEWAY_URL='$(gatewayUrl)'"
  if usesTls; then echo "WAAS_GATEWAY_CA='$directory/gateway-ca.pem'"; fi
  echo "WAAS_CRON_SECRET_FILE='$state/secrets/cron_secret'"
  echo "WAAS_GATEWAY_PID=$(pidOf gateway || true)"
}
