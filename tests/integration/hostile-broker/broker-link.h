#pragma once
// The broker's end of the inner border, spoken by hand: every record can be as honest or as false as a test wants it.
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <protocol/vault.capnp.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/bytes.h"
#include "vault-process.h"

namespace waas::hostile {

namespace rpc = protocol::vault;
using protocol::ErrorCode;
using Octets = std::vector<uint8_t>;

// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  int get() const { return fd; }
  explicit operator bool() const { return fd >= 0; }

 private:
  int fd;
};

// A Reply that was received.
class Reply {
 public:
  explicit Reply(const Octets& bytes);
  rpc::Reply::Reader get() const { return reader->getRoot<rpc::Reply>(); }
  rpc::Answer::Reader answer(unsigned i = 0) const { return get().getAnswers()[i]; }
  size_t size() const { return words.size() * sizeof(capnp::word); }

 private:
  kj::Array<capnp::word> words;
  std::unique_ptr<capnp::FlatArrayMessageReader> reader;
};

Octets encode(capnp::MessageBuilder& message);
inline capnp::Data::Reader reader(Bytes bytes) { return {bytes.data(), bytes.size()}; }
inline capnp::Data::Reader reader(std::string_view s) { return reader(asBytes(s.data(), s.size())); }
inline Octets octets(capnp::Data::Reader data) { return Octets(data.begin(), data.end()); }

using FillRequest = std::function<void(rpc::Request::Builder)>;
using FillRecord = std::function<void(rpc::Record::Builder)>;

class BrokerLink {
 public:
  // Connects and, unless told otherwise, says hello.
  enum class Hello : uint8_t { SAY, LATER };
  explicit BrokerLink(const VaultProcess& vault, Hello hello = Hello::SAY);

  bool send(const Octets& record, const std::vector<int>& descriptors = {});
  // The next reply; nothing when the vault has ended the link. A vault that says nothing for long fails the test.
  std::optional<Octets> receive();
  // Makes room for thousands of datagrams on their way.
  void widen();
  // Whether a reply (or the end) comes within so many milliseconds.
  bool hears(int milliseconds);

  // One request, one answer. Throws when the vault ends the link instead.
  Reply ask(const FillRequest& fill, const std::vector<int>& descriptors = {});
  Reply askRecord(const FillRecord& fill);

  // Presents a descriptor.
  Reply present(int descriptor);
  void acknowledge(uint64_t sequence);

  // All bytes that went through, in both directions.
  std::vector<Octets> sent, received;

 private:
  Fd socket;
};

// The daemon's public socket, played by the test.
class PublicSocket {
 public:
  explicit PublicSocket(const std::string& path);

  // A connection: the client's end and the daemon's.
  struct Connection {
    Fd client, server;
  };
  // Connects as this process, or as another user in a process of its own that then ends. Needs root.
  Connection connect();
  Connection connectAs(uid_t uid, gid_t gid);

 private:
  std::string path;
  Fd listener;
};

// The code of a refusal; `NOT_REFUSED` when the answer is something else.
constexpr ErrorCode NOT_REFUSED = static_cast<ErrorCode>(0xffff);
ErrorCode refusalOf(rpc::Answer::Reader answer);

// A legacy transaction with one signer, whose slot is empty, and one instruction.
Octets transactionFor(Bytes signer);
// The part of it that is signed.
Bytes messageOf(const Octets& transaction);

}  // namespace waas::hostile
