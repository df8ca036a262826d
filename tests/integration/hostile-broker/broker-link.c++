#include "broker-link.h"

#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace waas::hostile {
namespace {

constexpr int HANGS_MS = 20'000;

sockaddr_un nameOf(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  memcpy(name.sun_path, path.data(), path.size());
  return name;
}

}  // namespace

Fd::~Fd() {
  if (fd >= 0) close(fd);
}

Reply::Reply(const Octets& bytes) : words(kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word))) {
  if (bytes.size() > 131072 || bytes.size() % sizeof(capnp::word) != 0) throw std::runtime_error("size of a reply");
  memcpy(words.begin(), bytes.data(), bytes.size());
  capnp::ReaderOptions options;
  options.traversalLimitInWords = uint64_t(1) << 30;
  reader = std::make_unique<capnp::FlatArrayMessageReader>(words, options);
}

Octets encode(capnp::MessageBuilder& message) {
  if (message.getSegmentsForOutput().size() == 1) {
    auto words = capnp::messageToFlatArray(message);
    return Octets(words.asBytes().begin(), words.asBytes().end());
  }
  // The vault takes one segment only: copy into one that is large enough.
  capnp::MallocMessageBuilder one(1 << 16);
  one.setRoot(message.getRoot<rpc::Record>().asReader());
  auto words = capnp::messageToFlatArray(one);
  return Octets(words.asBytes().begin(), words.asBytes().end());
}

BrokerLink::BrokerLink(const VaultProcess& vault, Hello hello)
    : socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  sockaddr_un name = nameOf(vault.vaultSocket());
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) throw std::runtime_error("connect");
  if (hello == Hello::SAY) {
    if (!ask([](auto request) { request.setHello(); }).answer().isHello()) throw std::runtime_error("hello");
  }
}

bool BrokerLink::send(const Octets& record, const std::vector<int>& descriptors) {
  iovec part{const_cast<uint8_t*>(record.data()), record.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Octets control(CMSG_SPACE(descriptors.size() * sizeof(int)));
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size() * sizeof(int));
  }
  sent.push_back(record);
  return sendmsg(socket.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(record.size());
}

std::optional<Octets> BrokerLink::receive() {
  pollfd readable{socket.get(), POLLIN, 0};
  if (poll(&readable, 1, HANGS_MS) != 1) throw std::runtime_error("the vault hangs");
  Octets reply(131072 + 1);
  ssize_t n = recv(socket.get(), reply.data(), reply.size(), 0);
  if (n <= 0) return std::nullopt;
  reply.resize(static_cast<size_t>(n));
  received.push_back(reply);
  return reply;
}

void BrokerLink::widen() {
  int much = 1 << 22;
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &much, sizeof much);
}

bool BrokerLink::hears(int milliseconds) {
  pollfd readable{socket.get(), POLLIN, 0};
  return poll(&readable, 1, milliseconds) == 1;
}

Reply BrokerLink::ask(const FillRequest& fill, const std::vector<int>& descriptors) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<rpc::Record>().initRequests(1)[0]);
  send(encode(message), descriptors);
  auto reply = receive();
  if (!reply) throw std::runtime_error("the vault ended the link");
  return Reply(*reply);
}

Reply BrokerLink::askRecord(const FillRecord& fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<rpc::Record>());
  send(encode(message));
  auto reply = receive();
  if (!reply) throw std::runtime_error("the vault ended the link");
  return Reply(*reply);
}

Reply BrokerLink::present(int descriptor) {
  return ask([](auto request) { request.setPresentPeer(); }, {descriptor});
}

void BrokerLink::acknowledge(uint64_t sequence) {
  ask([&](auto request) { request.setAcknowledgeAudit(sequence); });
}

PublicSocket::PublicSocket(const std::string& path)
    : path(path), listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un name = nameOf(path);
  unlink(path.c_str());
  if (bind(listener.get(), reinterpret_cast<sockaddr*>(&name),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1)) != 0 ||
      listen(listener.get(), 64) != 0) {
    throw std::runtime_error("public socket");
  }
  // Connections of other users are part of the tests.
  if (chmod(path.c_str(), 0666) != 0) throw std::runtime_error("public socket's mode");
}

PublicSocket::Connection PublicSocket::connect() {
  Connection c{Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), Fd()};
  sockaddr_un name = nameOf(path);
  if (::connect(c.client.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
    throw std::runtime_error("connect");
  c.server = Fd(accept(listener.get(), nullptr, nullptr));
  return c;
}

PublicSocket::Connection PublicSocket::connectAs(uid_t uid, gid_t gid) {
  pid_t pid = fork();
  if (pid == 0) {
    sockaddr_un name = nameOf(path);
    gid_t groups[] = {gid};
    bool good = setgroups(1, groups) == 0 && setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0;
    int fd = good ? ::socket(AF_UNIX, SOCK_STREAM, 0) : -1;
    good = good && ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
    _exit(good ? 0 : 1);
  }
  int status = 1;
  waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error("connect as another user");
  return Connection{Fd(), Fd(accept(listener.get(), nullptr, nullptr))};
}

ErrorCode refusalOf(rpc::Answer::Reader answer) {
  return answer.isRefused() ? answer.getRefused().getCode() : NOT_REFUSED;
}

Octets transactionFor(Bytes signer) {
  Octets t(1 + 64);
  t[0] = 1;
  for (int b : {1, 0, 1, 2}) t.push_back(static_cast<uint8_t>(b));  // header, two keys
  t.insert(t.end(), signer.begin(), signer.end());
  for (uint8_t i = 0; i < 32; i++) t.push_back(uint8_t(0x40 + i));              // the program
  for (uint8_t i = 0; i < 32; i++) t.push_back(uint8_t(0x80 + i));              // recent blockhash
  for (int b : {1, 1, 1, 0, 3, 7, 8, 9}) t.push_back(static_cast<uint8_t>(b));  // one instruction
  return t;
}

Bytes messageOf(const Octets& transaction) { return Bytes(transaction).subspan(65); }

}  // namespace waas::hostile
