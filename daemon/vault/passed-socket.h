#pragma once
// What the kernel says about a connection that the broker passed: the only way in which a local identity gets into the
// vault (V6: the broker can't invent a uid).
#include <sys/types.h>

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "daemon/vault/limits.h"

namespace waas::vault {

// A received descriptor. Closes it when it ends, whatever it is, without waiting for anything.
class PassedDescriptor {
 public:
  explicit PassedDescriptor(int fd) : fd(fd) {}
  ~PassedDescriptor();
  PassedDescriptor(PassedDescriptor&& other) noexcept : fd(other.fd) { other.fd = -1; }
  PassedDescriptor& operator=(PassedDescriptor&&) = delete;

  int get() const { return fd; }

 private:
  int fd;
};

struct PeerIdentity {
  uid_t uid = 0;
  std::array<gid_t, MAX_GROUPS + 1> groups{};  // the primary one first
  size_t groupCount = 0;

  std::span<const gid_t> allGroups() const { return std::span(groups).first(groupCount); }
};

// Reads who is at the other end of `fd`, if it is the daemon's end of a connection that somebody made to `socketPath`.
//
// Which end matters: SO_PEERCRED of a client's end names whoever made the listener, often root. So the socket's own
// name must be exactly the daemon's path and the other end must have no name. A client's end always faces a name,
// because the kernel lets nobody listen on an unbound socket; a client socket that was itself bound to our path does
// so, too. A socketpair bound to our path shows who made the pair: the broker itself, which is no lie. Nothing for
// anything else: listening, other types and families, no socket at all, a peer with too many groups.
std::optional<PeerIdentity> readPeer(int fd, std::string_view socketPath);

}  // namespace waas::vault
