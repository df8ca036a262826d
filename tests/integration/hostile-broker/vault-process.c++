#include "vault-process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace waas::hostile {
namespace {

constexpr int START_LIMIT_MS = 30'000;

std::string contentOf(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Starts a program with its standard output and error in a pipe.
pid_t launch(const std::vector<std::string>& arguments, int& output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    std::vector<char*> argv;
    for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  output = ends[0];
  return pid;
}

int waitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

size_t statm(pid_t pid, int field) {
  std::istringstream in(contentOf("/proc/" + std::to_string(pid) + "/statm"));
  size_t pages = 0;
  for (int i = 0; i <= field; i++) in >> pages;
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

VaultProcess::VaultProcess(const VaultOptions& options) : options(options) {
  char name[] = "/tmp/waas-hostile-XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
  folder = name;
  // Other users' processes come in by its sockets.
  chmod(name, 0755);
  RunResult made = runVault({"--make-keys", inFolder("credentials"), "--public", inFolder("vault.pub")});
  if (made.code != 0) throw std::runtime_error(made.output);
  keys = VaultPublicKeys::parse(contentOf(inFolder("vault.pub"))).value();

  std::string uid = std::to_string(getuid()), lines = options.lines;
  for (size_t at; (at = lines.find("%u")) != std::string::npos;) lines.replace(at, 2, uid);
  std::ofstream(inFolder("vault.conf")) << "broker uid " << uid << "\nsocket " << publicSocket() << "\nworkers "
                                        << options.workers << "\n"
                                        << lines << (lines.find("policy") == std::string::npos ? "policy none\n" : "");
  start();
}

VaultProcess::~VaultProcess() {
  if (child > 0) terminate();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void VaultProcess::start() {
  std::vector<std::string> arguments;
  if (options.guarded) arguments = {WAAS_VAULT_GUARD, "--"};
  for (std::string a :
       {std::string(WAAS_VAULT), std::string("--config"), inFolder("vault.conf"), std::string("--credentials"),
        inFolder("credentials"), std::string("--listen"), vaultSocket()}) {
    arguments.push_back(a);
  }
  child = launch(arguments, errors);
  output.clear();
  while (output.find("started") == std::string::npos) {
    pollfd readable{errors, POLLIN, 0};
    char text[256];
    ssize_t n = poll(&readable, 1, START_LIMIT_MS) == 1 ? read(errors, text, sizeof text) : 0;
    if (n <= 0) throw std::runtime_error("the vault did not start: " + output);
    output.append(text, static_cast<size_t>(n));
  }
  vault = child;
  if (options.guarded) {
    std::istringstream children(
        contentOf("/proc/" + std::to_string(child) + "/task/" + std::to_string(child) + "/children"));
    children >> vault;
  }
  chmod(vaultSocket().c_str(), 0666);
}

void VaultProcess::restart() {
  terminate();
  start();
}

int VaultProcess::terminate() {
  kill(child, SIGTERM);
  int code = waitFor(child);
  close(errors);
  child = -1;
  return code;
}

void VaultProcess::stop() {
  kill(vault, SIGSTOP);
  auto stands = [](const std::filesystem::path& task) {
    std::string stat = contentOf(task / "stat");
    size_t name = stat.rfind(')');
    return name != std::string::npos && (stat[name + 2] == 'T' || stat[name + 2] == 't');
  };
  for (bool all = false; !all;) {
    all = true;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(vault) + "/task")) {
      all &= stands(task.path());
    }
    sched_yield();
  }
}

void VaultProcess::goOn() { kill(vault, SIGCONT); }

bool VaultProcess::isAlive() const { return waitpid(child, nullptr, WNOHANG) == 0 && kill(vault, 0) == 0; }
size_t VaultProcess::residentBytes() const { return statm(vault, 1); }
size_t VaultProcess::virtualBytes() const { return statm(vault, 0); }

RunResult runVault(const std::vector<std::string>& given) {
  std::vector<std::string> arguments{WAAS_VAULT};
  arguments.insert(arguments.end(), given.begin(), given.end());
  int out = -1;
  pid_t pid = launch(arguments, out);
  RunResult result;
  char text[4096];
  for (ssize_t n; (n = read(out, text, sizeof text)) > 0;) result.output.append(text, static_cast<size_t>(n));
  close(out);
  result.code = waitFor(pid);
  return result;
}

}  // namespace waas::hostile
