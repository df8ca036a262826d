// Operator: key versions and the custody of the recovery key. The vault checks and does; here is only the way there,
// and a count of what names which version.
#include <kj/debug.h>

#include "../public-error.h"
#include "../vault-rows.h"
#include "guarded.h"
#include "operator.h"

namespace waas::broker {

using protocol::ErrorCode;

namespace {

constexpr size_t REQUEST_WORDS = 32;

// What the database says of each purpose that it can know of; null: it could not be asked.
struct Counts {
  kj::Maybe<kj::Array<KeyCount>> of[3];

  kj::Maybe<kj::ArrayPtr<const KeyCount>> find(kj::StringPtr purpose) const {
    constexpr kj::StringPtr NAMES[3] = {"share"_kj, "recovery"_kj, "record"_kj};
    for (size_t i = 0; i < 3; i++) {
      if (purpose != NAMES[i]) continue;
      KJ_IF_MAYBE (found, of[i]) return found->asPtr();
    }
    return nullptr;
  }
};

kj::Promise<kj::Maybe<kj::Array<KeyCount>>> countOf(Parts& parts, WalletStore::Envelope kind) {
  return parts.wallets.countKeys(kind).then(
      [](kj::Array<KeyCount>&& found) -> kj::Maybe<kj::Array<KeyCount>> { return kj::mv(found); },
      [](kj::Exception&&) -> kj::Maybe<kj::Array<KeyCount>> { return nullptr; });
}

kj::Promise<Counts> countAll(Parts& parts) {
  using Kind = WalletStore::Envelope;
  auto all = kj::heapArrayBuilder<kj::Promise<kj::Maybe<kj::Array<KeyCount>>>>(3);
  for (auto kind : {Kind::SHARE, Kind::RECOVERY, Kind::ACCOUNT}) all.add(countOf(parts, kind));
  return kj::joinPromises(all.finish()).then([](kj::Array<kj::Maybe<kj::Array<KeyCount>>>&& found) {
    Counts counts;
    for (size_t i = 0; i < 3; i++) counts.of[i] = kj::mv(found[i]);
    return counts;
  });
}

void writeUse(protocol::Operator::KeyUse::Builder out, inner::Health::KeyVersion::Reader key, const Counts& counts) {
  out.setPurpose(key.getPurpose());
  out.setVersion(key.getVersion());
  out.setNewest(key.getNewest());
  out.setState(static_cast<protocol::Operator::KeyUse::State>(key.getState()));
  KJ_IF_MAYBE (known, counts.find(key.getPurpose())) {
    out.setCounted(true);
    for (auto& one : *known) {
      if (one.version == key.getVersion()) out.setProtects(one.records);
    }
  }
}

uint64_t releaseOf(VaultAnswer& answer) {
  return kj::max(answer.answer.getAuditThrough(), answer.reply->root().getHead().getSequence());
}

void writeChange(protocol::Operator::KeyChange::Reader change, inner::KeysRequest::Builder out) {
  using Change = protocol::Operator::KeyChange;
  auto name = [](protocol::Operator::KeyChange::Name::Reader from, inner::KeysRequest::KeyName::Builder to) {
    to.setPurpose(from.getPurpose());
    to.setVersion(from.getVersion());
  };
  switch (change.which()) {
    case Change::ADD: out.setAdd(change.getAdd()); break;
    case Change::ACTIVATE: name(change.getActivate(), out.initActivate()); break;
    case Change::INSTALL: out.setInstall(change.getInstall()); break;
    case Change::RETIRE: name(change.getRetire(), out.initRetire()); break;
  }
}

void writeCustodyChange(protocol::Operator::CustodyChange::Reader change, inner::CustodyRequest::Builder out) {
  using Change = protocol::Operator::CustodyChange;
  switch (change.which()) {
    case Change::PART: out.setPart(change.getPart()); break;
    case Change::FORGET: out.setForget(); break;
    case Change::SPLIT: {
      auto from = change.getSplit();
      auto to = out.initSplit();
      to.setThreshold(from.getThreshold());
      to.setRecipients(from.getRecipients());
      break;
    }
  }
}

}  // namespace

kj::Promise<void> OperatorServer::keys(KeysContext context) {
  auto result = [context]() mutable { return context.getResults().initKeys(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    auto listed = parts.vault.ask(REQUEST_WORDS, [this, handle = peer->vaultHandle()](inner::Request::Builder request) {
      auto keys = request.initKeys();
      keys.setPeer(handle);
      keys.setList();
    });
    return countAll(parts).then([context, listed = kj::mv(listed)](Counts&& counts) mutable {
      return listed.then([context, counts = kj::mv(counts)](VaultAnswer answer) mutable {
        if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
        KJ_REQUIRE(answer.answer.isKeys(), "another answer than to keys");
        auto versions = answer.answer.getKeys().getVersions();
        auto out = context.getResults().initKeys().initOk(versions.size());
        for (unsigned int i = 0; i < versions.size(); i++) writeUse(out[i], versions[i], counts);
      });
    });
  });
}

kj::Promise<void> OperatorServer::changeKeys(ChangeKeysContext context) {
  auto result = [context]() mutable { return context.getResults().initChanged(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    auto change = context.getParams().getChange();
    size_t words = REQUEST_WORDS + change.totalSize().wordCount;
    if (words > limits::KEYRING_WORDS) kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE));
    return parts.vault
        .ask(words,
             [this, change, handle = peer->vaultHandle()](inner::Request::Builder request) {
               auto keys = request.initKeys();
               keys.setPeer(handle);
               writeChange(change, keys);
             })
        .then([this, context](VaultAnswer answer) mutable {
          if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
          KJ_REQUIRE(answer.answer.isKeys(), "another answer than to keys");
          return parts.audit.whenDurable(releaseOf(answer)).then([context, answer = kj::mv(answer)]() mutable {
            context.getResults().initChanged().setOk(answer.answer.getKeys().getKeyring());
          });
        });
  });
}

kj::Promise<void> OperatorServer::custody(CustodyContext context) {
  auto result = [context]() mutable { return context.getResults().initCustody(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    auto change = context.getParams().getChange();
    size_t words = REQUEST_WORDS + change.totalSize().wordCount;
    if (words > limits::KEYRING_WORDS) kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE));
    return parts.vault
        .ask(words,
             [this, change, handle = peer->vaultHandle()](inner::Request::Builder request) {
               auto custody = request.initCustody();
               custody.setPeer(handle);
               writeCustodyChange(change, custody);
             })
        .then([this, context](VaultAnswer answer) mutable {
          if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
          KJ_REQUIRE(answer.answer.isCustody(), "another answer than to custody");
          return parts.audit.whenDurable(releaseOf(answer)).then([context, answer = kj::mv(answer)]() mutable {
            auto custody = answer.answer.getCustody();
            auto out = context.getResults().initCustody().initOk();
            out.setHeld(custody.getHeld());
            out.setThreshold(custody.getThreshold());
            out.setGiven(custody.getGiven());
            out.setParts(custody.getParts());
            out.setKeyring(custody.getKeyring());
          });
        });
  });
}

}  // namespace waas::broker
