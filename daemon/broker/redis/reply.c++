#include "reply.h"

#include <hiredis/hiredis.h>
#include <kj/debug.h>

namespace waas::broker {
namespace {

kj::Exception malformed() {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                       kj::str("the server sent something that is no reply, or a reply beyond the limits"));
}

}  // namespace

// What hiredis calls for each item; `privdata` is the reply that is being filled. Null makes the reader fail.
struct RedisReplyReader::Builder {
  using Kind = RedisReply::Kind;

  static void* add(const redisReadTask* task, RedisReply::Item item) {
    auto& reply = *static_cast<RedisReply*>(task->privdata);
    if (reply.items.size() >= MAX_REPLY_ITEMS) return nullptr;
    reply.items.add(item);
    return &reply;  // hiredis only compares it with null
  }

  static void* string(const redisReadTask* task, char* text, size_t size) {
    auto& reply = *static_cast<RedisReply*>(task->privdata);
    Kind kind;
    switch (task->type) {
      case REDIS_REPLY_STRING: kind = Kind::STRING; break;
      case REDIS_REPLY_STATUS: kind = Kind::STATUS; break;
      case REDIS_REPLY_ERROR: kind = Kind::ERROR; break;
      default: return nullptr;  // kinds of the newer protocol, which nobody asked for
    }
    size_t offset = reply.chars.size();
    reply.chars.addAll(text, text + size);
    return add(task, {kind, 0, offset, size});
  }

  // int in hiredis 0.14, size_t since 1.0.
  template <typename Count>
  static void* array(const redisReadTask* task, Count count) {
    if (task->type != REDIS_REPLY_ARRAY || count > static_cast<Count>(MAX_REPLY_ITEMS)) return nullptr;
    return add(task, {Kind::ARRAY, static_cast<int64_t>(count), 0, 0});
  }

  static void* integer(const redisReadTask* task, long long value) {
    return add(task, {Kind::INTEGER, static_cast<int64_t>(value), 0, 0});
  }

  static void* nil(const redisReadTask* task) { return add(task, {Kind::NIL, 0, 0, 0}); }

  static void release(void*) {}  // the reply owns everything

  static redisReplyObjectFunctions functions() {
    redisReplyObjectFunctions f;
    memset(&f, 0, sizeof(f));  // kinds without a function are counted below
    f.createString = string;
    f.createArray = array;
    f.createInteger = integer;
    f.createNil = nil;
    f.freeObject = release;
    return f;
  }

  // Items of kinds that have no function are missing.
  static bool complete(const RedisReply& reply) {
    size_t expected = 1;
    for (auto& item : reply.items) {
      if (item.kind == Kind::ARRAY) expected += static_cast<size_t>(item.integer);
    }
    return expected == reply.items.size();
  }
};

bool RedisReply::isError(size_t index, kj::StringPtr prefix) const {
  if (!is(index, Kind::ERROR)) return false;
  auto said = text(index);
  return said.size() >= prefix.size() && said.slice(0, prefix.size()) == prefix.asArray();
}

bool RedisReply::isStatus(size_t index, kj::StringPtr whole) const {
  return is(index, Kind::STATUS) && text(index) == whole.asArray();
}

RedisReplyReader::RedisReplyReader() {
  static redisReplyObjectFunctions functions = Builder::functions();
  reader = redisReaderCreateWithFunctions(&functions);
  KJ_REQUIRE(reader != nullptr, "out of memory");
  reader->privdata = &current;
}

RedisReplyReader::~RedisReplyReader() noexcept(false) { redisReaderFree(reader); }

void RedisReplyReader::feed(kj::ArrayPtr<const kj::byte> bytes) {
  auto* text = reinterpret_cast<const char*>(bytes.begin());
  if (redisReaderFeed(reader, text, bytes.size()) != REDIS_OK) kj::throwFatalException(malformed());
}

kj::Maybe<const RedisReply&> RedisReplyReader::next() {
  // A reply that is not whole yet goes on filling `current`; a new one begins when the last one was whole.
  if (reader->ridx == -1) {
    current.items.clear();
    current.chars.clear();
  }
  void* reply = nullptr;
  if (redisReaderGetReply(reader, &reply) != REDIS_OK) kj::throwFatalException(malformed());
  if (reply == nullptr) {
    if (reader->len - reader->pos + current.chars.size() > MAX_REPLY_BYTES) kj::throwFatalException(malformed());
    return nullptr;
  }
  if (!Builder::complete(current)) kj::throwFatalException(malformed());
  return current;
}

}  // namespace waas::broker
