#include "maintenance.h"

#include "wallet.h"

namespace waas::client {

Rotation readRotation(protocol::Rotation::Reader from) {
  Rotation rotation;
  rotation.checked = from.getChecked();
  rotation.rotated = from.getRotated();
  rotation.recovered = from.getRecovered();
  rotation.skipped = from.getSkipped();
  rotation.failed = from.getFailed();
  rotation.total = from.getTotal();
  auto failures = kj::heapArrayBuilder<Rotation::Failed>(from.getFailures().size());
  for (auto failure : from.getFailures()) {
    failures.add(Rotation::Failed{exactly<16>(failure.getWalletId(), "wallet id of a failure"),
                                  failureOf(failure.getRefusal())});
  }
  rotation.failures = failures.finish();
  return rotation;
}

kj::Promise<Rotation> Maintenance::rotateDue(uint32_t limit) {
  auto request = remote.rotateDueRequest();
  request.setLimit(limit);
  return request.send().then([](auto response) { return readRotation(okOf(response.getRun())); });
}

kj::Promise<void> Maintenance::ready() {
  return context.within<void>(remote.readyRequest().send().then([](auto response) { okOf(response.getReady()); }));
}

}  // namespace waas::client
