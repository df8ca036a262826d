// The guard with real programs: T1 to T5 of daemon/guard/README.md.
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "guarded.h"

namespace waas::guard::test {
namespace {

bool gone(pid_t process) { return stateOf(process) == 0 || stateOf(process) == 'Z'; }
bool stopped(pid_t process) { return stateOf(process) == 't' || stateOf(process) == 'T'; }
bool running(pid_t process) { return stateOf(process) == 'R' || stateOf(process) == 'S'; }

std::string field(pid_t process, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return "";
}

// A shell that says its id and waits; `trap` says what it does on TERM.
std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }
const std::string WAITING = "echo ready; while :; do sleep 0.02; done";
const std::string THREADED = GUARDED_THREADS;

TEST(Guard, T1IsTheOnlyTracerEvenForRoot) {
  Guarded guarded(shell("echo ready; exec sleep 1000"));
  EXPECT_EQ(field(guarded.program(), "TracerPid"), std::to_string(guarded.guard()));
  EXPECT_EQ(ptrace(PTRACE_SEIZE, guarded.program(), 0, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ptrace(PTRACE_ATTACH, guarded.program(), 0, 0), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(Guard, T1HoldsEveryThread) {
  Guarded guarded({THREADED});
  ASSERT_EQ(guarded.firstLine(), "ready");
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(guarded.program()) + "/task")) {
    pid_t thread = std::stoi(task.path().filename());
    EXPECT_EQ(ptrace(PTRACE_SEIZE, thread, 0, 0), -1) << thread;
    EXPECT_EQ(errno, EPERM);
    threads++;
  }
  EXPECT_GE(threads, 5);
}

TEST(Guard, T2TakesTheProgramAlongWhenItIsKilled) {
  Guarded guarded({THREADED});
  kill(guarded.guard(), SIGKILL);
  auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually(gone, guarded.program()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
  EXPECT_EQ(guarded.wait(), -SIGKILL);
}

TEST(Guard, T2TakesChildrenAlongToo) {
  Guarded guarded(shell("sleep 1000 & echo $!; wait"));
  pid_t grandchild = std::stoi(guarded.firstLine());
  kill(guarded.guard(), SIGKILL);
  EXPECT_TRUE(eventually(gone, guarded.program()));
  EXPECT_TRUE(eventually(gone, grandchild));
}

TEST(Guard, T3EndsWithTheProgramWhenAskedTo) {
  for (int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) {
    Guarded guarded({"/bin/sh", "-c", "echo ready; exec sleep 1000"});
    pid_t program = guarded.program();
    kill(guarded.guard(), signal);
    EXPECT_EQ(guarded.wait(), 128 + signal);
    EXPECT_TRUE(gone(program));
  }
}

TEST(Guard, T3LetsTheProgramEndInItsOwnWay) {
  Guarded guarded(shell("trap 'echo bye; exit 7' TERM; " + WAITING));
  kill(guarded.guard(), SIGTERM);
  EXPECT_EQ(guarded.nextLine(), "bye");
  EXPECT_EQ(guarded.wait(), 7);
}

TEST(Guard, T3KillsAProgramThatDoesNotEnd) {
  Guarded guarded(shell("trap '' TERM; " + WAITING));
  pid_t program = guarded.program();
  kill(guarded.guard(), SIGTERM);
  EXPECT_EQ(guarded.wait(), 128 + SIGKILL);
  EXPECT_TRUE(gone(program));
}

TEST(Guard, T3EndsAStoppedProgram) {
  Guarded guarded({THREADED});
  kill(guarded.program(), SIGSTOP);
  ASSERT_TRUE(eventually(stopped, guarded.program()));
  kill(guarded.guard(), SIGTERM);
  EXPECT_EQ(guarded.wait(), 128 + SIGTERM);
}

TEST(Guard, T4TellsTheExitCode) {
  for (int code : {0, 1, 7, 255}) {
    Guarded guarded(shell("exit " + std::to_string(code)));
    EXPECT_EQ(guarded.wait(), code);
  }
  for (int signal : {SIGKILL, SIGSEGV, SIGSYS, SIGABRT}) {
    Guarded guarded(shell("kill -" + std::to_string(signal) + " $$"));
    EXPECT_EQ(guarded.wait(), 128 + signal);
  }
}

TEST(Guard, T4TellsWhatCouldNotBeStarted) {
  EXPECT_EQ(Guarded({"/no/such/program"}).wait(), 127);
  EXPECT_EQ(Guarded({"/etc/hosts"}).wait(), 126);
}

TEST(Guard, T5StopsAndContinues) {
  Guarded guarded({THREADED});
  for (int round = 0; round < 5; round++) {
    kill(guarded.program(), SIGSTOP);
    ASSERT_TRUE(eventually(stopped, guarded.program()));
    kill(guarded.program(), SIGCONT);
    ASSERT_TRUE(eventually(running, guarded.program()));
  }
  kill(guarded.guard(), SIGTERM);
  EXPECT_EQ(guarded.wait(), 128 + SIGTERM);
}

TEST(Guard, T5HandsOnOtherSignals) {
  Guarded guarded(shell("trap 'echo one' USR1; trap 'echo two' USR2; " + WAITING));
  kill(guarded.guard(), SIGUSR1);
  EXPECT_EQ(guarded.nextLine(), "one");
  kill(guarded.guard(), SIGUSR2);
  EXPECT_EQ(guarded.nextLine(), "two");
}

TEST(Guard, GivesTheProgramItsSocketsUnderItsOwnId) {
  int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  ASSERT_GE(listener, 3);
  if (listener != 3) dup2(listener, 3);
  Guarded guarded(shell("echo \"$$ $LISTEN_PID $WATCHDOG_PID $(readlink /proc/$$/fd/3)\"; exec sleep 1000"),
                  {"LISTEN_FDS=1", "LISTEN_PID=SELF", "WATCHDOG_PID=SELF"});
  if (listener != 3) close(3);
  close(listener);
  std::string id = std::to_string(guarded.program());
  EXPECT_EQ(guarded.firstLine().rfind(id + " " + id + " " + id + " socket:", 0), 0u) << guarded.firstLine();
}

TEST(Guard, NeedsNoRight) {
  if (getuid() != 0) GTEST_SKIP() << "the other tests have shown it";
  // An ordinary user; the whole of it under setpriv, so that no right is left.
  std::string guard = testing::TempDir() + "guard-of-nobody-" + std::to_string(getpid());
  std::filesystem::copy_file(WAAS_GUARD, guard);  // where everybody may come
  std::string command = "setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps=-all --no-new-privs " + guard +
                        " -- /bin/sh -c 'grep -q TracerPid:.*[1-9] /proc/self/status && exit 7'";
  EXPECT_EQ(WEXITSTATUS(system(command.c_str())), 7);
  unlink(guard.c_str());
}

TEST(Guard, LeavesAForeignListenPidAlone) {
  Guarded guarded(shell("echo $LISTEN_PID; exec sleep 1000"), {"LISTEN_FDS=1", "LISTEN_PID=1"});
  EXPECT_EQ(guarded.firstLine(), "1");
}

TEST(Guard, StartsTheProgramWithoutAnythingBlockedOrIgnored) {
  Guarded guarded(shell("echo ready; exec sleep 1000"));
  EXPECT_EQ(field(guarded.program(), "SigBlk"), "0000000000000000");
  EXPECT_EQ(field(guarded.program(), "NoNewPrivs"), "1");
}

TEST(Guard, KeepsNothingOpenAndIsFilteredItself) {
#ifdef WAAS_UNSANDBOXED_BUILD
  GTEST_SKIP() << "a build with sanitizers has no filter";
#endif
  Guarded guarded(shell("echo ready; exec sleep 1000"));
  auto closed = [](pid_t guard) { return std::filesystem::is_empty("/proc/" + std::to_string(guard) + "/fd"); };
  EXPECT_TRUE(eventually(closed, guarded.guard()));
  auto filtered = [](pid_t guard) { return field(guard, "Seccomp") == "2"; };
  EXPECT_TRUE(eventually(filtered, guarded.guard()));
  EXPECT_EQ(field(guarded.guard(), "NoNewPrivs"), "1");
}

TEST(Guard, RefusesWrongUsage) {
  std::string guard = WAAS_GUARD;
  EXPECT_EQ(WEXITSTATUS(system((guard + " 2>/dev/null").c_str())), 2);
  EXPECT_EQ(WEXITSTATUS(system((guard + " sleep 1 2>/dev/null").c_str())), 2);
}

}  // namespace
}  // namespace waas::guard::test
