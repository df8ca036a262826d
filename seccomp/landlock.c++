#include "seccomp/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "seccomp/process-limits.h"

namespace waas::seccomp {
namespace {

// Debian 12's header ends with ABI 2; the numbers are the kernel's and never change.
constexpr uint64_t FS_TRUNCATE = 1ull << 14;           // ABI 3
constexpr uint64_t FS_IOCTL_DEVICE = 1ull << 15;       // ABI 5
constexpr uint64_t NET_BIND_TCP = 1ull << 0;           // ABI 4
constexpr uint64_t NET_CONNECT_TCP = 1ull << 1;        // ABI 4
constexpr uint64_t SCOPE_ABSTRACT_SOCKET = 1ull << 0;  // ABI 6
constexpr uint64_t SCOPE_SIGNAL = 1ull << 1;           // ABI 6
constexpr int RULE_NET_PORT = 2;

// struct landlock_ruleset_attr and landlock_net_port_attr of ABI 6, spelled out for older headers.
struct RulesetAttributes {
  uint64_t files;
  uint64_t network;
  uint64_t scopes;
};
struct PortAttributes {
  uint64_t access;
  uint64_t port;
};

// The rights on files that each ABI can deny; each contains those before it.
struct FileRights {
  int abi;
  uint64_t rights;
};
constexpr FileRights FILE_RIGHTS[] = {
    {1, LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
            LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
            LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
            LANDLOCK_ACCESS_FS_MAKE_SYM},
    {2, LANDLOCK_ACCESS_FS_REFER},
    {3, FS_TRUNCATE},
    {5, FS_IOCTL_DEVICE},
};

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

RulesetAttributes attributesFor(int abi, const LandlockRules& rules) {
  RulesetAttributes attributes{};
  for (const FileRights& step : FILE_RIGHTS) {
    if (abi >= step.abi) attributes.files |= step.rights;
  }
  if (abi >= 4) attributes.network = NET_BIND_TCP | NET_CONNECT_TCP;
  if (abi >= 6) {
    if (!rules.abstractSockets) attributes.scopes |= SCOPE_ABSTRACT_SOCKET;
    if (!rules.signals) attributes.scopes |= SCOPE_SIGNAL;
  }
  return attributes;
}

// The kernel takes any size that it knows; bytes that it does not know must not be given.
size_t attributesSize(int abi) { return abi >= 6 ? sizeof(RulesetAttributes) : abi >= 4 ? 16 : 8; }

Outcome addPath(int ruleset, const PathRule& rule) {
  Descriptor path(open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  if (path.get() < 0) {
    bool absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    if (absent && rule.absent == PathRule::Absent::SKIP) return std::nullopt;
    return failure("Landlock: %s: %s", rule.path.c_str(), strerror(errno));
  }
  struct stat about {};
  if (fstat(path.get(), &about) != 0) return failure("Landlock: %s: %s", rule.path.c_str(), strerror(errno));
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
  if (S_ISDIR(about.st_mode)) beneath.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
  beneath.parent_fd = path.get();
  if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0u) == 0) return std::nullopt;
  return failure("Landlock refused the rule for %s: %s", rule.path.c_str(), strerror(errno));
}

Outcome addPort(int ruleset, uint16_t port) {
  PortAttributes attributes{NET_CONNECT_TCP, port};
  if (syscall(__NR_landlock_add_rule, ruleset, RULE_NET_PORT, &attributes, 0u) == 0) return std::nullopt;
  return failure("Landlock refused the rule for port %u: %s", port, strerror(errno));
}

}  // namespace

Outcome restrictSelf(const LandlockRules& rules, LandlockReport& report) {
  report = LandlockReport{};
  long abi = syscall(__NR_landlock_create_ruleset, nullptr, size_t(0), LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) {
    // Not built in, or not switched on at boot: the only answers that mean "no Landlock here".
    if (errno == ENOSYS || errno == EOPNOTSUPP) return std::nullopt;
    return failure("Landlock: asking for the version failed: %s", strerror(errno));
  }
  report.abi = static_cast<int>(abi);
  RulesetAttributes attributes = attributesFor(report.abi, rules);
  Descriptor ruleset(
      static_cast<int>(syscall(__NR_landlock_create_ruleset, &attributes, attributesSize(report.abi), 0u)));
  if (ruleset.get() < 0) return failure("Landlock refused the ruleset: %s", strerror(errno));
  for (const PathRule& rule : rules.paths) {
    if (Outcome refused = addPath(ruleset.get(), rule)) return refused;
  }
  if (attributes.network != 0) {
    for (uint16_t port : rules.connectPorts) {
      if (Outcome refused = addPort(ruleset.get(), port)) return refused;
    }
  }
  if (Outcome refused = renounceNewPrivileges()) return refused;
  if (syscall(__NR_landlock_restrict_self, ruleset.get(), 0u) != 0) {
    return failure("Landlock could not be entered: %s", strerror(errno));
  }
  report.files = true;
  report.tcp = attributes.network != 0;
  report.scopes = attributes.scopes != 0;
  return std::nullopt;
}

}  // namespace waas::seccomp
