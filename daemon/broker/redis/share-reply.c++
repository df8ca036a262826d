#include "share-reply.h"

#include <daemon/broker/fault.h>
#include <daemon/broker/share-store.h>

namespace waas::broker {
namespace {

using Kind = RedisReply::Kind;
using protocol::ErrorCode;

constexpr char HEX[] = "0123456789abcdef";

[[noreturn]] void refuse(ErrorCode code, kj::StringPtr detail) {
  kj::throwFatalException(makeFault(code, detail));
  KJ_UNREACHABLE;
}

[[noreturn]] void oddRecord() {
  refuse(ErrorCode::RECORD_REFUSED, "what Redis holds for the wallet has not the form of shares");
}

// A server that answers, but does not serve.
[[noreturn]] void refuseError(const RedisReply& reply, size_t item) {
  struct Row {
    kj::StringPtr prefix, detail;
  };
  static constexpr Row ROWS[] = {
      {"LOADING"_kj, "the server is still loading its data"_kj},
      {"READONLY"_kj, "the server is a replica and takes no writes"_kj},
      {"MASTERDOWN"_kj, "the server has lost its primary"_kj},
      {"NOAUTH"_kj, "the server wants a login"_kj},
      {"NOPERM"_kj, "the server's user lacks a right"_kj},
      {"OOM"_kj, "the server is out of memory"_kj},
      {"MISCONF"_kj, "the server can't save to its disk"_kj},
      {"NOREPLICAS"_kj, "the server has too few replicas to write"_kj},
      {"MOVED"_kj, "the server is part of a cluster, which is not supported"_kj},
      {"BUSY"_kj, "the server is busy with a script"_kj},
      {"EXECABORT"_kj, "the server refused a part of a write"_kj},
  };
  if (reply.isError(item, "WRONGTYPE")) oddRecord();
  for (auto& row : ROWS) {
    if (reply.isError(item, row.prefix)) refuse(ErrorCode::REDIS_UNREACHABLE, row.detail);
  }
  refuse(ErrorCode::REDIS_UNREACHABLE, "the server refused a command");
}

void requireKind(const RedisReply& reply, size_t item, Kind kind) {
  if (reply.is(item, Kind::ERROR)) refuseError(reply, item);
  if (!reply.is(item, kind)) oddRecord();
}

// PTTL's answer.
kj::Maybe<kj::Duration> readTimeLeft(const RedisReply& reply, size_t item) {
  requireKind(reply, item, Kind::INTEGER);
  constexpr int64_t LONGEST_MS = INT64_MAX / 1'000'000;
  int64_t ms = reply.item(item).integer;
  if (ms == -2) return nullptr;
  if (ms == -1 || ms > LONGEST_MS) return kj::Duration(kj::maxValue);
  if (ms < 0) oddRecord();
  return ms * kj::MILLISECONDS;
}

}  // namespace

ShareKey shareKey(const Id& walletId, uint8_t shareIndex) {
  ShareKey key;
  key.add("mpc:share:"_kj.asArray());
  for (uint8_t byte : walletId) {
    key.data[key.size++] = HEX[byte >> 4];
    key.data[key.size++] = HEX[byte & 15];
  }
  key.data[key.size++] = ':';
  key.data[key.size++] = static_cast<char>('0' + shareIndex);
  return key;
}

ShareFieldName shareFieldName(const WalletVersion& version) {
  ShareFieldName name;
  char digits[20];
  size_t at = sizeof(digits);
  for (uint64_t epoch = version.epoch;;) {
    digits[--at] = static_cast<char>('0' + epoch % 10);
    epoch /= 10;
    if (epoch == 0) break;
  }
  name.add(kj::arrayPtr(digits + at, digits + sizeof(digits)));
  name.data[name.size++] = '-';
  for (int shift = 60; shift >= 0; shift -= 4) name.data[name.size++] = HEX[version.tag >> shift & 15];
  return name;
}

bool parseShareFieldName(kj::ArrayPtr<const char> name, WalletVersion& out) {
  constexpr size_t TAG_DIGITS = 16, MAX_EPOCH_DIGITS = 19;
  if (name.size() < TAG_DIGITS + 2 || name.size() > TAG_DIGITS + 1 + MAX_EPOCH_DIGITS) return false;
  size_t dash = name.size() - TAG_DIGITS - 1;
  if (name[dash] != '-' || name[0] == '0') return false;
  uint64_t epoch = 0;
  for (char c : name.slice(0, dash)) {
    if (c < '0' || c > '9') return false;
    epoch = epoch * 10 + static_cast<uint64_t>(c - '0');  // 19 digits always fit
  }
  if (epoch > INT64_MAX) return false;
  uint64_t tag = 0;
  for (char c : name.slice(dash + 1, name.size())) {
    bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
    if (!digit && !letter) return false;
    tag = tag << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  out = {epoch, tag};
  return true;
}

ShareHash readShares(const RedisReply& reply) {
  constexpr size_t FLOORS = 2;
  requireKind(reply, 0, Kind::ARRAY);
  size_t items = reply.count() - 1;
  if (items % 2 != 0 || items / 2 > ShareStore::MAX_VERSIONS + FLOORS) oddRecord();
  ShareHash out;
  kj::Vector<ShareField> fields(items / 2);
  for (size_t at = 1; at < reply.count(); at += 2) {
    if (!reply.is(at, Kind::STRING) || !reply.is(at + 1, Kind::STRING)) oddRecord();
    auto name = reply.text(at), value = reply.text(at + 1);
    if (name == FLOOR_FIELD.asArray() || name == LIMIT_FLOOR_FIELD.asArray()) {
      if (value.size() > MAX_FLOOR_BYTES) oddRecord();
      (name == FLOOR_FIELD.asArray() ? out.floor : out.limitFloor) = kj::heapArray<kj::byte>(value.asBytes());
      continue;
    }
    ShareField field;
    if (!parseShareFieldName(name, field.version) || value.size() != SHARE_ENVELOPE_BYTES) oddRecord();
    memcpy(field.envelope.data(), value.begin(), SHARE_ENVELOPE_BYTES);
    fields.add(field);
  }
  if (fields.size() > ShareStore::MAX_VERSIONS) oddRecord();
  out.fields = fields.releaseAsArray();
  return out;
}

void readPut(const RedisReply& reply) {
  requireKind(reply, 0, Kind::ARRAY);
  if (reply.count() != 3) oddRecord();
  requireKind(reply, 1, Kind::INTEGER);
  requireKind(reply, 2, Kind::INTEGER);
  if (reply.item(2).integer != 1) refuse(ErrorCode::REDIS_UNREACHABLE, "the server did not set a time to live");
}

void readRemove(const RedisReply& reply) { requireKind(reply, 0, Kind::INTEGER); }

int64_t readWait(const RedisReply& reply) {
  requireKind(reply, 0, Kind::INTEGER);
  return reply.item(0).integer;
}

ShareStore::State readState(const RedisReply& reply) {
  requireKind(reply, 0, Kind::ARRAY);
  if (reply.count() != 3) oddRecord();
  requireKind(reply, 1, Kind::INTEGER);
  return {reply.item(1).integer == 1, readTimeLeft(reply, 2)};
}

kj::Maybe<kj::Duration> readExpiry(const RedisReply& reply) { return readTimeLeft(reply, 0); }

}  // namespace waas::broker
