#include "daemon/guard/watch.h"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <optional>

namespace waas::guard {
namespace {

constexpr int ENDING[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
constexpr int OTHERS[] = {SIGUSR1, SIGUSR2};

bool asksToEnd(int signal) {
  for (int each : ENDING) {
    if (each == signal) return true;
  }
  return false;
}

// A traced thread has stopped: lets it go on in the way that the stop asks for.
void letGoOn(pid_t thread, int status) {
  int signal = WSTOPSIG(status);
  int event = status >> 16;
  if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
    // Group stop (SIGSTOP and its like): it must stay stopped, until SIGCONT.
    ptrace(PTRACE_LISTEN, thread, 0, 0);
    return;
  }
  // A stop for an event carries no signal; any other is a signal about to be delivered, and is.
  ptrace(PTRACE_CONT, thread, 0, static_cast<long>(event != 0 ? 0 : signal));
}

// Takes everything that wait has to say. Returns the exit code once the child itself has ended.
std::optional<int> attend(pid_t child) {
  for (;;) {
    int status = 0;
    pid_t thread = waitpid(-1, &status, __WALL | WNOHANG);
    if (thread < 0 && errno == EINTR) continue;
    if (thread <= 0) return std::nullopt;
    if (WIFSTOPPED(status)) letGoOn(thread, status);
    if (thread != child) continue;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  }
}

time_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

}  // namespace

sigset_t watchedSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (int signal : ENDING) sigaddset(&set, signal);
  for (int signal : OTHERS) sigaddset(&set, signal);
  return set;
}

int watchUntilEnd(pid_t child) {
  sigset_t watched = watchedSignals();
  // Once asked to end. Absolute, so that a program with busy children can't put it off.
  std::optional<time_t> deadline;
  for (;;) {
    timespec left{0, 0};
    if (deadline) left.tv_sec = *deadline - now();
    if (left.tv_sec < 0) left.tv_sec = 0;
    int signal = sigtimedwait(&watched, nullptr, deadline ? &left : nullptr);
    if (signal == SIGCHLD) {
      if (std::optional<int> code = attend(child)) return *code;
    } else if (signal > 0) {
      kill(child, signal);
      if (!asksToEnd(signal)) continue;
      if (!deadline) deadline = now() + END_SECONDS;
      // A stopped program would not take notice.
      kill(child, SIGCONT);
    }
    if (deadline && now() >= *deadline) kill(child, SIGKILL);
  }
}

}  // namespace waas::guard
