#pragma once
// Replies of a Redis server, read by hiredis from bytes that KJ brings; bounded in size, number and depth.
#include <kj/array.h>
#include <kj/string.h>
#include <kj/vector.h>

#include <cstdint>

struct redisReader;

namespace waas::broker {

// One reply, flat: an array is followed by its elements. Reused for the next reply; nothing in it may be kept.
class RedisReply {
 public:
  enum class Kind : uint8_t { STATUS, ERROR, STRING, INTEGER, NIL, ARRAY };
  struct Item {
    Kind kind;
    int64_t integer;  // INTEGER: the value; ARRAY: how many elements
    size_t offset, size;
  };

  size_t count() const { return items.size(); }
  const Item& item(size_t index) const { return items[index]; }
  bool is(size_t index, Kind kind) const { return index < items.size() && items[index].kind == kind; }
  kj::ArrayPtr<const char> text(size_t index) const {
    return chars.asPtr().slice(items[index].offset, items[index].offset + items[index].size);
  }
  // Whether item `index` is an error or status that begins so.
  bool isError(size_t index, kj::StringPtr prefix) const;
  bool isStatus(size_t index, kj::StringPtr whole) const;

 private:
  friend class RedisReplyReader;
  kj::Vector<Item> items;
  kj::Vector<char> chars;
};

// Turns a stream of bytes into replies. A resource.
class RedisReplyReader {
 public:
  // A server that exceeds these, or nests deeper than hiredis goes (7), is cut off.
  static constexpr size_t MAX_REPLY_ITEMS = 4096;
  static constexpr size_t MAX_REPLY_BYTES = 1u << 20;

  RedisReplyReader();
  ~RedisReplyReader() noexcept(false);
  KJ_DISALLOW_COPY(RedisReplyReader);

  // Adds bytes. Throws (DISCONNECTED) on what is no reply.
  void feed(kj::ArrayPtr<const kj::byte> bytes);

  // The next whole reply, valid until the next call; null when more bytes are needed. Throws as feed does.
  kj::Maybe<const RedisReply&> next();

 private:
  struct Builder;
  redisReader* reader;
  RedisReply current;
};

}  // namespace waas::broker
