#include "daemon/vault/floor-book.h"

#include <algorithm>

namespace waas::vault {
namespace {

Bytes floorDomain() { return asBytes(FLOOR_DOMAIN.data(), FLOOR_DOMAIN.size()); }

}  // namespace

FloorBytes makeFloor(const Keyring& keyring, FloorKind kind, const Id& id, uint64_t number) {
  FloorBytes bytes;
  Floor{kind, id, number}.write(std::span(bytes).first<Floor::COVERED_BYTES>());
  Bytes covered = Bytes(bytes).first(Floor::COVERED_BYTES);
  Hash mac = keyring.newest(Purpose::RECORD).hmac().mac({floorDomain(), covered});
  std::copy(mac.begin(), mac.end(), bytes.begin() + Floor::COVERED_BYTES);
  return bytes;
}

uint64_t floorNumber(const Keyring& keyring, FloorKind kind, const Id& id, Bytes bytes) {
  Floor floor;
  if (!floor.parse(bytes) || floor.kind != kind || floor.id != id) return 0;
  Bytes covered = bytes.first(Floor::COVERED_BYTES), mac = bytes.subspan(Floor::COVERED_BYTES);
  return keyring.verifies(Purpose::RECORD, {floorDomain(), covered}, mac) ? floor.number : 0;
}

FloorBook::FloorBook(size_t capacity) : entries((capacity + WAYS - 1) / WAYS * WAYS) {}

size_t FloorBook::corner(FloorKind kind, const Id& id) const {
  // Ids are random, and made here: nobody can choose many for one corner.
  uint64_t mixed = ByteReader(id).u64() + static_cast<uint64_t>(kind);
  return mixed % (entries.size() / WAYS) * WAYS;
}

uint64_t FloorBook::highest(FloorKind kind, const Id& id) const {
  std::lock_guard lock(mutex);
  for (size_t at = corner(kind, id), end = at + WAYS; at < end; at++) {
    Entry& entry = entries[at];
    if (entry.number == 0 || entry.kind != kind || entry.id != id) continue;
    entry.used = ++clock;
    return entry.number;
  }
  return 0;
}

void FloorBook::note(FloorKind kind, const Id& id, uint64_t number) {
  if (number == 0) return;
  std::lock_guard lock(mutex);
  size_t first = corner(kind, id), oldest = first;
  for (size_t at = first; at < first + WAYS; at++) {
    Entry& entry = entries[at];
    if (entry.number != 0 && entry.kind == kind && entry.id == id) {
      entry.number = std::max(entry.number, number);
      entry.used = ++clock;
      return;
    }
    if (entry.used < entries[oldest].used) oldest = at;
  }
  entries[oldest] = Entry{number, ++clock, id, kind};
}

}  // namespace waas::vault
