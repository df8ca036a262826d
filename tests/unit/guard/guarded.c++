#include "guarded.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace waas::guard::test {
namespace {

pid_t onlyChildOf(pid_t process) {
  std::string id = std::to_string(process);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  pid_t child = -1;
  children >> child;
  return child;
}

constexpr std::chrono::seconds PATIENCE(10);

}  // namespace

Guarded::Guarded(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return;
  guard_ = fork();
  if (guard_ == 0) {
    dup2(pipe[1], STDOUT_FILENO);
    std::string own = std::to_string(getpid());
    for (const std::string& setting : environment) {
      size_t equals = setting.find('=');
      std::string value = setting.substr(equals + 1);
      setenv(setting.substr(0, equals).c_str(), value == "SELF" ? own.c_str() : value.c_str(), 1);
    }
    std::vector<char*> arguments;
    for (const char* each : {WAAS_GUARD, "--"}) arguments.push_back(const_cast<char*>(each));
    for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    execv(WAAS_GUARD, arguments.data());
    _exit(99);
  }
  close(pipe[1]);
  output_ = pipe[0];
  line_ = nextLine();
  program_ = onlyChildOf(guard_);
}

Guarded::~Guarded() {
  if (guard_ > 0) {
    kill(guard_, SIGKILL);
    waitpid(guard_, nullptr, 0);
  }
  if (output_ >= 0) close(output_);
}

std::string Guarded::nextLine() {
  std::string line;
  pollfd waiting{output_, POLLIN, 0};
  char c = 0;
  while (poll(&waiting, 1, 10000) == 1 && read(output_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

Code Guarded::wait() {
  auto end = std::chrono::steady_clock::now() + PATIENCE;
  int status = 0;
  while (std::chrono::steady_clock::now() < end) {
    if (waitpid(guard_, &status, WNOHANG) == guard_) {
      guard_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return -1000;
}

char stateOf(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(stat, text);
  size_t name = text.rfind(") ");
  return name == std::string::npos ? char(0) : text[name + 2];
}

bool eventually(bool (*ready)(pid_t), pid_t process) {
  auto end = std::chrono::steady_clock::now() + PATIENCE;
  while (std::chrono::steady_clock::now() < end) {
    if (ready(process)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace waas::guard::test
