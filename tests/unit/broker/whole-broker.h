#pragma once
// The real broker program in its sandbox, with the real vault under its guard, a real PostgreSQL and two real Redis
// servers, all of this test's own.
#include <servers.h>
#include <signal.h>
#include <sys/types.h>

#include <string>

#include "hostile-broker/vault-process.h"

namespace waas::testing {

struct BrokerOptions {
  std::string toml = {};  // tables for signerd.toml besides the stores
  std::string vaultLines = "allow uid %u operator login\nallow uid %u service payouts\n";
};

// Starts everything and waits until the broker listens. A resource.
class WholeBroker {
 public:
  explicit WholeBroker(const BrokerOptions& options = {});
  ~WholeBroker();
  WholeBroker(const WholeBroker&) = delete;
  WholeBroker& operator=(const WholeBroker&) = delete;

  std::string socket() const { return vault.publicSocket(); }
  pid_t pid() const { return child; }
  bool isAlive() const;
  size_t residentBytes() const;
  size_t openDescriptors() const;

  // Sends a signal and waits for the end: the exit code, or minus the signal.
  int end(int signal) {
    kill(child, signal);
    return waitForEnd();
  }
  int waitForEnd();
  void start();
  void restart() {
    end(SIGKILL);
    start();
  }

  // What the broker wrote to standard error so far.
  std::string log() const;

  PrivatePostgres postgres;
  PrivateRedis redis1;
  PrivateRedis redis2;
  hostile::VaultProcess vault;

 private:
  TemporaryFolder folder;
  BrokerOptions options;
  pid_t child = -1;
};

// Runs the broker's program to its end.
hostile::RunResult runBroker(const std::vector<std::string>& arguments);

}  // namespace waas::testing
