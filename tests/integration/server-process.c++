#include "servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace waas::testing {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

std::vector<char*> pointers(const std::vector<std::string>& arguments) {
  std::vector<char*> out;
  for (auto& a : arguments) out.push_back(const_cast<char*>(a.c_str()));
  out.push_back(nullptr);
  return out;
}

// In the child, before exec: only calls that are safe there.
void becomeUser(const struct passwd* user) {
  if (user != nullptr && (setgid(user->pw_gid) != 0 || setgroups(0, nullptr) != 0 || setuid(user->pw_uid) != 0))
    _exit(126);
  // After the change of user, which clears it: servers end even when the test is killed.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

std::vector<pid_t> childrenOf(pid_t parent) {
  std::vector<pid_t> out;
  std::ifstream list("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  for (pid_t child; list >> child;) out.push_back(child);
  return out;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  char path[] = "/tmp/waas-XXXXXX";
  if (mkdtemp(path) == nullptr) fail("mkdtemp");
  folder = path;
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

std::string runProgram(const std::vector<std::string>& arguments, const std::string& input) {
  TemporaryFolder folder;
  std::ofstream(folder / "in") << input;
  auto argv = pointers(arguments);
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    int in = open((folder / "in").c_str(), O_RDONLY);
    int out = open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600);
    int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT, 0600);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid");
  }
  auto slurp = [&](const char* name) {
    std::ostringstream text;
    text << std::ifstream(folder / name).rdbuf();
    return text.str();
  };
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(arguments[0] + " failed: " + slurp("err"));
  return slurp("out");
}

bool haveProgram(const std::string& name) {
  std::istringstream path(getenv("PATH") == nullptr ? "/usr/bin" : getenv("PATH"));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((folder + "/" + name).c_str(), X_OK) == 0) return true;
  }
  return access(("/usr/sbin/" + name).c_str(), X_OK) == 0;
}

void waitUntil(const std::function<bool()>& condition, const std::string& what) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) fail("timed out: " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

uint16_t freeLoopbackPort() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("no free port");
  }
  close(fd);
  return ntohs(address.sin_port);
}

TestAuthority::TestAuthority(const std::string& serverName) {
  auto key = [&](const std::string& file) {
    runProgram({"openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file});
  };
  key(folder / "ca.key");
  key(keyFile());
  runProgram({"openssl", "req", "-x509", "-new", "-key", folder / "ca.key", "-subj", "/CN=test authority", "-days", "2",
              "-addext", "basicConstraints=critical,CA:TRUE", "-out", caFile()});
  runProgram({"openssl", "req", "-new", "-key", keyFile(), "-subj", "/CN=" + serverName, "-out", folder / "request"});
  std::ofstream(folder / "ext") << "subjectAltName=DNS:" << serverName << "\n";
  runProgram({"openssl", "x509", "-req", "-in", folder / "request", "-CA", caFile(), "-CAkey", folder / "ca.key",
              "-CAcreateserial", "-days", "2", "-extfile", folder / "ext", "-out", certificateFile()});
  std::filesystem::permissions(keyFile(), std::filesystem::perms(0644));  // servers run as other users; it is a toy
}

ServerProcess::~ServerProcess() {
  if (running()) end(SIGKILL);
}

void ServerProcess::start(const std::vector<std::string>& arguments, const std::string& user, const std::string& log) {
  const struct passwd* entry = nullptr;
  if (getuid() == 0) {
    entry = getpwnam(user.c_str());
    if (entry == nullptr) fail("no user " + user);
  }
  auto argv = pointers(arguments);
  pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    int in = open("/dev/null", O_RDONLY);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir("/") != 0) _exit(126);
    becomeUser(entry);
    execvp(argv[0], argv.data());
    _exit(127);
  }
}

void ServerProcess::signalAll(int signal) {
  auto children = childrenOf(pid);
  ::kill(pid, signal);
  for (pid_t child : children) ::kill(child, signal);
}

void ServerProcess::pause() {
  signalAll(SIGSTOP);
  // A child may have been made in between.
  for (pid_t child : childrenOf(pid)) ::kill(child, SIGSTOP);
}

void ServerProcess::resume() { signalAll(SIGCONT); }

void ServerProcess::end(int signal) {
  if (!running()) return;
  if (signal == SIGKILL) {
    signalAll(SIGKILL);
  } else {
    ::kill(pid, signal);
    signalAll(SIGCONT);
  }
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  pid = -1;
}

}  // namespace waas::testing
