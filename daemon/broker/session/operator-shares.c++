// Operator: runs of rotation and recovery.
#include "../public-error.h"
#include "operator.h"
#include "run-report.h"

namespace waas::broker {
namespace {

// A capability that was left out.
kj::Maybe<protocol::Progress::Client> progressOf(bool given, protocol::Progress::Client client) {
  if (!given) return nullptr;
  return kj::mv(client);
}

}  // namespace

// Neither has a deadline: a run takes as long as it takes, and ends when the operator leaves.
kj::Promise<void> OperatorServer::rotate(RotateContext context) {
  return kj::evalNow([&]() {
           requireRole();
           return ownerOf(context.getParams().getWhose());
         })
      .then([this, context](kj::Maybe<OwnerId>&& whose) mutable {
        auto params = context.getParams();
        RunOrder order{kj::mv(whose), params.getForce() ? Wanted::ALWAYS : Wanted::DUE, 0};
        return carryOut(parts, kj::addRef(*peer), kj::mv(order), kj::heap<PeerAsker>(kj::addRef(*peer)),
                        progressOf(params.hasProgress(), params.getProgress()),
                        [context]() mutable { return context.getResults().initRun().initOk(); });
      })
      .catch_([context](kj::Exception&& exception) mutable {
        refuse(context.getResults().initRun().initRefused(), exception);
      });
}

kj::Promise<void> OperatorServer::recover(RecoverContext context) {
  return kj::evalNow([&]() {
           requireRole();
           return ownerOf(context.getParams().getWhose());
         })
      .then([this, context](kj::Maybe<OwnerId>&& whose) mutable {
        auto params = context.getParams();
        RunOrder order{kj::mv(whose), Wanted::BROKEN, 0};
        return carryOut(parts, kj::addRef(*peer), kj::mv(order), kj::heap<PeerAsker>(kj::addRef(*peer)),
                        progressOf(params.hasProgress(), params.getProgress()),
                        [context]() mutable { return context.getResults().initRun().initOk(); });
      })
      .catch_([context](kj::Exception&& exception) mutable {
        refuse(context.getResults().initRun().initRefused(), exception);
      });
}

}  // namespace waas::broker
