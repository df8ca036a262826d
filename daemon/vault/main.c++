// The vault's start, in the order of losing power. Wiring only: each step is one function that says why it stands here.
#include <fcntl.h>
#include <kj/exception.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "daemon/vault/keyring-file.h"
#include "daemon/vault/link.h"
#include "daemon/vault/listener.h"
#include "daemon/vault/make-keys.h"
#include "daemon/vault/secret-heap.h"
#include "daemon/vault/secret-stack.h"
#include "daemon/vault/warm-up.h"
#include "protocol/key-box.h"
#include "seccomp/install.h"
#include "seccomp/process-limits.h"
#include "seccomp/sandbox.h"

namespace waas::vault {
namespace {

struct Arguments {
  std::string config, credentials, listen, makeKeysIn, publicFile, threshold;
  std::vector<std::string> custodians;
  bool printSandbox = false;
};

[[noreturn]] void refuseToStart(const std::string& why, int code = 1) {
  lastWords("waas-vault: " + why + "\n");
  _exit(code);
}

void require(const seccomp::Outcome& outcome) {
  if (outcome) refuseToStart(outcome->sentence);
}

Arguments parseArguments(int argc, char** argv) {
  constexpr int USAGE = 2;
  Arguments a;
  if (const char* folder = getenv("CREDENTIALS_DIRECTORY")) a.credentials = folder;
  for (int i = 1; i < argc; i++) {
    std::string_view name = argv[i];
    if (name == "--print-sandbox") {
      a.printSandbox = true;
      continue;
    }
    std::string* value = name == "--config"        ? &a.config
                         : name == "--credentials" ? &a.credentials
                         : name == "--listen"      ? &a.listen
                         : name == "--make-keys"   ? &a.makeKeysIn
                         : name == "--public"      ? &a.publicFile
                         : name == "--custody"     ? &a.threshold
                         : name == "--custodian"   ? &a.custodians.emplace_back()
                                                   : nullptr;
    if (value == nullptr || ++i == argc) {
      refuseToStart(
          "usage: waas-vault --config FILE --credentials DIR [--listen PATH] | --make-keys DIR --public FILE"
          " [--custody THRESHOLD --custodian KEY …] | --print-sandbox",
          USAGE);
    }
    *value = argv[i];
  }
  if (a.makeKeysIn.empty() != a.publicFile.empty()) refuseToStart("--make-keys and --public belong together", USAGE);
  if (a.threshold.empty() != a.custodians.empty()) refuseToStart("--custody and --custodian belong together", USAGE);
  return a;
}

// Who keeps the recovery key: a threshold, and public keys as `waas custody key` prints them.
CustodyPlan custodyPlan(const Arguments& a) {
  CustodyPlan plan;
  if (a.custodians.empty()) return plan;
  for (const std::string& text : a.custodians) {
    size_t size = 0;
    PublicKey& key = plan.custodians.emplace_back();
    if (sodium_base642bin(key.data(), key.size(), text.data(), text.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size != key.size()) {
      refuseToStart("--custodian needs a custodian's public key, 44 characters of base64");
    }
  }
  int threshold = atoi(a.threshold.c_str());
  if (threshold < 2 || static_cast<size_t>(threshold) > plan.custodians.size() ||
      plan.custodians.size() > MAX_CUSTODIANS)
    refuseToStart("--custody needs a number from 2 to that of the custodians, of whom there are at most 16");
  plan.threshold = static_cast<uint8_t>(threshold);
  return plan;
}

// Things that the same program does for people, without becoming a vault.
void runTool(const Arguments& a) {
  if (a.printSandbox) {
    std::string table = seccomp::describe(seccomp::vaultProfile());
    exit(fwrite(table.data(), 1, table.size(), stdout) == table.size() ? 0 : 1);
  }
  if (!a.makeKeysIn.empty()) {
    KernelRandom random;
    std::string failed = makeKeys(a.makeKeysIn, a.publicFile, random, custodyPlan(a));
    if (!failed.empty()) refuseToStart(failed);
    exit(0);
  }
}

Config readConfig(const std::string& path) {
  if (path.empty()) refuseToStart("--config is missing");
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) refuseToStart("the configuration can't be read: " + std::string(strerror(errno)));
  std::string text(MAX_CONFIG_BYTES + 1, '\0');
  ssize_t n = read(fd, text.data(), text.size());
  close(fd);
  if (n < 0 || n > static_cast<ssize_t>(MAX_CONFIG_BYTES))
    refuseToStart("the configuration is no readable file of at most 64 KiB");
  text.resize(static_cast<size_t>(n));
  Config config;
  if (auto error = config.parse(text)) {
    refuseToStart("configuration, line " + std::to_string(error->line) + ": " + error->says);
  }
  if (config.workers == 0) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    config.workers = static_cast<unsigned>(std::clamp(online, 1l, static_cast<long>(MAX_WORKERS)));
  }
  return config;
}

// The floor stands beside the keys, not in the configuration, because loading a policy raises it. There need be none.
void readPolicyFloor(const std::string& credentials, Config& config) {
  constexpr size_t MOST = 32;
  int fd = open((credentials + "/policy_floor").c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && errno == ENOENT) return;
  std::string text(MOST, '\0');
  ssize_t n = fd < 0 ? -1 : read(fd, text.data(), text.size());
  if (fd >= 0) close(fd);
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  if (!config.raisePolicyFloor(text)) refuseToStart("the credential policy_floor is not a policy's number");
}

// Puts something at the link's number, so that descriptors that come later are never mistaken for the link.
void occupyLink() {
  if (dup3(seccomp::VAULT_LISTENER, seccomp::VAULT_LINK, O_CLOEXEC) != seccomp::VAULT_LINK) {
    refuseToStart("descriptors can't be arranged");
  }
}

// One thread's worth of secret memory.
struct Worker {
  Worker(const Config& config, const Keyring& keyring, Link& link)
      : config(config), keyring(keyring), link(link), stack(SECRET_STACK_BYTES) {}

  const Config& config;
  const Keyring& keyring;
  Link& link;
  SecretRegion stack;
  SecretBox<WorkerScratch> scratch;
};

// Keeps KJ's exceptions free of addresses (they would help against ASLR) and the log free of anything.
class QuietExceptions final : public kj::ExceptionCallback {
 public:
  void logMessage(kj::LogSeverity, const char*, int, int, kj::String&&) override {}
  StackTraceMode stackTraceMode() override { return StackTraceMode::NONE; }
};

void* runWorker(void* argument) {
  Worker& worker = *static_cast<Worker*>(argument);
  QuietExceptions quiet;
  bool warm = false;
  try {
    warm = warmUp(worker.config, worker.keyring, *worker.scratch);
  } catch (...) {
    // Falls through to the refusal.
  }
  if (!warm) refuseToStart("the rehearsal before the start failed: keys, memory or processor are not as they must be");
  worker.link.work(*worker.scratch);
}

void requireSecretMemory(const Config& config) {
  // The worst of all regions counts. The heap is one of them, unless a sanitizer's malloc had to stay.
  SecretMemoryKind worst = std::min(worstSecretMemory(), heapKind());
  if (worst == SecretMemoryKind::SECRET) return;
  if (config.requireSecretMemory) {
    refuseToStart(
        "require_secret_memory is set, but this kernel has no secret memory to give (memfd_secret(2), Linux 6.5"
        " or secretmem.enable=1; and a memlock limit of 8 MiB)");
  }
  lastWords(
      worst == SecretMemoryKind::LOCKED
          ? "waas-vault: warning: no secret memory here, only locked memory: root can read keys\n"
          : "waas-vault: warning: no secret memory here, nor locked memory: keys may be swapped and read by root\n");
}

// SIGTERM and SIGINT end the vault at once: there is nothing to save. The handler runs on the main thread, which has
// never held a secret; workers have all signals blocked.
void arrangeSignals() {
  struct sigaction end {};
  end.sa_handler = [](int) { _exit(0); };
  sigaction(SIGTERM, &end, nullptr);
  sigaction(SIGINT, &end, nullptr);
  sigset_t others;
  sigfillset(&others);
  sigdelset(&others, SIGTERM);
  sigdelset(&others, SIGINT);
  pthread_sigmask(SIG_SETMASK, &others, nullptr);
}

[[noreturn]] void start(const Arguments& arguments) {
  // Undumpable, no core, no inherited descriptors: before the first secret is read.
  require(seccomp::beginVault({.listenerInherited = isSocketPassed()}));
  // All that needs /proc or the file system, while there is one.
  Config config = readConfig(arguments.config);
  std::string failed = openListener(arguments.listen, seccomp::VAULT_LISTENER);
  if (!failed.empty()) refuseToStart(failed);
  occupyLink();
  SystemClock clock;
  StartFacts facts{seccomp::isTraced().value_or(false), config.workers, clock.now()};

  // The keys, straight into secret memory, on a secret stack; the files are closed again.
  Keyring keyring;
  if (arguments.credentials.empty()) refuseToStart("--credentials is missing, and so is CREDENTIALS_DIRECTORY");
  readPolicyFloor(arguments.credentials, config);
  failed = loadKeyring(arguments.credentials.c_str(), keyring);
  if (!failed.empty()) refuseToStart(failed);
  // What computes with keys must not do so on this thread's stack.
  KernelRandom random;
  std::unique_ptr<Service> service;
  SecretRegion startStack(SECRET_STACK_BYTES);
  if (!callOnSecretStack(startStack,
                         [&] { service = std::make_unique<Service>(config, keyring, random, clock, facts); })) {
    refuseToStart("no secret stack");
  }
  service->changeable = &keyring;

  // Landlock binds only threads that start later.
  seccomp::LandlockReport landlock;
  require(seccomp::leaveVaultFiles(landlock));
  Link link(*service, seccomp::VAULT_LISTENER, seccomp::VAULT_LINK, config.workers);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < config.workers; i++) {
    workers.push_back(std::make_unique<Worker>(config, keyring, link));
  }
  requireSecretMemory(config);
  for (auto& worker : workers) {
    if (!startOnSecretStack(worker->stack, runWorker, worker.get())) refuseToStart("a worker could not be started");
  }
  link.awaitWorkers();

  arrangeSignals();
  notifyReady();
  lastWords(facts.guarded ? "waas-vault: started, guarded\n" : "waas-vault: started without a guard\n");
  // From here on the vault opens, maps and starts nothing.
  require(seccomp::enterVaultSandbox({keyring.pages()}));
  link.serve();
}

}  // namespace
}  // namespace waas::vault

int main(int argc, char** argv) {
  using namespace waas::vault;
  if (sodium_init() < 0 || !waas::vault::aesAvailable())
    refuseToStart("libsodium, or a processor with AES instructions, is missing");
  try {
    Arguments arguments = parseArguments(argc, argv);
    runTool(arguments);
    start(arguments);
  } catch (const std::bad_alloc&) {
    refuseToStart("there is not enough memory");
  } catch (...) {
    refuseToStart("start-up failed");
  }
}
