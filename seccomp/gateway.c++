// The gateway's table. Much like the broker's, for it also turns KJ's loop over sockets; but it looks up no names, so
// the only file it opens is its certificate.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "seccomp/sandbox.h"

namespace waas::seccomp {
namespace {

constexpr const char* LOOP = "event loop (KJ)";
constexpr const char* STREAMS = "sockets: clients, daemon, database";
constexpr const char* FILES = "files: a new certificate";
constexpr const char* MEMORY = "memory: malloc, stacks, passwords";
constexpr const char* THREADS = "threads: password hashing, database";
constexpr const char* RUNTIME = "runtime: randomness, time, logs, the end";

void addLoop(std::vector<Row>& rows) {
  rows.insert(rows.end(), {
                              {WAAS_CALL(epoll_wait), {}, ALLOW, LOOP, "waits for events"},
                              {WAAS_CALL(epoll_pwait), {}, ALLOW, LOOP, "the same in newer KJ"},
                              {WAAS_CALL(epoll_ctl), {}, ALLOW, LOOP, "a descriptor comes or goes"},
                              {WAAS_CALL(read), {}, ALLOW, LOOP, "streams, wake-ups, the certificate"},
                              {WAAS_CALL(readv), {}, ALLOW, LOOP, "streams"},
                              {WAAS_CALL(write), {}, ALLOW, LOOP, "streams, wake-ups, log lines"},
                              {WAAS_CALL(writev), {}, ALLOW, LOOP, "streams"},
                              {WAAS_CALL(close), {}, ALLOW, LOOP, "connections that end"},
                              {WAAS_CALL(poll), {}, ALLOW, LOOP, "the database threads wait"},
                              {WAAS_CALL(ppoll), {}, ALLOW, LOOP, "poll, as fortified glibc or KJ makes it"},
                              {WAAS_CALL(timerfd_settime), {}, ALLOW, LOOP, "timers of newer KJ"},
                              {WAAS_CALL(signalfd4), {}, ALLOW, LOOP, "KJ says anew which signals it waits for"},
                              {WAAS_CALL(rt_sigprocmask), {}, ALLOW, LOOP, "threads swap signal masks; libpq"},
                              {WAAS_CALL(rt_sigaction), {}, ALLOW, LOOP, "KJ takes signals; the first thread"},
                              {WAAS_CALL(rt_sigpending), {}, ALLOW, LOOP, "libpq looks for a SIGPIPE of its own"},
                              {WAAS_CALL(rt_sigtimedwait), {}, ALLOW, LOOP, "libpq takes that SIGPIPE away"},
                              {WAAS_CALL(rt_sigreturn), {}, ALLOW, LOOP, "end of a signal handler"},
                              {WAAS_CALL(restart_syscall), {}, ALLOW, LOOP, "a wait goes on after SIGCONT"},
                          });
}

void addStreams(std::vector<Row>& rows) {
  for (int domain : {AF_UNIX, AF_INET, AF_INET6}) {
    rows.push_back({WAAS_CALL(socket), {{intIs(0, domain)}}, ALLOW, STREAMS, "to the daemon and the database"});
  }
  rows.push_back({WAAS_CALL(socket),
                  {{intIs(0, AF_NETLINK)}},
                  fail(EAFNOSUPPORT),
                  STREAMS,
                  "getaddrinfo() asks for the host's addresses and goes on without"});
  rows.insert(rows.end(),
              {
                  {WAAS_CALL(connect), {}, ALLOW, STREAMS, "Landlock says which ports"},
                  {WAAS_CALL(accept4), {}, ALLOW, STREAMS, "clients"},
                  {WAAS_CALL(shutdown), {}, ALLOW, STREAMS, "streams that end"},
                  {WAAS_CALL(sendto), {}, ALLOW, STREAMS, "libpq"},
                  {WAAS_CALL(recvfrom), {}, ALLOW, STREAMS, "libpq; looking for the end of a stream"},
                  {WAAS_CALL(sendmsg), {}, ALLOW, STREAMS, "streams that could carry descriptors"},
                  {WAAS_CALL(recvmsg), {}, ALLOW, STREAMS, "the same"},
                  {WAAS_CALL(getsockname), {}, ALLOW, STREAMS, "libpq"},
                  {WAAS_CALL(getpeername), {}, ALLOW, STREAMS, "whose connection it is"},
                  {WAAS_CALL(getsockopt), {{intIs(1, SOL_SOCKET)}}, ALLOW, STREAMS, "SO_PEERCRED, SO_ERROR"},
                  {WAAS_CALL(setsockopt), {{intIs(1, SOL_SOCKET)}}, ALLOW, STREAMS, "keep-alive, buffers"},
                  {WAAS_CALL(setsockopt), {{intIs(1, IPPROTO_TCP)}}, ALLOW, STREAMS, "TCP_NODELAY, keep-alive"},
                  {WAAS_CALL(ioctl), {{intIs(1, FIONREAD)}}, ALLOW, STREAMS, "how much waits to be read"},
                  {WAAS_CALL(ioctl), {{intIs(1, FIONBIO)}}, ALLOW, STREAMS, "KJ, descriptors that were inherited"},
                  {WAAS_CALL(ioctl), {{intIs(1, FIOCLEX)}}, ALLOW, STREAMS, "the same"},
                  {WAAS_CALL(ioctl), {}, fail(ENOTTY), STREAMS, "stdio asks whether a log is a terminal"},
                  {WAAS_CALL(fcntl), {{intIs(1, F_GETFL)}}, ALLOW, STREAMS, "libpq, KJ: non-blocking"},
                  {WAAS_CALL(fcntl), {{intIs(1, F_SETFL)}}, ALLOW, STREAMS, "libpq, KJ: non-blocking"},
                  {WAAS_CALL(fcntl), {{intIs(1, F_GETFD)}}, ALLOW, STREAMS, "libpq, KJ: close on exec"},
                  {WAAS_CALL(fcntl), {{intIs(1, F_SETFD)}}, ALLOW, STREAMS, "libpq, KJ: close on exec"},
              });
}

void addFiles(std::vector<Row>& rows) {
  constexpr uint32_t WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  rows.insert(rows.end(),
              {
                  {WAAS_CALL(openat),
                   {{intIs(0, AT_FDCWD), without(2, WRITING)}},
                   ALLOW,
                   FILES,
                   "credentials, CA files, resolver; to read, and Landlock says which"},
                  {WAAS_CALL(openat), {}, fail(EACCES), FILES, "a library that would write finds it refused"},
                  {WAAS_CALL(newfstatat), {}, ALLOW, FILES, "age of the certificate; stdio; libpq"},
                  {WAAS_CALL(fstat), {}, ALLOW, FILES, "age of the certificate; stdio"},
                  {WAAS_CALL(access), {}, ALLOW, FILES, "libpq; the resolver's nscd probe"},
                  {WAAS_CALL(faccessat), {}, ALLOW, FILES, "the same in newer glibc"},
                  {WAAS_CALL(faccessat2), {}, ALLOW, FILES, "the same in newer glibc"},
                  {WAAS_CALL(lseek), {}, ALLOW, FILES, "stdio"},
                  {WAAS_CALL(pread64), {}, ALLOW, FILES, "the loader reads libnss files"},
                  {WAAS_CALL(getdents64), {}, ALLOW, FILES, "OpenSSL's CA folder"},
                  {WAAS_CALL(uname), {}, ALLOW, FILES, "the resolver's own host name"},
                  {WAAS_CALL(sysinfo), {}, ALLOW, FILES, "glibc's qsort; how many threads fit"},
                  {WAAS_CALL(getuid), {}, ALLOW, FILES, "libpq: default user; OpenSSL: am I setuid?"},
                  {WAAS_CALL(geteuid), {}, ALLOW, FILES, "the same"},
                  {WAAS_CALL(getgid), {}, ALLOW, FILES, "the same"},
                  {WAAS_CALL(getegid), {}, ALLOW, FILES, "the same"},
              });
}

void addMemory(std::vector<Row>& rows) {
  rows.insert(rows.end(),
              {
                  {WAAS_CALL(brk), {}, ALLOW, MEMORY, "malloc"},
                  {WAAS_CALL(mmap), {{without(2, PROT_EXEC)}}, ALLOW, MEMORY, "malloc, stacks; never executable"},
                  {WAAS_CALL(mprotect), {{without(2, PROT_EXEC)}}, ALLOW, MEMORY, "guard pages; never executable"},
                  {WAAS_CALL(mmap),
                   {{without(3, MAP_ANONYMOUS)}},
                   fail(EACCES),
                   MEMORY,
                   "an executable file: the resolver goes on without a module that nsswitch.conf names"},
                  {WAAS_CALL(munmap), {}, ALLOW, MEMORY, "malloc, stacks, the memory of a password hash"},
                  {WAAS_CALL(mremap), {}, ALLOW, MEMORY, "realloc of big blocks"},
                  {WAAS_CALL(madvise), {}, ALLOW, MEMORY, "malloc gives pages back; passwords stay out of cores"},
                  {WAAS_CALL(mlock), {}, ALLOW, MEMORY, "passwords and tokens are kept out of swap"},
                  {WAAS_CALL(munlock), {}, ALLOW, MEMORY, "the same"},
              });
}

void addThreads(std::vector<Row>& rows) {
  constexpr uint32_t THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  rows.insert(
      rows.end(),
      {
          {WAAS_CALL(clone3), {}, fail(ENOSYS), THREADS, "its flags can't be seen by a filter; glibc then takes clone"},
          {WAAS_CALL(clone), {{bitsAre(0, THREAD, THREAD)}}, ALLOW, THREADS, "a thread; a process dies"},
          {WAAS_CALL(pipe2), {}, ALLOW, THREADS, "KJ's resolver thread hands its result over"},
          {WAAS_CALL(eventfd2), {}, ALLOW, THREADS, "KJ wakes its loop"},
          {WAAS_CALL(set_robust_list), {}, ALLOW, THREADS, "start of a thread"},
          {WAAS_CALL(rseq), {}, ALLOW, THREADS, "start of a thread"},
          {WAAS_CALL(gettid), {}, ALLOW, THREADS, "spdlog's thread number"},
          {WAAS_CALL(futex), {}, ALLOW, THREADS, "locks; the end of a thread"},
          {WAAS_CALL(sched_yield), {}, ALLOW, THREADS, "locks that spin first"},
          {WAAS_CALL(sched_getaffinity), {}, ALLOW, THREADS, "how many processors there are"},
          {WAAS_CALL(sigaltstack), {}, ALLOW, THREADS, "KJ's crash handler"},
          {WAAS_CALL(exit), {}, ALLOW, THREADS, "the end of a thread"},
          {WAAS_CALL(prctl), {{intIs(0, PR_SET_NAME)}}, ALLOW, THREADS, "a thread's name"},
      });
}

void addRuntime(std::vector<Row>& rows) {
  rows.insert(rows.end(), {
                              {WAAS_CALL(getrandom), {}, ALLOW, RUNTIME, "TLS, ids, session keys"},
                              {WAAS_CALL(clock_gettime), {}, ALLOW, RUNTIME, "deadlines, where the vDSO has no clock"},
                              {WAAS_CALL(gettimeofday), {}, ALLOW, RUNTIME, "the same in old code"},
                              {WAAS_CALL(getpid), {}, ALLOW, RUNTIME, "OpenSSL, libpq and log lines"},
                              {WAAS_CALL(exit_group), {}, ALLOW, RUNTIME, "the end"},
                          });
}

}  // namespace

Profile gatewayProfile() {
  Profile profile{"gateway", {}};
  addLoop(profile.rows);
  addStreams(profile.rows);
  addFiles(profile.rows);
  addMemory(profile.rows);
  addThreads(profile.rows);
  addRuntime(profile.rows);
  return profile;
}

}  // namespace waas::seccomp
