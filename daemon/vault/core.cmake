# Sources of the vault's core: secret memory, arithmetic, envelopes, keys. No KJ, no Cap'n Proto, no socket.
set(VAULT_CORE_SOURCES
  secret-memory.c++ secret-stack.c++ shamir.c++ kdf.c++ envelope.c++ recovery-envelope.c++ keyring.c++ keyring-file.c++
  root-credential.c++ make-keys.c++ random.c++ wallet-keys.c++
  open-shares.c++ wallet-advance.c++ wallet-tombstone.c++ floor-book.c++ key-transfer.c++ keyring-change.c++ custody.c++)
set(VAULT_CORE_USES secret protocol)
