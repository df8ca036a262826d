#include "search.h"

#include <algorithm>
#include <cstring>

namespace waas::memscan {
namespace {

uint64_t wordAt(const uint8_t* bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  return word;
}

// One byte eight times: says nothing about where it comes from.
bool isMonotone(uint64_t word) { return word == (word & 0xff) * 0x0101010101010101ull; }

}  // namespace

Index::Index(const std::vector<Needle>& needles, Of of) {
  std::vector<Window> windows;
  for (size_t i = 0; i < needles.size(); i++) {
    const Needle& needle = needles[i];
    if (of == Of::REGISTERS && needle.fromRegisters == 0) continue;
    for (size_t offset = 0; offset + 8 <= needle.bytes.size(); offset++) {
      // Any run of 16 bytes in memory holds a window at a multiple of 8; a register may hold any 8.
      bool last = offset + 8 == needle.bytes.size();
      if (of == Of::MEMORY && offset % 8 != 0 && !last) continue;
      uint64_t word = wordAt(&needle.bytes[offset]);
      if (!isMonotone(word)) windows.push_back({word, static_cast<long>(i), offset});
    }
  }
  unsigned slotBits = 4;
  while ((1ull << slotBits) < windows.size() * 3) slotBits++;
  unsigned bitmapBits = std::max(16u, std::min(slotBits + 4, 25u));
  slots.assign(1ull << slotBits, {0, -1, 0});
  bitmap.assign((1ull << bitmapBits) / 64, 0);
  slotShift = 64 - slotBits;
  bitmapShift = 64 - bitmapBits;
  for (const Window& window : windows) {
    uint64_t hash = window.key * MULTIPLIER, bit = hash >> bitmapShift;
    size_t at = hash >> slotShift;
    while (slots[at].needle >= 0) at = (at + 1) & (slots.size() - 1);
    slots[at] = window;
    bitmap[bit / 64] |= 1ull << (bit % 64);
  }
}

Search::Search(const Forms& forms)
    : forms(forms), inMemory(forms.needles(), Index::Of::MEMORY), inRegisters(forms.needles(), Index::Of::REGISTERS) {}

void Search::memory(const uint8_t* bytes, size_t size, uint64_t address, const Place& place) {
  scan(inMemory, bytes, size, address, place, false);
}

void Search::registers(const uint8_t* bytes, size_t size, const Place& place) {
  scan(inRegisters, bytes, size, 0, place, true);
}

void Search::scan(const Index& index, const uint8_t* bytes, size_t size, uint64_t address, const Place& place,
                  bool registers) {
  std::map<long, size_t> lastEnd;  // by needle, so that one run is counted once
  for (size_t i = 0; i + 8 <= size; i++) {
    uint64_t word = wordAt(bytes + i);
    if (word == 0) {
      while (i + 16 <= size && wordAt(bytes + i + 8) == 0) i += 8;
      continue;
    }
    index.lookUp(word, [&](const Index::Window& window) {
      const Needle& needle = forms.needles()[static_cast<size_t>(window.needle)];
      auto last = lastEnd.find(window.needle);
      if (last != lastEnd.end() && i < last->second) return;
      size_t before = 0, after = 8;
      while (before < window.offset && before < i &&
             bytes[i - before - 1] == needle.bytes[window.offset - before - 1]) {
        before++;
      }
      while (window.offset + after < needle.bytes.size() && i + after < size &&
             bytes[i + after] == needle.bytes[window.offset + after]) {
        after++;
      }
      if (before + after < (registers ? needle.fromRegisters : needle.fromMemory)) return;
      lastEnd[window.needle] = i + after;
      record(needle, before + after, address + i - before, place);
    });
  }
}

void Search::record(const Needle& needle, size_t run, uint64_t address, const Place& place) {
  if (static_cast<long>(needle.secret) == forms.canary()) {
    coverage(place.method, place.process).canary++;
    return;
  }
  const std::string& kind = forms.secrets()[needle.secret].kind;
  HitCount& count = found[{place.method, place.process, place.where, kind, needle.form}];
  count.count++;
  count.secrets.insert(needle.secret);
  count.length = needle.bytes.size();
  if (run == needle.bytes.size()) count.complete++;
  if (run > count.longest) {
    count.longest = run;
    count.address = address;
  }
}

uint64_t Search::total() const {
  uint64_t sum = 0;
  for (const auto& [hit, count] : found) sum += count.count;
  return sum;
}

}  // namespace waas::memscan
