#pragma once
// Private PostgreSQL, PgBouncer and Redis servers for tests: real ones, started by the test in a temporary folder, on
// Unix sockets (TLS on a free loopback port), ended with the test. As root they run as users `postgres` and `nobody`.
//
// All of them can be paused (SIGSTOP: answers nothing, keeps its connections), killed and started again. Everything
// throws std::runtime_error when it does not work. Threads: none.
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace waas::testing {

// A folder below /tmp that goes away with the object; short, so that socket paths fit.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return folder; }
  std::string operator/(const std::string& name) const { return folder + "/" + name; }

 private:
  std::string folder;
};

// Runs a program to its end and gives its standard output. Throws, with its standard error, when it fails.
std::string runProgram(const std::vector<std::string>& arguments, const std::string& input = "");

// Whether a program by this name is installed.
bool haveProgram(const std::string& name);

// Waits until `condition` holds; throws after 30 s. For things outside of this process only.
void waitUntil(const std::function<bool()>& condition, const std::string& what);

uint16_t freeLoopbackPort();

// An authority and a server certificate for a name, in PEM files, made by openssl.
class TestAuthority {
 public:
  // `serverName` becomes the DNS name of the server's certificate.
  explicit TestAuthority(const std::string& serverName = "localhost");

  std::string caFile() const { return folder / "ca.pem"; }
  std::string certificateFile() const { return folder / "server.pem"; }
  std::string keyFile() const { return folder / "server.key"; }

 private:
  TemporaryFolder folder;
};

// A child process.
class ServerProcess {
 public:
  ServerProcess() = default;
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // As root the program becomes `user`. Output goes to `log`.
  void start(const std::vector<std::string>& arguments, const std::string& user, const std::string& log);
  bool running() const { return pid > 0; }
  pid_t id() const { return pid; }

  // Stops and continues the process and its children.
  void pause();
  void resume();
  // Sends a signal and waits for the end. Ends the children too when `signal` is SIGKILL.
  void end(int signal);

 private:
  void signalAll(int signal);
  pid_t pid = -1;
};

class PrivatePostgres {
 public:
  struct Options {
    const TestAuthority* tls = nullptr;      // listens on a loopback port, TLS only there
    bool durable = false;                    // fsync on
    std::vector<std::string> settings = {};  // "name=value"
  };
  PrivatePostgres();
  explicit PrivatePostgres(Options options);
  ~PrivatePostgres();

  // Applies sql/*.sql and makes the login role `signer` with the rights of the broker, password `signer's word`.
  void migrate();

  // Runs SQL as superuser (through psql); gives unaligned rows, '|' between columns. Throws on an SQL error.
  std::string sql(const std::string& statements);
  // The same as `signer`.
  std::string sqlAsSigner(const std::string& statements);

  // Connection strings for `signer`. The password is not in them.
  std::string conninfo() const { return conninfoFor(socketFolder()); }
  std::string conninfoFor(const std::string& host) const;  // another host name, with the TLS port where there is one
  static std::string password() { return "signer's word"; }

  std::string socketFolder() const { return folder / "s"; }
  uint16_t tlsPort() const { return port; }
  static constexpr const char* DATABASE = "waas";

  void pause() { process.pause(); }
  void resume() { process.resume(); }
  void kill();   // SIGQUIT: ends all connections at once, as a crash does
  void start();  // returns when it takes connections
  // Restarts as a standby without a primary: reads only, "in recovery".
  void demote();
  void promote();
  pid_t id() const { return process.id(); }

 private:
  std::string psql(const std::string& user, const std::string& statements);
  void initialize();

  Options options;
  TemporaryFolder folder;
  uint16_t port = 0;
  ServerProcess process;
};

// PgBouncer in transaction mode before a PrivatePostgres, with `connections` server connections.
class PrivatePgBouncer {
 public:
  explicit PrivatePgBouncer(const PrivatePostgres& postgres, int connections = 2);
  ~PrivatePgBouncer();

  std::string conninfo() const;

 private:
  TemporaryFolder folder;
  ServerProcess process;
};

class PrivateRedis {
 public:
  struct Options {
    const TestAuthority* tls = nullptr;  // listens on a loopback port with TLS besides
    std::string user = {};               // ACL user; the default user is then off
    std::string password = {};           // alone: requirepass
    std::string rights = "+hgetall +hset +hdel +pexpire +pttl +multi +exec +select +info ~mpc:share:*";
    std::vector<std::string> settings = {"appendonly no", "save \"\""};  // lines of redis.conf
  };
  PrivateRedis();
  explicit PrivateRedis(Options options);
  ~PrivateRedis();

  std::string socket() const { return folder / "r.sock"; }
  std::string url() const;                                          // unix://, with user and password where there are
  std::string tlsUrl(const std::string& host = "localhost") const;  // rediss://
  uint16_t tlsPort() const { return port; }

  // Runs one command as administrator through redis-cli; gives its raw output.
  std::string command(const std::vector<std::string>& words);

  void pause() { process.pause(); }
  void resume() { process.resume(); }
  void kill();
  void start();
  pid_t id() const { return process.id(); }

 private:
  std::string login() const;

  Options options;
  TemporaryFolder folder;
  uint16_t port = 0;
  ServerProcess process;
};

}  // namespace waas::testing
