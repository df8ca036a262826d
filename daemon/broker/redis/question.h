#pragma once
// A question to a Redis server outside of the share store: login, what it is, where the primary is.
#include <daemon/broker/redis/session.h>

namespace waas::broker {

// For the log only.
inline kj::Exception unusable(kj::StringPtr reason) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(reason));
}

// Resolves when the reply is not an error, else is rejected; gives the reply to `take` before.
template <typename Take>
class QuestionHandler final : public RedisReplyHandler {
 public:
  QuestionHandler(kj::Own<kj::PromiseFulfiller<void>> fulfiller, Take take)
      : fulfiller(kj::mv(fulfiller)), take(kj::mv(take)) {}

  void reply(const RedisReply& reply) override {
    if (take(reply)) return fulfiller->fulfill();
    // "-ERR ..." and "-WRONGPASS ..." name no secret.
    bool said = reply.is(0, RedisReply::Kind::ERROR);
    fulfiller->reject(unusable(said ? kj::str("the server refused the login or a question: ", reply.text(0))
                                    : kj::str("the server answers in an odd form")));
  }
  void failed(kj::Exception&& reason) override { fulfiller->reject(kj::mv(reason)); }

 private:
  kj::Own<kj::PromiseFulfiller<void>> fulfiller;
  Take take;
};

template <typename Take>
kj::Promise<void> ask(RedisSession& session, RedisSession::Command command, Take take) {
  auto pair = kj::newPromiseAndFulfiller<void>();
  session.send({command}, kj::heap<QuestionHandler<Take>>(kj::mv(pair.fulfiller), kj::mv(take)));
  return kj::mv(pair.promise);
}

}  // namespace waas::broker
