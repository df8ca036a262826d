#pragma once
// Finds needles, whole or in part, in any bytes.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "forms.h"

namespace waas::memscan {

// Where bytes come from: method, process ("pid/name") and place (mapping, descriptor, kind of register).
struct Place {
  std::string method, process, where;
};

// Found places are counted by what was found where.
struct Hit {
  std::string method, process, where, kind, form;
  bool operator<(const Hit& o) const {
    return std::tie(method, process, where, kind, form) < std::tie(o.method, o.process, o.where, o.kind, o.form);
  }
};
struct HitCount {
  uint64_t count = 0, complete = 0;
  std::set<size_t> secrets;
  size_t longest = 0, length = 0;
  uint64_t address = 0;
};

// What a method saw of a process. A method that read nothing has found nothing, which is no good news.
struct Coverage {
  uint64_t runs = 0;
  uint64_t whole = 0;  // runs that the process outlived
  uint64_t bytes = 0, refused = 0, blocked = 0, canary = 0;
  std::map<std::string, uint64_t> refusedAt;
  std::string why;
};

// Eight-byte windows of all needles in a hash table, behind a bitmap that most positions do not pass.
class Index {
 public:
  enum class Of { MEMORY, REGISTERS };
  Index(const std::vector<Needle>& needles, Of of);

  struct Window {
    uint64_t key;
    long needle;  // -1: free slot
    size_t offset;
  };
  // Calls `seen(window)` for each window equal to `word`.
  template <typename Seen>
  void lookUp(uint64_t word, Seen seen) const {
    uint64_t hash = word * MULTIPLIER, bit = hash >> bitmapShift;
    if ((bitmap[bit / 64] >> (bit % 64) & 1) == 0) return;
    for (size_t at = hash >> slotShift; slots[at].needle >= 0; at = (at + 1) & (slots.size() - 1)) {
      if (slots[at].key == word) seen(slots[at]);
    }
  }

 private:
  static constexpr uint64_t MULTIPLIER = 0x9E3779B97F4A7C15ull;
  std::vector<Window> slots;
  std::vector<uint64_t> bitmap;
  unsigned slotShift, bitmapShift;
};

class Search {
 public:
  explicit Search(const Forms& forms);

  void memory(const uint8_t* bytes, size_t size, uint64_t address, const Place& place);
  void registers(const uint8_t* bytes, size_t size, const Place& place);
  Coverage& coverage(const std::string& method, const std::string& process) { return covered[{method, process}]; }

  const std::map<Hit, HitCount>& hits() const { return found; }
  const std::map<std::pair<std::string, std::string>, Coverage>& coverages() const { return covered; }
  uint64_t total() const;

 private:
  void scan(const Index& index, const uint8_t* bytes, size_t size, uint64_t address, const Place& place,
            bool registers);
  void record(const Needle& needle, size_t run, uint64_t address, const Place& place);

  const Forms& forms;
  Index inMemory, inRegisters;
  std::map<Hit, HitCount> found;
  std::map<std::pair<std::string, std::string>, Coverage> covered;  // by method and process
};

}  // namespace waas::memscan
