// The broker's table: what a broker needs passes, soft rows fail with the errno that libraries expect.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "child.h"
#include "seccomp/sandbox.h"

namespace waas::seccomp::test {
namespace {

End broker(const std::function<bool()>& body) { return underFilter(brokerProfile(), body); }

bool refusedWith(long result, int error) { return result == -1 && errno == error; }

TEST(BrokerTable, HasMemoryThreadsAndNames) {
#ifdef WAAS_UNSANDBOXED_BUILD
  GTEST_SKIP() << "a sanitizer's threads need more than the table gives";
#endif
  EXPECT_EQ(broker([] {
              for (size_t size = 1 << 10; size < (64u << 20); size *= 4) {
                void* block = realloc(malloc(size), size * 2);
                if (block == nullptr) return false;
                free(block);
              }
              return true;
            }),
            FINE);
  EXPECT_EQ(broker([] {
              bool resolved = false;
              std::thread([&] {
                addrinfo* found = nullptr;
                resolved = getaddrinfo("localhost", "5432", nullptr, &found) == 0;
              }).join();
              return resolved;
            }),
            FINE);
}

// Whether there is an answer depends on the machine; that the question can be asked does not.
TEST(BrokerTable, AsksNameServers) {
#ifdef WAAS_UNSANDBOXED_BUILD
  GTEST_SKIP() << "a sanitizer's threads need more than the table gives";
#endif
  setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
  EXPECT_EQ(broker([] {
              std::thread([] {
                addrinfo* found = nullptr;
                getaddrinfo("no-such-name.waas.invalid", "5432", nullptr, &found);
              }).join();
              return true;
            }),
            FINE);
  unsetenv("RES_OPTIONS");
}

TEST(BrokerTable, OpensSocketsOfThreeFamiliesOnly) {
  for (int domain : {AF_UNIX, AF_INET, AF_INET6}) {
    EXPECT_EQ(broker([&] { return socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno == EAFNOSUPPORT; }),
              FINE);
  }
  EXPECT_EQ(broker([] { return refusedWith(socket(AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT); }), FINE);
  EXPECT_EQ(broker([] { return socket(AF_PACKET, SOCK_RAW, 0), true; }), KILLED);
}

TEST(BrokerTable, ToleratesTheOptionThatKjTriesOnUnixSockets) {
  EXPECT_EQ(broker([] {
              int one = 1;
              int stream = socket(AF_UNIX, SOCK_STREAM, 0);
              return refusedWith(setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), EOPNOTSUPP);
            }),
            FINE);
}

TEST(BrokerTable, X6OpensNothingForWriting) {
  EXPECT_EQ(broker([] { return syscall(SYS_openat, AT_FDCWD, "/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0; }), FINE);
  for (int flags :
       {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC, O_WRONLY | O_APPEND, O_RDWR | O_TMPFILE}) {
    EXPECT_EQ(
        broker([&] { return refusedWith(syscall(SYS_openat, AT_FDCWD, "/tmp/waas-never", flags, 0600), EACCES); }),
        FINE)
        << flags;
  }
  EXPECT_EQ(broker([] { return syscall(SYS_creat, "/tmp/waas-never", 0600), true; }), KILLED);
}

TEST(BrokerTable, X6StartsThreadsButNoProgram) {
  EXPECT_EQ(broker([] { return refusedWith(syscall(SYS_clone3, nullptr, 0), ENOSYS); }), FINE);
  EXPECT_EQ(broker([] { return fork() == 0 ? true : true; }), KILLED);
  EXPECT_EQ(broker([] { return system("true") == 0; }), KILLED);
}

TEST(BrokerTable, X6MapsNothingExecutable) {
  EXPECT_EQ(broker([] {
              return mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
            }),
            FINE);
  EXPECT_EQ(broker([] {
              void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
            }),
            KILLED);
  EXPECT_EQ(broker([] {
              int file = open("/proc/self/exe", O_RDONLY);
              return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED && errno == EACCES;
            }),
            FINE);
}

TEST(BrokerTable, AnswersTerminalQuestionsSoftly) {
  EXPECT_EQ(broker([] { return isatty(2) == 0; }), FINE);
  EXPECT_EQ(broker([] {
              int waiting = 0;
              int stream = socket(AF_UNIX, SOCK_STREAM, 0);
              return ioctl(stream, FIONREAD, &waiting) == 0 || errno == EINVAL;
            }),
            FINE);
  EXPECT_EQ(broker([] { return refusedWith(ioctl(0, TIOCSTI, "x"), ENOTTY); }), FINE);
}

// A whole sandbox, Landlock included.
TEST(BrokerSandbox, ReadsWhatItWasToldAndNothingElse) {
  std::string folder = testing::TempDir() + "broker-sandbox-" + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  std::string file = folder + "/ca.pem", other = testing::TempDir() + "other-" + std::to_string(getpid());
  std::ofstream(file) << "x";
  std::ofstream(other) << "x";
  EXPECT_EQ(inChild([&] {
              LandlockReport report;
              if (enterBrokerSandbox({.readablePaths = {folder, "/no/such/path"}, .connectPorts = {}}, report))
                return false;
              bool reads = open(file.c_str(), O_RDONLY) >= 0 && open("/etc/hosts", O_RDONLY) >= 0;
              return reads && (!report.files || refusedWith(open(other.c_str(), O_RDONLY), EACCES));
            }),
            FINE);
  unlink(file.c_str());
  unlink(other.c_str());
  rmdir(folder.c_str());
}

TEST(BrokerSandbox, ConnectsToTheGivenPortsOnly) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto connectUnder = [&](std::vector<uint16_t> ports) {
    return inChild([&] {
      LandlockReport report;
      if (enterBrokerSandbox({.readablePaths = {}, .connectPorts = ports}, report)) return false;
      int stream = socket(AF_INET, SOCK_STREAM, 0);
      int result = connect(stream, reinterpret_cast<const sockaddr*>(&address), sizeof address);
      bool listed = !ports.empty() || !report.tcp;
      return listed ? result == 0 : refusedWith(result, EACCES);
    });
  };
  EXPECT_EQ(connectUnder({ntohs(address.sin_port)}), FINE);
  EXPECT_EQ(connectUnder({}), FINE);
  close(listener);
}

}  // namespace
}  // namespace waas::seccomp::test
