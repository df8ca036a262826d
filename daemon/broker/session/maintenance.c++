#include "maintenance.h"

#include "../public-error.h"
#include "run-report.h"

namespace waas::broker {

using protocol::ErrorCode;

// Without a deadline: a run takes as long as it takes.
kj::Promise<void> MaintenanceServer::rotateDue(RotateDueContext context) {
  RunOrder order;
  order.limit = context.getParams().getLimit();
  return kj::evalNow([&]() {
           peer->vaultHandle();
           return carryOut(parts, kj::addRef(*peer), kj::mv(order), kj::Own<Asker>(), nullptr,
                           [context]() mutable { return context.getResults().initRun().initOk(); });
         })
      .catch_([context](kj::Exception&& exception) mutable {
        refuse(context.getResults().initRun().initRefused(), exception);
      });
}

kj::Promise<void> MaintenanceServer::ready(ReadyContext context) {
  auto result = context.getResults().initReady();
  if (!parts.vault.isReady()) {
    refuse(result.initRefused(), ErrorCode::VAULT_UNREACHABLE);
  } else if (!parts.wallets.health().reachable) {
    refuse(result.initRefused(), ErrorCode::POSTGRES_UNREACHABLE);
  } else if (!parts.redis1.health().reachable || !parts.redis2.health().reachable) {
    refuse(result.initRefused(), ErrorCode::REDIS_UNREACHABLE);
  } else {
    result.initOk();
  }
  return kj::READY_NOW;
}

}  // namespace waas::broker
