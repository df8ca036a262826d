// Operator: runs of rotation and recovery.
#include <kj/function.h>

#include "operator.h"

namespace waas::client {
namespace {

// Told by the daemon how far a run is.
class ProgressServer final : public protocol::Progress::Server {
 public:
  explicit ProgressServer(kj::Function<void(const Rotation&)> tell) : tell(kj::mv(tell)) {}

  kj::Promise<void> report(ReportContext context) override {
    tell(readRotation(context.getParams().getSoFar()));
    return kj::READY_NOW;
  }

 private:
  kj::Function<void(const Rotation&)> tell;
};

void writeWhose(protocol::Operator::Whose::Builder to, const Whose& whose) {
  switch (whose.kind) {
    case Whose::Kind::ALL: to.setAll(); break;
    case Whose::Kind::USER: to.setUser(kj::arrayPtr(whose.userId.data(), whose.userId.size())); break;
    case Whose::Kind::EMAIL: to.setEmail(whose.text); break;
    case Whose::Kind::SERVICE: to.setService(whose.text); break;
  }
}

}  // namespace

kj::Promise<Rotation> Operator::rotate(const Whose& whose, Force force, kj::Function<void(const Rotation&)> progress) {
  auto request = remote.rotateRequest();
  writeWhose(request.initWhose(), whose);
  request.setForce(force == Force::YES);
  request.setProgress(kj::heap<ProgressServer>(kj::mv(progress)));
  return request.send().then([](auto response) { return readRotation(okOf(response.getRun())); });
}

kj::Promise<Rotation> Operator::recover(const Whose& whose, kj::Function<void(const Rotation&)> progress) {
  auto request = remote.recoverRequest();
  writeWhose(request.initWhose(), whose);
  request.setProgress(kj::heap<ProgressServer>(kj::mv(progress)));
  return request.send().then([](auto response) { return readRotation(okOf(response.getRun())); });
}

}  // namespace waas::client
