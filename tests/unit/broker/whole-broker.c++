#include "whole-broker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace waas::testing {
namespace {

pid_t launch(const std::vector<std::string>& arguments, const std::string& log) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

int waitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string contentOf(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool listens(const std::string& path) {
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size());
  bool yes = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return yes;
}

}  // namespace

WholeBroker::WholeBroker(const BrokerOptions& options)
    : vault(hostile::VaultOptions{.lines = options.vaultLines}), options(options) {
  postgres.migrate();
  start();
}

WholeBroker::~WholeBroker() {
  if (child > 0) end(SIGKILL);
}

void WholeBroker::start() {
  std::ofstream(folder / "postgres_password") << PrivatePostgres::password();
  std::ofstream(folder / "signerd.toml") << "[signerd]\nvault = \"" << vault.vaultSocket()
                                         << "\"\nverbose = true\n[postgres]\nurl = \"" << postgres.conninfo()
                                         << "\"\n[redis_1]\nurl = \"" << redis1.url() << "\"\n[redis_2]\nurl = \""
                                         << redis2.url() << "\"\n"
                                         << options.toml;
  size_t begin = log().size();
  child =
      launch({WAAS_BROKER, "--config", folder / "signerd.toml", "--credentials", folder.path(), "--listen", socket()},
             folder / "log");
  waitUntil(
      [this, begin]() {
        if (!isAlive()) throw std::runtime_error("the broker did not start: " + log());
        auto said = log();
        for (auto part :
             {"vault connected", "reads connected", "commits connected", "redis1 connected", "redis2 connected"}) {
          if (said.find(part, begin) == std::string::npos) return false;
        }
        return listens(socket());
      },
      "the broker listens");
}

bool WholeBroker::isAlive() const { return waitpid(child, nullptr, WNOHANG) == 0; }

int WholeBroker::waitForEnd() {
  int code = waitFor(child);
  child = -1;
  return code;
}

size_t WholeBroker::residentBytes() const {
  std::istringstream in(contentOf("/proc/" + std::to_string(child) + "/statm"));
  size_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

size_t WholeBroker::openDescriptors() const {
  size_t count = 0;
  for (auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(child) + "/fd")) {
    (void)entry;
    count++;
  }
  return count;
}

std::string WholeBroker::log() const { return contentOf(folder / "log"); }

hostile::RunResult runBroker(const std::vector<std::string>& arguments) {
  TemporaryFolder folder;
  std::vector<std::string> all{WAAS_BROKER};
  all.insert(all.end(), arguments.begin(), arguments.end());
  pid_t pid = launch(all, folder / "out");
  hostile::RunResult result;
  result.code = waitFor(pid);
  result.output = contentOf(folder / "out");
  return result;
}

}  // namespace waas::testing
