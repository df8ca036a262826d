// The vault's table. See sandbox.h for the descriptors. Nothing here maps, opens, forks or connects.
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "seccomp/sandbox.h"

namespace waas::seccomp {

Profile vaultProfile() { return vaultProfileWith({}); }

Profile vaultProfileWith(const VaultSandboxOptions& options) {
  constexpr const char* LINK = "link: records in, replies out";
  constexpr const char* PASSED = "passed sockets: who is that peer?";
  constexpr const char* ACCEPT = "the next broker";
  constexpr const char* RUNTIME = "runtime: waiting, randomness, time, the end";
  constexpr const char* KEYS = "keys: their pages, and no others";
  auto protect = [&](uint64_t protection, const char* reason) -> Row {
    return {WAAS_CALL(mprotect),
            {{longIs(0, reinterpret_cast<uintptr_t>(options.keys.data())), longIs(1, options.keys.size()),
              longIs(2, protection)}},
            ALLOW,
            KEYS,
            reason};
  };
  // SO_PEERGROUPS came after SO_PEERSEC; the rest is old.
  auto ask = [&](int name, const char* reason) -> Row {
    return {WAAS_CALL(getsockopt),
            {{intAtLeast(0, VAULT_FIRST_PASSED), intIs(1, SOL_SOCKET), intIs(2, name)}},
            ALLOW,
            PASSED,
            reason};
  };
  return {
      "vault",
      {
          {WAAS_CALL(recvmsg), {{intIs(0, VAULT_LINK)}}, ALLOW, LINK, "a worker waits for a record"},
          {WAAS_CALL(sendmsg), {{intIs(0, VAULT_LINK)}}, ALLOW, LINK, "a worker sends its reply"},

          {WAAS_CALL(futex),
           {{bitsAre(1, static_cast<uint32_t>(FUTEX_PRIVATE_FLAG), FUTEX_PRIVATE_FLAG)}},
           ALLOW,
           RUNTIME,
           "locks between workers; private, since shared futexes on secret pages fail"},
          {WAAS_CALL(getrandom), {}, ALLOW, RUNTIME, "ids, salts, shares, keys of envelopes"},
          {WAAS_CALL(clock_gettime),
           {{intIs(0, CLOCK_REALTIME)}},
           ALLOW,
           RUNTIME,
           "expiry of tokens, where the vDSO has no clock"},
          {WAAS_CALL(clock_gettime),
           {{intIs(0, CLOCK_MONOTONIC)}},
           ALLOW,
           RUNTIME,
           "waits with a limit, where the vDSO has no clock"},
          {WAAS_CALL(write), {{intIs(0, 2)}}, ALLOW, RUNTIME, "last words"},
          {WAAS_CALL(rt_sigreturn), {}, ALLOW, RUNTIME, "end of a signal handler"},
          {WAAS_CALL(restart_syscall), {}, ALLOW, RUNTIME, "a wait goes on after SIGCONT"},
          {WAAS_CALL(exit_group), {}, ALLOW, RUNTIME, "the end"},

          protect(PROT_READ | PROT_WRITE, "a key version is added, retired, lent or forgotten"),
          protect(PROT_READ, "and the keys are read-only again: a stray write would make records that nobody opens"),

          ask(SO_PEERCRED, "uid and primary group"),
          ask(SO_PEERGROUPS, "the other groups"),
          ask(SO_DOMAIN, "refuse what is not AF_UNIX"),
          ask(SO_TYPE, "refuse what is not a stream"),
          ask(SO_ACCEPTCONN, "refuse a listener"),
          {WAAS_CALL(getsockname),
           {{intAtLeast(0, VAULT_FIRST_PASSED)}},
           ALLOW,
           PASSED,
           "its own name must be the daemon's socket: a client's end would show the wrong uid"},
          {WAAS_CALL(getpeername),
           {{intAtLeast(0, VAULT_FIRST_PASSED)}},
           ALLOW,
           PASSED,
           "refuse what is not connected"},
          {WAAS_CALL(setsockopt),
           {{intAtLeast(0, VAULT_FIRST_PASSED), intIs(1, SOL_SOCKET), intIs(2, SO_LINGER)}},
           ALLOW,
           PASSED,
           "switched off before close: a passed TCP socket that lingers would hold the worker as long as it likes"},
          {WAAS_CALL(close), {{intAtLeast(0, VAULT_FIRST_PASSED)}}, ALLOW, PASSED, "at once after the look"},

          {WAAS_CALL(accept4), {{intIs(0, VAULT_LISTENER)}}, ALLOW, ACCEPT, "when the last one has gone"},
          {WAAS_CALL(dup3),
           {{intAtLeast(0, VAULT_FIRST_PASSED), intIs(1, VAULT_LINK), intIs(2, O_CLOEXEC)}},
           ALLOW,
           ACCEPT,
           "the new connection takes the link's number"},
          {WAAS_CALL(shutdown),
           {{intIs(0, VAULT_LINK)}},
           ALLOW,
           ACCEPT,
           "wakes all workers when one saw a malformed record"},
      }};
}

}  // namespace waas::seccomp
