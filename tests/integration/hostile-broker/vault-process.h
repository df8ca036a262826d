#pragma once
// The real vault under its real guard, with throw-away keys in a temporary folder.
#include <sys/types.h>

#include <string>
#include <vector>

#include "protocol/public-keys.h"

namespace waas::hostile {

struct VaultOptions {
  // Lines of vault.conf besides `broker` and `socket`. %u is this process's uid.
  std::string lines = "allow uid %u operator login service payouts\n";
  std::string workers = "2";
  bool guarded = true;
};

// Starts a vault and waits until it says that it has started; ends it with the object. A resource.
class VaultProcess {
 public:
  explicit VaultProcess(const VaultOptions& options = {});
  ~VaultProcess();
  VaultProcess(const VaultProcess&) = delete;
  VaultProcess& operator=(const VaultProcess&) = delete;

  // Ends it and starts it anew with the same keys and settings.
  void restart();
  // Sends SIGTERM; returns the exit code, or minus the signal.
  int terminate();

  // Stops all its threads, and lets them go on. Returns when they stand still.
  void stop();
  void goOn();
  bool isAlive() const;
  pid_t vaultPid() const { return vault; }
  size_t residentBytes() const;  // ordinary and secret memory alike
  size_t virtualBytes() const;
  const VaultPublicKeys& publicKeys() const { return keys; }
  std::string vaultSocket() const { return folder + "/vault.sock"; }
  std::string publicSocket() const { return folder + "/signer.sock"; }
  std::string inFolder(const std::string& name) const { return folder + "/" + name; }
  const std::string& said() const { return output; }  // on standard error, until it had started

 private:
  void start();

  VaultOptions options;
  std::string folder;
  VaultPublicKeys keys;
  std::string output;
  int errors = -1;
  pid_t child = -1;  // the guard, or the vault
  pid_t vault = -1;
};

// Runs the program with these arguments; returns its exit code (minus the signal) and what it wrote.
struct RunResult {
  int code = 0;
  std::string output;
};
RunResult runVault(const std::vector<std::string>& arguments);

}  // namespace waas::hostile
