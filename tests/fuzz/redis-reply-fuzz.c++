// What a Redis server sends, in pieces of any size: replies within their limits, or the end of the connection.
#include <kj/exception.h>

#include "daemon/broker/redis/reply.h"
#include "fuzz-check.h"

using namespace waas::broker;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  size_t piece = 1 + data[0];
  auto rest = kj::arrayPtr(data + 1, size - 1);
  auto ended = kj::runCatchingExceptions([&]() {
    RedisReplyReader reader;
    while (rest.size() > 0) {
      size_t now = kj::min(piece, rest.size());
      reader.feed(rest.slice(0, now));
      rest = rest.slice(now, rest.size());
      for (;;) {
        KJ_IF_MAYBE (reply, reader.next()) {
          FUZZ_CHECK(reply->count() > 0 && reply->count() <= RedisReplyReader::MAX_REPLY_ITEMS);
          for (size_t i = 0; i < reply->count(); i++) {
            if (reply->is(i, RedisReply::Kind::STRING)) {
              FUZZ_CHECK(reply->text(i).size() <= RedisReplyReader::MAX_REPLY_BYTES);
            }
          }
        } else {
          break;
        }
      }
    }
  });
  KJ_IF_MAYBE (exception, ended) FUZZ_CHECK(exception->getType() == kj::Exception::Type::DISCONNECTED);
  return 0;
}
