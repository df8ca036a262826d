#include "servers.h"

#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace waas::testing {
namespace {

namespace fs = std::filesystem;

std::string postgresProgram(const std::string& name) {
  std::vector<std::string> found;
  for (auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
    auto path = version.path() / "bin" / name;
    if (fs::exists(path)) found.push_back(path);
  }
  if (found.empty()) throw std::runtime_error("PostgreSQL is not installed");
  return *std::max_element(found.begin(), found.end());
}

void giveTo(const std::string& path, const std::string& user) {
  if (getuid() != 0) return;
  auto* entry = getpwnam(user.c_str());
  if (entry == nullptr || chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    throw std::runtime_error("can't give " + path + " to " + user);
  }
}

bool accepts(const std::string& socketPath) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, socketPath.c_str(), sizeof(address.sun_path) - 1);
  bool yes = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return yes;
}

std::string percent(const std::string& text) {
  static const char HEX[] = "0123456789ABCDEF";
  std::string out;
  for (char letter : text) {
    auto c = static_cast<unsigned char>(letter);
    if (isalnum(c)) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += HEX[c >> 4];
      out += HEX[c & 15];
    }
  }
  return out;
}

}  // namespace

PrivatePostgres::PrivatePostgres() : PrivatePostgres(Options{}) {}

PrivatePostgres::PrivatePostgres(Options given) : options(std::move(given)) {
  initialize();
  start();
  sql("CREATE DATABASE waas");
}

PrivatePostgres::~PrivatePostgres() { process.end(SIGQUIT); }

void PrivatePostgres::initialize() {
  giveTo(folder.path(), "postgres");
  fs::create_directory(socketFolder());
  giveTo(socketFolder(), "postgres");
  ServerProcess initdb;
  initdb.start({postgresProgram("initdb"), "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync",
                "--no-locale", "-E", "UTF8"},
               "postgres", folder / "log");
  initdb.end(0);  // signal 0: only waits
  if (!fs::exists(folder / "data/PG_VERSION")) throw std::runtime_error("initdb failed, see its log");

  std::ofstream rules(folder / "data/pg_hba.conf");
  rules << "local all postgres trust\nlocal all all scram-sha-256\n";
  if (options.tls != nullptr) rules << "hostssl all all 127.0.0.1/32 scram-sha-256\n";
  rules.close();

  std::ofstream conf(folder / "data/postgresql.conf", std::ios::app);
  conf << "unix_socket_directories = '" << socketFolder() << "'\nlisten_addresses = ''\nautovacuum = off\n"
       << "max_connections = 40\nshared_buffers = '64MB'\nfsync = " << (options.durable ? "on" : "off") << "\n";
  if (options.tls != nullptr) {
    port = freeLoopbackPort();
    for (auto [from, to] :
         {std::pair(options.tls->certificateFile(), "server.pem"), {options.tls->keyFile(), "server.key"}}) {
      fs::copy_file(from, folder / to);
      fs::permissions(folder / to, fs::perms(0600));
      giveTo(folder / to, "postgres");
    }
    conf << "listen_addresses = '127.0.0.1'\nport = " << port << "\nssl = on\nssl_cert_file = '"
         << folder / "server.pem"
         << "'\nssl_key_file = '" << folder / "server.key"
         << "'\n";
  }
  for (auto& setting : options.settings) conf << setting << "\n";
}

void PrivatePostgres::start() {
  process.start({postgresProgram("postgres"), "-D", folder / "data"}, "postgres", folder / "log");
  waitUntil(
      [&] {
        // The postmaster writes its state into line 8, as pg_ctl reads it.
        std::ifstream file(folder / "data/postmaster.pid");
        std::string line;
        for (int i = 0; i < 8; i++) std::getline(file, line);
        return line.starts_with("ready") || line.starts_with("standby");
      },
      "PostgreSQL does not start, see " + folder / "log");
}

void PrivatePostgres::kill() { process.end(SIGQUIT); }

void PrivatePostgres::demote() {
  process.end(SIGINT);
  std::ofstream(folder / "data/standby.signal");
  giveTo(folder / "data/standby.signal", "postgres");
  start();
}

void PrivatePostgres::promote() { sql("SELECT pg_promote()"); }

std::string PrivatePostgres::psql(const std::string& user, const std::string& statements) {
  std::string database = statements.starts_with("CREATE DATABASE") ? "postgres" : DATABASE;
  std::string where = "host=" + socketFolder() + " user=" + user + " dbname=" + database;
  if (port != 0) where += " port=" + std::to_string(port);
  where += " password='signer\\'s word'";
  return runProgram({"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", where}, statements);
}

std::string PrivatePostgres::sql(const std::string& statements) { return psql("postgres", statements); }

std::string PrivatePostgres::sqlAsSigner(const std::string& statements) { return psql("signer", statements); }

void PrivatePostgres::migrate() {
  std::vector<std::string> files;
  for (auto& entry : fs::directory_iterator(WAAS_SQL_FOLDER)) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (auto& file : files) {
    std::ifstream text(file);
    sql("BEGIN;\n" + std::string(std::istreambuf_iterator<char>(text), {}) + "\nCOMMIT;\n");
  }
  sql("CREATE ROLE signer LOGIN PASSWORD 'signer''s word' IN ROLE waas_broker");
}

std::string PrivatePostgres::conninfoFor(const std::string& host) const {
  std::string out = "host=" + host + " user=signer dbname=waas";
  if (port != 0) out += " port=" + std::to_string(port);
  return out;
}

PrivatePgBouncer::PrivatePgBouncer(const PrivatePostgres& postgres, int connections) {
  giveTo(folder.path(), "postgres");
  std::string port = postgres.tlsPort() == 0 ? "5432" : std::to_string(postgres.tlsPort());
  std::ofstream users(folder / "users");
  users << "\"signer\" \"" << PrivatePostgres::password() << "\"\n";
  users.close();
  std::ofstream conf(folder / "conf");
  conf << "[databases]\nwaas = host=" << postgres.socketFolder() << " port=" << port << " dbname=waas\n[pgbouncer]\n"
       << "pool_mode = transaction\nlisten_addr =\nunix_socket_dir = " << folder.path()
       << "\nauth_type = plain\nauth_file = " << folder / "users"
       << "\ndefault_pool_size = " << connections << "\nlogfile = " << folder / "log"
       << "\npidfile = " << folder / "pid"
       << "\n";
  conf.close();
  process.start({"/usr/sbin/pgbouncer", folder / "conf"}, "postgres", folder / "out");
  waitUntil([&] { return accepts(folder / ".s.PGSQL.6432"); }, "PgBouncer does not start");
}

PrivatePgBouncer::~PrivatePgBouncer() { process.end(SIGKILL); }

std::string PrivatePgBouncer::conninfo() const {
  return "host=" + folder.path() + " port=6432 user=signer dbname=waas";
}

PrivateRedis::PrivateRedis() : PrivateRedis(Options{}) {}

PrivateRedis::PrivateRedis(Options given) : options(std::move(given)) {
  giveTo(folder.path(), "nobody");
  std::ofstream conf(folder / "conf");
  conf << "port 0\nunixsocket " << socket() << "\nunixsocketperm 777\ndir " << folder.path() << "\n";
  if (!options.user.empty()) {
    conf << "user default off\nuser admin on nopass +@all ~* &*\nuser " << options.user << " on \">" << options.password
         << "\" " << options.rights << "\n";
  } else if (!options.password.empty()) {
    conf << "requirepass \"" << options.password << "\"\n";
  }
  if (options.tls != nullptr) {
    port = freeLoopbackPort();
    conf << "bind 127.0.0.1\ntls-port " << port << "\ntls-cert-file " << options.tls->certificateFile()
         << "\ntls-key-file " << options.tls->keyFile() << "\ntls-ca-cert-file " << options.tls->caFile()
         << "\ntls-auth-clients no\n";
  }
  for (auto& line : options.settings) conf << line << "\n";
  conf.close();
  start();
}

PrivateRedis::~PrivateRedis() { process.end(SIGKILL); }

void PrivateRedis::start() {
  std::error_code ignored;
  fs::remove(socket(), ignored);
  process.start({"redis-server", folder / "conf"}, "nobody", folder / "log");
  waitUntil([&] { return accepts(socket()); }, "Redis does not start");
}

void PrivateRedis::kill() { process.end(SIGKILL); }

std::string PrivateRedis::login() const {
  if (options.password.empty()) return "";
  return percent(options.user) + ":" + percent(options.password) + "@";
}

std::string PrivateRedis::url() const { return "unix://" + login() + socket(); }

std::string PrivateRedis::tlsUrl(const std::string& host) const {
  return "rediss://" + login() + host + ":" + std::to_string(port);
}

std::string PrivateRedis::command(const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {"redis-cli", "-s", socket(), "--no-auth-warning"};
  if (!options.user.empty()) {
    arguments.insert(arguments.end(), {"--user", "admin", "--pass", "unused"});
  } else if (!options.password.empty()) {
    arguments.insert(arguments.end(), {"--pass", options.password});
  }
  arguments.insert(arguments.end(), words.begin(), words.end());
  return runProgram(arguments);
}

}  // namespace waas::testing
