#include "vault-client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace waas::security {
namespace {

constexpr size_t MAX_RECORD_WORDS = 131072 / sizeof(capnp::word);

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of a socket is too long");
  memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + strerror(errno));
}

int connected(const std::string& path, int type) {
  int socket = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  sockaddr_un address = addressOf(path);
  check(connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, path.c_str());
  return socket;
}

}  // namespace

rpc::Answer::Reader Reply::answer(unsigned at) {
  rpc::Answer::Reader answer = get().getAnswers()[at];
  if (answer.isRefused()) {
    throw std::runtime_error("refused: code " + std::to_string(static_cast<unsigned>(answer.getRefused().getCode())) +
                             " " + answer.getRefused().getDetail().cStr());
  }
  return answer;
}

VaultClient::VaultClient(const std::string& socket) : link(connected(socket, SOCK_SEQPACKET)) {
  Reply hello = ask([](rpc::Request::Builder request) { request.setHello(); });
  auto key = hello.answer().getHello().getSealingKey();
  sealing.assign(key.begin(), key.end());
}

VaultClient::~VaultClient() { close(link); }

void VaultClient::send(capnp::MessageBuilder& record, int descriptor) {
  auto words = capnp::messageToFlatArray(record);
  iovec part{words.begin(), words.size() * sizeof(capnp::word)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  check(sendmsg(link, &message, MSG_NOSIGNAL) >= 0, "sending to the vault");
}

Reply VaultClient::receive() {
  auto words = kj::heapArray<capnp::word>(MAX_RECORD_WORDS);
  ssize_t size = recv(link, words.begin(), words.size() * sizeof(capnp::word), MSG_TRUNC);
  check(size > 0, "the vault has gone");
  auto count = static_cast<size_t>(size) / sizeof(capnp::word);
  auto received = kj::heapArray<capnp::word>(count);
  memcpy(received.begin(), words.begin(), count * sizeof(capnp::word));
  Reply reply(kj::mv(received));
  auditSequence = std::max<uint64_t>(auditSequence, reply.get().getHead().getSequence());
  return reply;
}

Reply VaultClient::ask(Fill fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<rpc::Record>().initRequests(1)[0]);
  send(message);
  return receive();
}

uint64_t VaultClient::presentOurselves(const std::string& signerSocket) {
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = addressOf(signerSocket);
  unlink(signerSocket.c_str());
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  check(listen(listener, 1) == 0, "listen");
  int client = connected(signerSocket, SOCK_STREAM);
  int accepted = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  check(accepted >= 0, "accept");
  capnp::MallocMessageBuilder message;
  message.initRoot<rpc::Record>().initRequests(1)[0].setPresentPeer();
  send(message, accepted);
  uint64_t handle = receive().answer().getPeer().getHandle();
  for (int descriptor : {listener, client, accepted}) close(descriptor);
  return handle;
}

}  // namespace waas::security
