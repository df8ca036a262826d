# Sources of the vault's service: who asks, what is answered, the link, start-up.
set(VAULT_SERVICE_SOURCES
  account-record.c++ advance-request.c++ attempt-limiter.c++ audit-ring.c++ caller.c++ challenge.c++ clock.c++ config.c++ decision.c++ limit-row.c++ link.c++ link-requests.c++
  listener.c++
  login.c++ passed-socket.c++ peer-table.c++ policy-requests.c++ policy-state.c++ record-handler.c++ request-table.c++ service.c++ session-requests.c++
  session-token.c++ sign-request.c++ wallet-requests.c++ wallet-row.c++ warm-up.c++
  key-requests.c++ transfer-requests.c++)
set(VAULT_PROGRAM_SOURCES main.c++)
set(VAULT_SERVICE_USES solana policy inner errors seccomp)
