#include "policy-keeper.h"

#include <kj/debug.h>

#include "limits.h"
#include "log.h"
#include "public-error.h"
#include "vault-rows.h"
#include "wallet-store.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr size_t REQUEST_WORDS = 16;

}  // namespace

void PolicyKeeper::start() {
  pause = limits::POLICY_POLL_FIRST;
  polling = poll().eagerlyEvaluate([](kj::Exception&& e) { logFault("B8001", "looking for policies ended", e); });
}

kj::Maybe<const PolicyRow&> PolicyKeeper::current() const {
  KJ_IF_MAYBE (row, inForce) return *row;
  return nullptr;
}

kj::Promise<void> PolicyKeeper::poll() {
  return timer.afterDelay(pause)
      .then([this]() -> kj::Promise<void> {
        if (!link.isReady()) return kj::READY_NOW;
        return look(When::READY);
      })
      .catch_([](kj::Exception&& exception) {
        // A store or a vault that is away is told of elsewhere.
        if (faultOf(exception).code == ErrorCode::UNKNOWN) logFault("B8002", "policies could not be read", exception);
      })
      .then([this]() {
        pause = inForce == nullptr ? kj::min(2 * pause, limits::POLICY_POLL) : limits::POLICY_POLL;
        return poll();
      });
}

// Signing begins when the vault has its policy, or when it is clear that there is none to be had at the moment.
kj::Promise<void> PolicyKeeper::vaultReturned() {
  refused.clear();
  pause = limits::POLICY_POLL_FIRST;
  KJ_IF_MAYBE (row, inForce) {
    PolicyRow known{row->number, kj::heapArray<kj::byte>(row->bundle)};
    inForce = nullptr;  // a vault that was started anew has to take it first
    return show(kj::mv(known), When::GREETING).then([this](bool) { return lookPatiently(1); });
  }
  return lookPatiently(limits::POLICY_TRIES);
}

// The database may be a moment behind at start.
kj::Promise<void> PolicyKeeper::lookPatiently(uint32_t tries) {
  return kj::evalNow([this]() { return look(When::GREETING); })
      .catch_([this, tries](kj::Exception&& exception) -> kj::Promise<void> {
        if (faultOf(exception).code == ErrorCode::VAULT_UNREACHABLE) return kj::mv(exception);
        if (tries <= 1) return kj::READY_NOW;
        return timer.afterDelay(limits::POLICY_RETRY).then([this, tries]() { return lookPatiently(tries - 1); });
      });
}

kj::Promise<void> PolicyKeeper::look(When when) {
  uint64_t above = 0;
  KJ_IF_MAYBE (row, inForce) above = row->number;
  return store.bundlesAbove(above).then(
      [this, when](kj::Array<PolicyRow> rows) { return showFrom(kj::mv(rows), 0, when); });
}

// The highest first; a row that is none of the policy key's must not keep the true ones away.
kj::Promise<void> PolicyKeeper::showFrom(kj::Array<PolicyRow> rows, size_t at, When when) {
  while (at < rows.size() && wasRefused(rows[at])) at++;
  if (at == rows.size()) return kj::READY_NOW;
  PolicyRow row = kj::mv(rows[at]);
  return show(kj::mv(row), when).then([this, rows = kj::mv(rows), at, when](bool taken) mutable -> kj::Promise<void> {
    if (taken) return kj::READY_NOW;
    return showFrom(kj::mv(rows), at + 1, when);
  });
}

kj::Promise<bool> PolicyKeeper::show(PolicyRow row, When when) {
  auto asked = ask(0, row.bundle, when);
  return asked.then([this, row = kj::mv(row)](VaultAnswer answer) mutable {
    if (answer.answer.isPolicy()) {
      logInfo("B8003", "policy in force", {{"number", static_cast<int64_t>(row.number)}});
      inForce = kj::mv(row);
      return true;
    }
    KJ_REQUIRE(answer.answer.isRefused(), "another answer than to loadPolicy");
    if (answer.answer.getRefused().getCode() == ErrorCode::OVERLOADED) return false;  // later
    logWarning("B8004", "the vault refused a stored policy", {{"number", static_cast<int64_t>(row.number)}});
    if (refused.size() >= limits::POLICIES_REFUSED) refused.clear();
    refused.add(Refused{row.number, kj::mv(row.bundle)});
    return false;
  });
}

kj::Promise<VaultAnswer> PolicyKeeper::ask(uint64_t peer, kj::ArrayPtr<const kj::byte> bundle, When when) {
  size_t words = REQUEST_WORDS + wordsFor(bundle.size());
  auto fill = [peer, bundle = kj::heapArray<kj::byte>(bundle)](inner::Request::Builder request) {
    auto load = request.initLoadPolicy();
    load.setPeer(peer);
    load.setBundle(bundle);
  };
  return when == When::GREETING ? link.askWhileGreeting(words, kj::mv(fill)) : link.ask(words, kj::mv(fill));
}

bool PolicyKeeper::wasRefused(const PolicyRow& row) const {
  for (auto& one : refused) {
    if (one.number == row.number && one.bundle.asPtr() == row.bundle.asPtr()) return true;
  }
  return false;
}

kj::Promise<VaultAnswer> PolicyKeeper::load(uint64_t peer, kj::Array<kj::byte> bundle) {
  auto asked = ask(peer, bundle, When::READY);
  return asked.then([this, bundle = kj::mv(bundle)](VaultAnswer answer) mutable -> kj::Promise<VaultAnswer> {
    if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
    KJ_REQUIRE(answer.answer.isPolicy(), "another answer than to loadPolicy");
    uint64_t number = answer.answer.getPolicy().getNumber();
    logInfo("B8005", "policy loaded", {{"number", static_cast<int64_t>(number)}});
    inForce = PolicyRow{number, kj::heapArray<kj::byte>(bundle)};
    return store.insertBundle(PolicyRow{number, kj::mv(bundle)})
        .then([answer = kj::mv(answer)](Commit commit) mutable -> VaultAnswer {
          if (commit == Commit::DONE) return kj::mv(answer);
          kj::throwFatalException(makeFault(ErrorCode::CONFLICT, "another bundle with this number is stored"_kj));
        });
  });
}

}  // namespace waas::broker
