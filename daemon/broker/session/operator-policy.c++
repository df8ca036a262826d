// Operator: the policy in force, and a new one. The vault decides what it takes; the broker keeps it.
#include <kj/debug.h>

#include "../policy-keeper.h"
#include "guarded.h"
#include "operator.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr size_t HEALTH_WORDS = 16;

// Which policy is in force is the vault's to say, the bundle is what the broker has of it.
void writePolicy(protocol::Operator::Policy::Builder out, inner::Policy::Reader policy,
                 kj::Maybe<const PolicyRow&> known) {
  out.setNumber(policy.getNumber());
  out.setNotAfter(policy.getNotAfter());
  KJ_IF_MAYBE (row, known) {
    if (row->number == policy.getNumber()) out.setBundle(row->bundle);
  }
}

}  // namespace

kj::Promise<void> OperatorServer::loadPolicy(LoadPolicyContext context) {
  auto result = [context]() mutable { return context.getResults().initPolicy(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    if (!parts.audit.accepts()) {
      kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
    }
    auto bundle = context.getParams().getBundle();
    if (bundle.size() > PolicyStore::MAX_BUNDLE_BYTES) {
      kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE, "the bundle is too large"_kj));
    }
    auto loading = parts.policies.load(peer->vaultHandle(), kj::heapArray<kj::byte>(bundle));
    return finishAnyway(parts, kj::mv(loading)).then([this, context](VaultAnswer answer) mutable {
      auto head = answer.reply->root().getHead().getSequence();
      auto durable = parts.audit.whenDurable(kj::max(answer.answer.getAuditThrough(), head));
      return durable.then([this, context, answer = kj::mv(answer)]() mutable {
        writePolicy(context.getResults().initPolicy().initOk(), answer.answer.getPolicy(), parts.policies.current());
      });
    });
  });
}

kj::Promise<void> OperatorServer::policy(PolicyContext context) {
  auto result = [context]() mutable { return context.getResults().initPolicy(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    requireRole();
    return parts.vault.ask(HEALTH_WORDS, [](inner::Request::Builder request) { request.setHealth(); })
        .then([this, context](VaultAnswer answer) mutable {
          KJ_REQUIRE(answer.answer.isHealth(), "another answer than to health");
          writePolicy(context.getResults().initPolicy().initOk(), answer.answer.getHealth().getPolicy(),
                      parts.policies.current());
        });
  });
}

}  // namespace waas::broker
