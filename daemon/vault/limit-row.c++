#include "daemon/vault/limit-row.h"

#include <algorithm>

#include "daemon/vault/floor-book.h"

namespace waas::vault {
namespace {

static_assert(LIMIT_BUCKETS == policy::BUCKETS + 1 && MAX_LIMIT_WINDOWS == policy::MAX_LIMITS);

Bytes domain() { return asBytes(LIMIT_ROW_DOMAIN.data(), LIMIT_ROW_DOMAIN.size()); }

void readWindow(ByteReader& r, policy::Window& window) {
  window.limit = r.u64();
  window.newest = r.u64();
  window.bucket = r.u64();
  for (uint64_t& used : window.used) used = r.u64();
}

void writeWindow(ByteWriter& w, const policy::Window& window) {
  w.u64(window.limit);
  w.u64(window.newest);
  w.u64(window.bucket);
  for (uint64_t used : window.used) w.u64(used);
}

}  // namespace

bool LimitRow::hasReceipt(const Hash& message) const {
  return std::find(receipts.begin(), receipts.begin() + receiptCount, message) != receipts.begin() + receiptCount;
}

void LimitRow::addReceipt(const Hash& message) {
  if (receiptCount == receipts.size()) {
    std::copy(receipts.begin() + 1, receipts.end(), receipts.begin());
    receiptCount--;
  }
  receipts[receiptCount++] = message;
}

bool readLimitRow(const Keyring& keyring, Bytes bytes, const Id& walletId, LimitRow& out) {
  LimitRowHead head;
  if (!head.parse(bytes) || head.walletId != walletId) return false;
  Bytes covered = bytes.first(bytes.size() - sizeof(Hash));
  if (!keyring.verifies(Purpose::RECORD, {domain(), covered}, bytes.last(sizeof(Hash)))) return false;
  out.walletId = walletId;
  out.number = head.number;
  out.tag = head.tag;

  ByteReader r(covered.subspan(FLOOR_BYTES + sizeof head.tag));
  out.state.count = r.u8();
  if (out.state.count > out.state.windows.size()) return false;
  for (size_t i = 0; i < out.state.count; i++) readWindow(r, out.state.windows[i]);
  out.receiptCount = r.u8();
  if (out.receiptCount > out.receipts.size()) return false;
  for (size_t i = 0; i < out.receiptCount; i++) r.fill(out.receipts[i]);
  return r.done() && policy::isSound(out.state);
}

size_t writeLimitRow(const Keyring& keyring, const LimitRow& row, std::span<uint8_t, MAX_LIMIT_ROW_BYTES> out) {
  ByteWriter w(out);
  w.bytes(makeFloor(keyring, FloorKind::LIMIT, row.walletId, row.number));
  w.u64(row.tag);
  w.u8(static_cast<uint8_t>(row.state.count));
  for (const policy::Window& window : row.state.all()) writeWindow(w, window);
  w.u8(static_cast<uint8_t>(row.receiptCount));
  for (size_t i = 0; i < row.receiptCount; i++) w.bytes(row.receipts[i]);
  Hash mac = keyring.newest(Purpose::RECORD).hmac().mac({domain(), w.written()});
  w.bytes(mac);
  return w.size();
}

}  // namespace waas::vault
