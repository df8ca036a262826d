#include "session-cache.h"

#include <sodium.h>

#include "../limits.h"

namespace waas::gateway {

using client::ErrorCode;
using client::makeFailure;

PersonSession::PersonSession(kj::Own<DaemonConnection> connection, client::Login::Resumed resumed)
    : connection(kj::mv(connection)), session(kj::mv(resumed.session)), user(resumed.userId), tasks(*this) {}

kj::Promise<client::SignOutcome> PersonSession::sign(client::SignItem item) {
  auto pair = kj::newPromiseAndFulfiller<client::SignOutcome>();
  waiting.push_back(Waiting{kj::mv(item), kj::mv(pair.fulfiller)});
  if (!flushing) {
    flushing = true;
    tasks.add(kj::evalLast([this]() { flush(); }));
  }
  return pair.promise.attach(kj::addRef(*this));
}

void PersonSession::flush() {
  flushing = false;
  while (!waiting.empty()) {
    kj::Vector<Waiting> batch;
    size_t bytes = 0;
    while (!waiting.empty() && batch.size() < limits::SIGN_ITEMS) {
      size_t size = waiting.front().item.payload.size();
      if (batch.size() > 0 && bytes + size > limits::SIGN_BYTES) break;
      bytes += size;
      batch.add(kj::mv(waiting.front()));
      waiting.pop_front();
    }
    tasks.add(send(kj::mv(batch)));
  }
}

kj::Promise<void> PersonSession::send(kj::Vector<Waiting> batch) {
  auto items = kj::heapArrayBuilder<client::SignItem>(batch.size());
  for (auto& one : batch) items.add(kj::mv(one.item));
  auto shared = kj::heap<kj::Vector<Waiting>>(kj::mv(batch));
  auto& fulfillers = *shared;
  return session->sign(items.finish())
      .then(
          [&fulfillers](kj::Array<client::SignOutcome> outcomes) {
            for (size_t i = 0; i < fulfillers.size(); i++) fulfillers[i].fulfiller->fulfill(kj::mv(outcomes[i]));
          },
          [&fulfillers](kj::Exception&& exception) {
            for (auto& one : fulfillers) one.fulfiller->reject(kj::cp(exception));
          })
      .attach(kj::mv(shared));
}

kj::Promise<kj::Own<PersonSession>> SessionCache::find(std::string_view token) {
  Key key;
  crypto_hash_sha256(key.data(), reinterpret_cast<const uint8_t*>(token.data()), token.size());
  auto found = entries.find(key);
  if (found != entries.end()) {
    used.splice(used.end(), used, found->second.place);
    return kj::addRef(*found->second.session);
  }
  return fresh(token).then([this, key](kj::Own<PersonSession> session) {
    keep(key, *session);
    return session;
  });
}

kj::Promise<kj::Own<PersonSession>> SessionCache::fresh(std::string_view token) {
  auto parsed = client::SessionToken::parse(kj::arrayPtr(token.data(), token.size()));
  KJ_IF_MAYBE (it, parsed) {
    size_t number = (*it)->tokenId()[0];
    return link.connection(number).then([this, token = kj::mv(*it)](kj::Own<DaemonConnection> connection) mutable {
      auto& ref = *connection;
      return ref.login()
          .resume(kj::mv(token))
          .then(
              [connection = kj::mv(connection)](client::Login::Resumed resumed) mutable {
                return kj::refcounted<PersonSession>(kj::mv(connection), kj::mv(resumed));
              },
              [this, &ref](kj::Exception&& exception) -> kj::Own<PersonSession> {
                if (client::failureOf(exception).code == ErrorCode::SIGNER_UNREACHABLE) link.lost(ref);
                kj::throwFatalException(kj::mv(exception));
              });
    });
  }
  return makeFailure(ErrorCode::SESSION_INVALID);
}

void SessionCache::keep(const Key& key, PersonSession& session) {
  if (entries.contains(key)) return;  // somebody with the same token was quicker
  while (entries.size() >= capacity) {
    entries.erase(used.front());
    used.pop_front();
  }
  entries.emplace(key, Entry{kj::addRef(session), used.insert(used.end(), key)});
}

void SessionCache::forget(PersonSession& session) {
  for (auto it = entries.begin(); it != entries.end();) {
    auto& entry = it->second;
    if (entry.session.get() == &session) {
      used.erase(entry.place);
      it = entries.erase(it);
    } else {
      ++it;
    }
  }
}

void SessionCache::forgetUser(const Id& user) {
  for (auto it = entries.begin(); it != entries.end();) {
    if (it->second.session->userId() == user) {
      used.erase(it->second.place);
      it = entries.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace waas::gateway
