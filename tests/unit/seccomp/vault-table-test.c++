// The vault's table, row by row: what passes, and what its conditions refuse.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "child.h"
#include "seccomp/sandbox.h"

namespace waas::seccomp::test {
namespace {

// Gives the child the vault's descriptors: 3 a listener with one connection waiting, 4 a link whose other end is 20,
// 5 a passed socket, and nothing else beyond 2.
void arrange() {
  syscall(SYS_close_range, 3u, ~0u, 0u);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);  // 3
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  auto size = static_cast<socklen_t>(sizeof(sa_family_t));  // autobind: a free abstract name
  bind(listener, reinterpret_cast<sockaddr*>(&name), size);
  listen(listener, 4);
  socklen_t length = sizeof name;
  getsockname(listener, reinterpret_cast<sockaddr*>(&name), &length);
  int link[2];
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, link);  // 4, 5
  dup2(link[1], 20);
  close(link[1]);
  int caller = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  connect(caller, reinterpret_cast<sockaddr*>(&name), length);
  dup2(caller, 21);
  close(caller);
  int passed[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, passed);  // 5, 6
}

End vault(const std::function<bool()>& body) { return underFilter(vaultProfile(), arrange, body); }

bool exchange(int descriptor, long call) {
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return syscall(call, descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

TEST(VaultTable, LetsRecordsInAndRepliesOut) {
  EXPECT_EQ(vault([] { return exchange(4, SYS_sendmsg); }), FINE);
  EXPECT_EQ(underFilter(
                vaultProfile(),
                [] {
                  arrange();
                  if (write(20, "y", 1) != 1) _exit(50);
                },
                [] { return exchange(4, SYS_recvmsg); }),
            FINE);
}

TEST(VaultTable, X4KeepsRecordsToTheLink) {
  for (int descriptor : {0, 1, 2, 3, 5, 6, 20, -1}) {
    EXPECT_EQ(vault([&] { return exchange(descriptor, SYS_sendmsg), true; }), KILLED) << descriptor;
    EXPECT_EQ(vault([&] { return exchange(descriptor, SYS_recvmsg), true; }), KILLED) << descriptor;
  }
}

TEST(VaultTable, X4ComparesTheBitsThatTheKernelReads) {
  // The kernel reads 32 bits of a descriptor: with garbage above them, 4 is the link and 3 is not.
  EXPECT_EQ(vault([] { return syscall(SYS_recvmsg, 0x100000003, nullptr, 0), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_close, 0x100000003), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_close, 0x100000005) == 0; }), FINE);
}

TEST(VaultTable, AsksAPassedSocketForItsPeer) {
  EXPECT_EQ(vault([] {
              ucred peer{};
              gid_t groups[64];
              int number = 0;
              auto ask = [](int name, void* into, socklen_t size) {
                return syscall(SYS_getsockopt, 5, SOL_SOCKET, name, into, &size) == 0;
              };
              sockaddr_un name{};
              socklen_t length = sizeof name;
              linger off{};
              if (syscall(SYS_setsockopt, 5, SOL_SOCKET, SO_LINGER, &off, sizeof off) != 0) return false;
              return ask(SO_PEERCRED, &peer, sizeof peer) && ask(SO_PEERGROUPS, groups, sizeof groups) &&
                     ask(SO_DOMAIN, &number, sizeof number) && ask(SO_TYPE, &number, sizeof number) &&
                     ask(SO_ACCEPTCONN, &number, sizeof number) && syscall(SYS_getsockname, 5, &name, &length) == 0 &&
                     syscall(SYS_getpeername, 5, &name, &length) == 0 && syscall(SYS_close, 5) == 0;
            }),
            FINE);
}

TEST(VaultTable, X4AsksNothingElseAndNoOtherDescriptor) {
  int number = 0;
  socklen_t size = sizeof number;
  for (int name : {SO_ERROR, SO_RCVBUF, SO_PEERSEC, SO_PASSCRED}) {
    EXPECT_EQ(vault([&] { return syscall(SYS_getsockopt, 5, SOL_SOCKET, name, &number, &size), true; }), KILLED)
        << name;
  }
  EXPECT_EQ(vault([&] { return syscall(SYS_setsockopt, 5, SOL_SOCKET, SO_RCVBUF, &number, size), true; }), KILLED);
  EXPECT_EQ(vault([&] { return syscall(SYS_setsockopt, 4, SOL_SOCKET, SO_LINGER, &number, size), true; }), KILLED);
  EXPECT_EQ(vault([&] { return syscall(SYS_getsockopt, 3, SOL_SOCKET, SO_PEERCRED, &number, &size), true; }), KILLED);
  for (int descriptor : {0, 2, 3, 4}) {
    EXPECT_EQ(vault([&] { return syscall(SYS_close, descriptor), true; }), KILLED) << descriptor;
    EXPECT_EQ(vault([&] { return syscall(SYS_getsockname, descriptor, nullptr, nullptr), true; }), KILLED)
        << descriptor;
  }
}

TEST(VaultTable, TakesTheNextBroker) {
  EXPECT_EQ(vault([] {
              long accepted = syscall(SYS_accept4, 3, nullptr, nullptr, SOCK_CLOEXEC);
              if (accepted < 5) return false;
              return syscall(SYS_shutdown, 4, SHUT_RDWR) == 0 && syscall(SYS_dup3, accepted, 4, O_CLOEXEC) == 4 &&
                     syscall(SYS_close, accepted) == 0;
            }),
            FINE);
}

TEST(VaultTable, X4TakesItFromNowhereElse) {
  EXPECT_EQ(vault([] { return syscall(SYS_accept4, 5, nullptr, nullptr, 0), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_accept, 3, nullptr, nullptr), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_dup3, 5, 3, O_CLOEXEC), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_dup3, 3, 4, O_CLOEXEC), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_dup3, 5, 4, 0), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_shutdown, 3, SHUT_RDWR), true; }), KILLED);
}

TEST(VaultTable, X4ChangesTheProtectionOfTheKeysPagesOnly) {
  constexpr size_t PAGE = 4096;
  auto* pages = static_cast<uint8_t*>(mmap(nullptr, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  uint8_t* keys = pages + PAGE;
  auto protects = [&](uint8_t* from, size_t size, int protection) {
    return underFilter(vaultProfileWith({.keys = {keys, 2 * PAGE}}), arrange,
                       [&] { return syscall(SYS_mprotect, from, size, protection) == 0; });
  };
  EXPECT_EQ(protects(keys, 2 * PAGE, PROT_READ | PROT_WRITE), FINE);
  EXPECT_EQ(protects(keys, 2 * PAGE, PROT_READ), FINE);
  for (int protection : {PROT_NONE, PROT_WRITE, PROT_EXEC, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC}) {
    EXPECT_EQ(protects(keys, 2 * PAGE, protection), KILLED) << protection;
  }
  EXPECT_EQ(protects(pages, 2 * PAGE, PROT_READ), KILLED);
  EXPECT_EQ(protects(keys, PAGE, PROT_READ), KILLED);
  EXPECT_EQ(protects(keys, 3 * PAGE, PROT_READ), KILLED);
  munmap(pages, 4 * PAGE);
}

TEST(VaultTable, WaitsOnPrivateFutexesOnly) {
  EXPECT_EQ(vault([] {
              static int word = 1;
              long waited = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
              return waited == -1 && errno == EAGAIN && syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1) == 0;
            }),
            FINE);
  EXPECT_EQ(vault([] { return syscall(SYS_futex, nullptr, FUTEX_WAKE, 1), true; }), KILLED);
}

TEST(VaultTable, ReadsTheClockAndRandomnessAndWritesLastWords) {
  EXPECT_EQ(vault([] {
              timespec now{};
              char bytes[32];
              return syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0 &&
                     syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0 &&
                     syscall(SYS_getrandom, bytes, sizeof bytes, 0) == sizeof bytes &&
                     syscall(SYS_write, 2, "", 0) == 0;
            }),
            FINE);
  EXPECT_EQ(vault([] { return syscall(SYS_write, 1, "", 0), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_write, 4, "", 0), true; }), KILLED);
  EXPECT_EQ(vault([] { return syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, nullptr), true; }), KILLED);
}

TEST(VaultTable, X5MapsNoMemoryAndOpensNothing) {
  const Forbidden calls[] = {
      {"mmap", SYS_mmap, {0, 4096, PROT_READ}},
      {"munmap", SYS_munmap, {0, 4096, 0}},
      {"mprotect", SYS_mprotect, {0, 0, 0}},
      {"mremap", SYS_mremap, {0, 4096, 8192}},
      {"brk", SYS_brk, {0, 0, 0}},
      {"madvise", SYS_madvise, {0, 0, 0}},
      {"open", SYS_open, {0, 0, 0}},
      {"openat", SYS_openat, {AT_FDCWD, 0, 0}},
      {"creat", SYS_creat, {0, 0, 0}},
      {"stat", SYS_stat, {0, 0, 0}},
      {"socket", SYS_socket, {AF_UNIX, 1, 0}},
      {"inet", SYS_socket, {AF_INET, 1, 0}},
      {"connect", SYS_connect, {5, 0, 0}},
      {"bind", SYS_bind, {5, 0, 0}},
      {"sendto", SYS_sendto, {5, 0, 0}},
      {"sendto link", SYS_sendto, {4, 0, 0}},
      {"read", SYS_read, {4, 0, 0}},
      {"recvfrom", SYS_recvfrom, {4, 0, 0}},
      {"thread", SYS_clone, {0x3d0f00, 0, 0}},
      {"clone3", SYS_clone3, {0, 0, 0}},
      {"dup", SYS_dup, {4, 0, 0}},
      {"dup2", SYS_dup2, {4, 5, 0}},
      {"fcntl", SYS_fcntl, {4, F_GETFL, 0}},
      {"ioctl", SYS_ioctl, {4, 0, 0}},
      {"poll", SYS_poll, {0, 0, 0}},
      {"rt_sigaction", SYS_rt_sigaction, {15, 0, 0}},
  };
  for (const Forbidden& call : calls) EXPECT_EQ(vault([&] { return make(call), true; }), KILLED) << call.name;
}

}  // namespace
}  // namespace waas::seccomp::test
