#pragma once
// The one wrapper that every method of every session ends in: admission before, deadline around, faults to refusals
// after. Nothing leaves a method as an exception but what has no place in a result.
#include <kj/async.h>

#include "../parts.h"
#include "../peer.h"
#include "../public-error.h"

namespace waas::broker {

// Has `work` fill in a result, and refuses instead where that fails.
//
//   result  returns the Result(T)::Builder; called at the end, again if the first one has to be taken back
//   work    returns a promise; runs at once
//
// What a method writes to stores must not be cut off half-way by the deadline: such work goes through finishAnyway().
template <typename GetResult, typename Work>
kj::Promise<void> guarded(Parts& parts, Peer& peer, GetResult result, Work&& work) {
  auto ticket = parts.admission.admit(peer.share);
  if (!ticket) {
    refuse(result().initRefused(), protocol::ErrorCode::OVERLOADED, "too many calls are in flight"_kj);
    return kj::READY_NOW;
  }
  auto late = parts.timer.afterDelay(parts.deadlines.length()).then([]() {
    kj::throwFatalException(makeFault(protocol::ErrorCode::DEADLINE_EXCEEDED));
  });
  return kj::evalNow(kj::fwd<Work>(work))
      .exclusiveJoin(kj::mv(late))
      .catch_([result](kj::Exception&& exception) mutable { refuse(result().initRefused(), exception); })
      .attach(kj::mv(ticket), kj::addRef(peer));
}

// Carries work to its end even when nobody waits for it any more; the promise that comes back may be dropped.
template <typename T>
kj::Promise<T> finishAnyway(Parts& parts, kj::Promise<T> work) {
  auto paf = kj::newPromiseAndFulfiller<T>();
  auto& fulfiller = *paf.fulfiller;
  parts.background.add(work.then([&fulfiller](T&& value) { fulfiller.fulfill(kj::mv(value)); },
                                 [&fulfiller](kj::Exception&& exception) { fulfiller.reject(kj::mv(exception)); })
                           .attach(kj::mv(paf.fulfiller)));
  return kj::mv(paf.promise);
}

}  // namespace waas::broker
