#include "operator.h"

#include <kj/debug.h>
#include <protocol/email.h>
#include <sodium.h>

#include <string>

#include "../health.h"
#include "../share-status.h"
#include "../vault-rows.h"
#include "guarded.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;
using Whose = protocol::Operator::Whose;

[[noreturn]] void malformed(kj::StringPtr what) {
  kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, what));
}

uint32_t limitOf(uint32_t asked, uint32_t most) {
  return asked == 0 ? limits::PAGE_ROWS_DEFAULT : kj::min(asked, most);
}

kj::Maybe<Id> optionalId(capnp::Data::Reader data, kj::StringPtr complaint) {
  if (data.size() == 0) return nullptr;
  Id id;
  if (!readBytes(data, id)) malformed(complaint);
  return id;
}

// A service's owner id follows from its name (the vault derives it in the same way).
OwnerId serviceOwner(capnp::Text::Reader name) {
  std::string text = "waas service " + std::string(name.begin(), name.size());
  uint8_t hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  OwnerId owner;
  owner.kind = OwnerId::Kind::SERVICE;
  memcpy(owner.id.data(), hash, owner.id.size());
  return owner;
}

}  // namespace

// The vault may have been started anew with another configuration since this view was given.
void OperatorServer::requireRole() const {
  if (!peer->roles().isOperator) kj::throwFatalException(makeFault(ErrorCode::NOT_ALLOWED));
}

kj::Promise<void> OperatorServer::health(HealthContext context) {
  // Not subject to admission: it is asked when things are bad.
  return parts.health.ask(parts).then(
      [this, context]() mutable { parts.health.write(parts, context.getResults().initHealth()); });
}

kj::Promise<kj::Maybe<OwnerId>> OperatorServer::ownerOf(Whose::Reader whose) {
  OwnerId owner;
  switch (whose.which()) {
    case Whose::ALL: return kj::Maybe<OwnerId>(nullptr);
    case Whose::USER:
      if (!readBytes(whose.getUser(), owner.id)) malformed("a user id has 16 bytes"_kj);
      return kj::Maybe<OwnerId>(owner);
    case Whose::SERVICE: return kj::Maybe<OwnerId>(serviceOwner(whose.getService()));
    case Whose::EMAIL: {
      auto email = whose.getEmail();
      if (!isCanonicalEmail({email.begin(), email.size()})) malformed("the e-mail address is not in canonical form"_kj);
      return parts.wallets.accountByEmail(email).then([](kj::Maybe<AccountRow>&& row) -> kj::Maybe<OwnerId> {
        OwnerId found;
        KJ_IF_MAYBE (account, row) found.id = account->userId;
        // Nobody: an id that no account has.
        return found;
      });
    }
  }
  malformed("whose wallets is not said"_kj);
}

kj::Promise<void> OperatorServer::shareStatus(ShareStatusContext context) {
  auto result = [context]() mutable { return context.getResults().initPage(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    auto params = context.getParams();
    uint32_t limit = limitOf(params.getLimit(), limits::PAGE_ROWS);
    auto after = optionalId(params.getAfter(), "a wallet id has 16 bytes"_kj);
    return ownerOf(params.getWhose())
        .then([this, limit, after](kj::Maybe<OwnerId>&& owner) {
          return parts.wallets.page(owner, after, limit + 1);  // one more tells whether there is more
        })
        .then([this, limit](kj::Array<WalletRow>&& rows) {
          auto page = kj::heapArrayBuilder<WalletRow>(kj::min(rows.size(), size_t{limit}));
          for (size_t i = 0; i < rows.size() && i < limit; i++) page.add(kj::mv(rows[i]));
          bool more = rows.size() > limit;
          return askShareStatus(parts, page.finish()).then([more](kj::Array<WalletStatus>&& all) {
            return kj::tuple(kj::mv(all), more);
          });
        })
        .then([context](kj::_::Tuple<kj::Array<WalletStatus>, bool>&& page) mutable {
          auto& all = kj::get<0>(page);
          auto ok = context.getResults().initPage().initOk();
          auto rows = ok.initRows(static_cast<unsigned int>(all.size()));
          for (unsigned int i = 0; i < all.size(); i++) writeShareStatus(rows[i], all[i]);
          ok.setMore(kj::get<1>(page));
        });
  });
}

kj::Promise<void> OperatorServer::auditTail(AuditTailContext context) {
  auto result = [context]() mutable { return context.getResults().initPage(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    auto params = context.getParams();
    auto instance = optionalId(params.getInstance(), "an instance has 16 bytes"_kj);
    uint32_t limit = limitOf(params.getLimit(), WalletStore::MAX_AUDIT_ROWS);
    return parts.wallets.auditTail(instance, params.getAfter(), limit)
        .then([context](kj::Array<AuditRow>&& rows) mutable {
          auto records = context.getResults().initPage().initOk().initRecords(static_cast<unsigned int>(rows.size()));
          for (unsigned int i = 0; i < rows.size(); i++) {
            records[i].setRecord(dataOf(rows[i].record));
            KJ_IF_MAYBE (signature, rows[i].headSignature) records[i].setHeadSignature(dataOf(*signature));
          }
        });
  });
}

kj::Promise<void> OperatorServer::auditInstances(AuditInstancesContext context) {
  auto result = [context]() mutable { return context.getResults().initInstances(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    return parts.wallets.auditInstances().then([context](kj::Array<AuditInstance>&& all) mutable {
      auto out = context.getResults().initInstances().initOk(static_cast<unsigned int>(all.size()));
      for (unsigned int i = 0; i < all.size(); i++) {
        out[i].setInstance(dataOf(all[i].instance));
        out[i].setFirst(all[i].first);
        out[i].setLast(all[i].last);
      }
    });
  });
}

}  // namespace waas::broker
