// Landlock and process limits, as a process sees them from inside.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "child.h"
#include "seccomp/landlock.h"
#include "seccomp/process-limits.h"
#include "seccomp/sandbox.h"

namespace waas::seccomp::test {
namespace {

bool refusedWith(long result, int error) { return result == -1 && errno == error; }

TEST(Landlock, LeavesTheVaultNoFileSystem) {
  EXPECT_EQ(inChild([] {
              LandlockReport report;
              if (leaveVaultFiles(report)) return false;
              if (!report.files) return report.abi == 0;
              return refusedWith(open("/etc/hosts", O_RDONLY), EACCES) &&
                     refusedWith(open("/tmp", O_RDONLY | O_DIRECTORY), EACCES) &&
                     refusedWith(mkdir("/tmp/waas-never", 0700), EACCES);
            }),
            FINE);
}

TEST(Landlock, LeavesTheVaultNoTcpWhereTheKernelCan) {
  EXPECT_EQ(inChild([] {
              LandlockReport report;
              if (leaveVaultFiles(report)) return false;
              if (!report.tcp) return report.abi < 4;
              sockaddr_in address{};
              address.sin_family = AF_INET;
              address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              address.sin_port = htons(9);
              int stream = socket(AF_INET, SOCK_STREAM, 0);
              auto* name = reinterpret_cast<const sockaddr*>(&address);
              return refusedWith(connect(stream, name, sizeof address), EACCES) &&
                     refusedWith(bind(stream, name, sizeof address), EACCES);
            }),
            FINE);
}

TEST(Landlock, LeavesTheVaultNoSignalsAndNoAbstractSocketsWhereTheKernelCan) {
  pid_t parent = getpid();
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof(sa_family_t)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  socklen_t size = sizeof name;
  getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
  EXPECT_EQ(inChild([&] {
              LandlockReport report;
              if (leaveVaultFiles(report)) return false;
              if (!report.scopes) return report.abi < 6;
              int stream = socket(AF_UNIX, SOCK_STREAM, 0);
              return refusedWith(kill(parent, 0), EPERM) &&
                     refusedWith(connect(stream, reinterpret_cast<const sockaddr*>(&name), size), EPERM);
            }),
            FINE);
  close(listener);
}

TEST(Landlock, RefusesToGoOnWithoutAPathThatMustBeThere) {
  EXPECT_EQ(inChild([] {
              LandlockReport report;
              LandlockRules rules;
              rules.paths.push_back({"/no/such/path", PathRule::Access::READ, PathRule::Absent::REFUSE});
              return restrictSelf(rules, report).has_value() || report.abi == 0;
            }),
            FINE);
}

TEST(ProcessLimits, MakeTheProcessPrivate) {
  EXPECT_EQ(inChild([] {
              if (becomePrivate()) return false;
              rlimit core{};
              getrlimit(RLIMIT_CORE, &core);
              return prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && core.rlim_max == 0;
            }),
            FINE);
}

TEST(ProcessLimits, CloseWhatAStarterLeaked) {
  EXPECT_EQ(inChild([] {
              for (int wanted : {3, 4, 9, 1000}) dup2(2, wanted);
              if (beginVault({.listenerInherited = true})) return false;
              bool kept = fcntl(2, F_GETFD) >= 0 && fcntl(3, F_GETFD) >= 0;
              return kept && fcntl(4, F_GETFD) < 0 && fcntl(9, F_GETFD) < 0 && fcntl(1000, F_GETFD) < 0;
            }),
            FINE);
}

TEST(ProcessLimits, AreOnlyEverLowered) {
  EXPECT_EQ(inChild([] {
              if (limitResources({{RLIMIT_NOFILE, 40}}) || limitResources({{RLIMIT_NOFILE, 4000}})) return false;
              rlimit files{};
              getrlimit(RLIMIT_NOFILE, &files);
              return files.rlim_cur == 40 && files.rlim_max == 40;
            }),
            FINE);
}

TEST(ProcessLimits, KnowWhetherATracerHoldsTheProcess) { EXPECT_EQ(isTraced(), false); }

}  // namespace
}  // namespace waas::seccomp::test
