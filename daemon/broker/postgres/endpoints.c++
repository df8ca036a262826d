#include "endpoints.h"

#include <daemon/broker/fault.h>
#include <libpq-fe.h>

namespace waas::broker {
namespace {

constexpr kj::StringPtr SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"_kj;
constexpr size_t MAX_ENDPOINTS = 16;

// PQconninfoParse leaves the lists as they were written: comma-separated, empty elements allowed.
kj::Vector<kj::String> splitList(kj::StringPtr list) {
  kj::Vector<kj::String> parts;
  for (;;) {
    KJ_IF_MAYBE (comma, list.findFirst(',')) {
      parts.add(kj::heapString(list.slice(0, *comma)));
      list = list.slice(*comma + 1);
    } else {
      parts.add(kj::heapString(list));
      return parts;
    }
  }
}

[[noreturn]] void unreadable() {
  kj::throwFatalException(
      makeFault(protocol::ErrorCode::INVALID_REQUEST, "the PostgreSQL connection string can't be read"));
  KJ_UNREACHABLE;
}

bool isSocketFolder(kj::StringPtr host) { return host.size() == 0 || host[0] == '/' || host[0] == '@'; }

bool isLoopback(kj::StringPtr host) { return host == "localhost" || host.startsWith("127.") || host == "::1"; }

void addDefault(PostgresTarget& target, kj::StringPtr keyword, kj::StringPtr value) {
  for (auto& setting : target.settings) {
    if (setting.keyword == keyword) return;
  }
  target.settings.add(PostgresSetting{kj::heapString(keyword), kj::heapString(value)});
}

void setAlways(PostgresTarget& target, kj::StringPtr keyword, kj::StringPtr value) {
  for (auto& setting : target.settings) {
    if (setting.keyword == keyword) {
      setting.value = kj::heapString(value);
      return;
    }
  }
  addDefault(target, keyword, value);
}

void addDefaults(PostgresTarget& target, const PostgresOptions& options) {
  KJ_IF_MAYBE (password, options.password) {
    setAlways(target, "password", *password);
  }
  setAlways(target, "client_encoding", "UTF8");
  addDefault(target, "application_name", "waas-broker");
  addDefault(target, "target_session_attrs", "read-write");
  // Left out, libpq would try Kerberos first and look for files in a home directory.
  addDefault(target, "gssencmode", "disable");
  addDefault(target, "passfile", "/nonexistent");
  addDefault(target, "ssl_min_protocol_version", "TLSv1.2");
  KJ_IF_MAYBE (file, options.caFile) {
    addDefault(target, "sslrootcert", *file);
  } else {
    addDefault(target, "sslrootcert", SYSTEM_CA_FILE);
  }
}

void addEndpoints(PostgresTarget& target, kj::StringPtr hosts, kj::StringPtr addresses, kj::StringPtr ports) {
  auto host = splitList(hosts), address = splitList(addresses), port = splitList(ports);
  size_t count = kj::max(host.size(), address.size());
  // A password with an odd character can end up here; libpq would quote it.
  for (auto& one : port) {
    for (char c : one) {
      if (c < '0' || c > '9') unreadable();
    }
  }
  bool fits = (host.size() == count || hosts.size() == 0) && (address.size() == count || addresses.size() == 0) &&
              (port.size() == count || port.size() == 1);
  if (!fits || count > MAX_ENDPOINTS) {
    kj::throwFatalException(makeFault(protocol::ErrorCode::INVALID_REQUEST,
                                      "the PostgreSQL connection string has lists of hosts and ports that do not fit"));
  }
  for (size_t i = 0; i < count; i++) {
    PostgresEndpoint endpoint;
    if (i < host.size()) endpoint.host = kj::mv(host[i]);
    if (i < address.size()) endpoint.hostAddress = kj::mv(address[i]);
    endpoint.port = kj::heapString(port.size() == 1 ? port[0] : port[i]);
    target.endpoints.add(kj::mv(endpoint));
  }
}

// Takes "1.2.3.4:5432,[::1]:5432", as KJ prints a looked-up address, apart.
void addResolved(kj::Vector<PostgresEndpoint>& out, kj::StringPtr host, kj::StringPtr port, kj::StringPtr printed) {
  for (auto& part : splitList(printed)) {
    KJ_IF_MAYBE (colon, part.findLast(':')) {
      kj::ArrayPtr<const char> address = part.slice(0, *colon);
      if (address.size() > 2 && address[0] == '[') address = address.slice(1, address.size() - 1);
      if (out.size() == MAX_ENDPOINTS) return;
      out.add(PostgresEndpoint{kj::heapString(host), kj::heapString(address), kj::heapString(port)});
    }
  }
}

kj::Promise<kj::Vector<PostgresEndpoint>> resolveFrom(const PostgresTarget& target, kj::Network& network, size_t at,
                                                      kj::Vector<PostgresEndpoint> done) {
  if (at == target.endpoints.size()) return kj::mv(done);
  auto& endpoint = target.endpoints[at];
  if (isSocketFolder(endpoint.host) || endpoint.hostAddress.size() > 0) {
    done.add(PostgresEndpoint{kj::heapString(endpoint.host), kj::heapString(endpoint.hostAddress),
                              kj::heapString(endpoint.port)});
    return resolveFrom(target, network, at + 1, kj::mv(done));
  }
  // A bare IPv6 address needs brackets here.
  bool bare = endpoint.host.findFirst(':') != nullptr && endpoint.host[0] != '[';
  auto asked = bare ? kj::str('[', endpoint.host, ']') : kj::heapString(endpoint.host);
  return kj::evalNow([&]() { return network.parseAddress(asked, 5432); })
      .then([](kj::Own<kj::NetworkAddress> found) { return found->toString(); },
            [](kj::Exception&&) { return kj::String(); })  // unknown names are tried again at the next attempt
      .attach(kj::mv(asked))
      .then([&target, &network, at, done = kj::mv(done)](kj::String printed) mutable {
        auto& from = target.endpoints[at];
        addResolved(done, from.host, from.port, printed);
        return resolveFrom(target, network, at + 1, kj::mv(done));
      });
}

}  // namespace

kj::StringPtr PostgresTarget::sslMode(const PostgresEndpoint& endpoint) const {
  for (auto& setting : settings) {
    if (setting.keyword == "sslmode") return setting.value;
  }
  if (isSocketFolder(endpoint.host) && endpoint.hostAddress.size() == 0) return "disable";
  bool loopback = isLoopback(endpoint.host) || (endpoint.host.size() == 0 && isLoopback(endpoint.hostAddress));
  return loopback ? "prefer"_kj : "verify-full"_kj;
}

PostgresTarget parsePostgresTarget(const PostgresOptions& options) {
  // The parser's own message may quote the string, password included: it is not passed on.
  PQconninfoOption* parsed = PQconninfoParse(options.conninfo.cStr(), nullptr);
  if (parsed == nullptr) unreadable();
  KJ_DEFER(PQconninfoFree(parsed));

  PostgresTarget target;
  kj::StringPtr hosts = "", addresses = "", ports = "";
  for (auto* option = parsed; option->keyword != nullptr; option++) {
    if (option->val == nullptr) continue;
    kj::StringPtr keyword = option->keyword, value = option->val;
    if (keyword == "host") {
      hosts = value;
    } else if (keyword == "hostaddr") {
      addresses = value;
    } else if (keyword == "port") {
      ports = value;
    } else {
      target.settings.add(PostgresSetting{kj::heapString(keyword), kj::heapString(value)});
    }
  }
  addDefaults(target, options);
  addEndpoints(target, hosts, addresses, ports);
  return target;
}

kj::Promise<kj::Vector<PostgresEndpoint>> resolve(const PostgresTarget& target, kj::Network& network) {
  return resolveFrom(target, network, 0, kj::Vector<PostgresEndpoint>());
}

}  // namespace waas::broker
