#pragma once
// People's sessions with the daemon, taken up once for each token and kept for the requests that follow.
#include <kj/refcount.h>
#include <kj/vector.h>

#include <array>
#include <cstring>
#include <list>
#include <unordered_map>

#include "daemon-link.h"

namespace waas::gateway {

// One session: the capability, and the key that proves each call. Whether the session still holds is the vault's
// decision, call by call.
class PersonSession : public kj::Refcounted, private kj::TaskSet::ErrorHandler {
 public:
  PersonSession(kj::Own<DaemonConnection> connection, client::Login::Resumed resumed);

  client::UserSession& wallets() { return *session; }
  const Id& userId() const { return user; }
  DaemonConnection& daemon() { return *connection; }

  // Signs one thing. Those that are asked for in one turn of the event loop travel in one call.
  kj::Promise<client::SignOutcome> sign(client::SignItem item);

 private:
  struct Waiting {
    client::SignItem item;
    kj::Own<kj::PromiseFulfiller<client::SignOutcome>> fulfiller;
  };

  void flush();
  kj::Promise<void> send(kj::Vector<Waiting> batch);
  void taskFailed(kj::Exception&&) override {}

  kj::Own<DaemonConnection> connection;  // first: the session refers to it
  kj::Own<client::UserSession> session;
  Id user;
  std::list<Waiting> waiting;
  bool flushing = false;
  kj::TaskSet tasks;
};

// A bounded number of them, by the hash of the whole token, key of possession included: only who has all of it finds
// the session. Those that were not used for longest go first.
class SessionCache {
 public:
  SessionCache(DaemonLink& link, size_t capacity) : link(link), capacity(capacity) {}
  KJ_DISALLOW_COPY(SessionCache);

  // The session of a token. Fails with `sessionInvalid` for what is no token, and as Login::resume does.
  kj::Promise<kj::Own<PersonSession>> find(std::string_view token);

  // Takes up a session that nobody else uses.
  kj::Promise<kj::Own<PersonSession>> fresh(std::string_view token);

  // Lets go of a session that was refused or signed out, or whose connection broke.
  void forget(PersonSession& session);
  void forgetUser(const Id& user);

  size_t size() const { return entries.size(); }

 private:
  using Key = std::array<uint8_t, 32>;
  struct KeyHash {
    size_t operator()(const Key& key) const {
      size_t hash;
      memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };
  struct Entry {
    kj::Own<PersonSession> session;
    std::list<Key>::iterator place;
  };

  void keep(const Key& key, PersonSession& session);

  DaemonLink& link;
  size_t capacity;
  std::unordered_map<Key, Entry, KeyHash> entries;
  std::list<Key> used;  // least recently used first
};

}  // namespace waas::gateway
