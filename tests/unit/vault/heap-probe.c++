// A program on the vault's heap: does one thing with it, by name, and exits with 0 when all was as promised.
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/vault/secret-heap.h"

using namespace waas::vault;

namespace {

#define PROMISE(condition) \
  if (!(condition)) return fail(#condition)

int fail(const char* what) {
  std::string line = std::string("not so: ") + what + "\n";
  if (write(2, line.data(), line.size()) < 0) return 2;
  return 1;
}

// The compiler knows what malloc and free mean, and would drop or refuse what is tried here.
void* (*volatile take)(size_t) = malloc;
void* (*volatile takeAligned)(size_t, size_t) = aligned_alloc;
void (*volatile release)(void*) = free;
volatile size_t endless = SIZE_MAX, three = 3;

bool allZero(const void* at, size_t bytes) {
  auto* b = static_cast<const uint8_t*>(at);
  return std::all_of(b, b + bytes, [](uint8_t v) { return v == 0; });
}

int kind() {
  PROMISE(heapKind() == worstSecretMemory());
  SecretPages other;
  PROMISE(mapSecretPages(4096, other));
  PROMISE(heapKind() == other.kind);
  return 0;
}

int used() {
  size_t before = heapUsed();
  void* volatile block = take(1000);
  PROMISE(heapUsed() == before + 1024);
  release(block);
  PROMISE(heapUsed() == before);
  return 0;
}

int wipes() {
  for (size_t bytes : {1u, 64u, 100u, 5000u, 131072u}) {
    auto* block = static_cast<uint8_t*>(take(bytes));
    memset(block, 0xa5, bytes);
    asm volatile("" : : "r"(block) : "memory");
    release(block);
    // It is still mapped; only the first two words may hold the links of the free list.
    asm volatile("" : "+r"(block) : : "memory");
    PROMISE(bytes <= 16 || allZero(block + 16, bytes - 16));
    auto* again = static_cast<uint8_t*>(take(bytes));
    PROMISE(allZero(again, bytes));
    release(again);
  }
  return 0;
}

int exhaust() {
  size_t before = heapUsed();
  std::vector<void*> blocks;
  blocks.reserve(1000);
  errno = 0;
  while (void* block = take(60000)) blocks.push_back(block);
  PROMISE(errno == ENOMEM);
  PROMISE(blocks.size() > 30 && blocks.size() < HEAP_BYTES / 60000);
  bool thrown = false;
  try {
    std::vector<uint8_t> one(70000);
    asm volatile("" : : "r"(one.data()) : "memory");  // or it would be left out
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  PROMISE(thrown);
  PROMISE(calloc(1, 100000) == nullptr && realloc(nullptr, 100000) == nullptr);
  void* aligned = nullptr;
  PROMISE(posix_memalign(&aligned, 64, 100000) == ENOMEM);
  for (void* block : blocks) release(block);
  std::vector<void*>().swap(blocks);
  // Everything melts together again: the largest block is there as before.
  PROMISE(heapUsed() <= before);
  void* largest = take(MAX_HEAP_BLOCK);
  PROMISE(largest != nullptr);
  release(largest);
  PROMISE(take(MAX_HEAP_BLOCK + 1) == nullptr && take(endless) == nullptr && calloc(endless, 2) == nullptr);
  return 0;
}

int aligned() {
  for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    for (size_t bytes : {1u, 100u, 5000u}) {
      void* a = takeAligned(alignment, bytes);
      void* b = nullptr;
      PROMISE(a != nullptr && reinterpret_cast<uintptr_t>(a) % alignment == 0);
      int result = posix_memalign(&b, alignment, bytes);
      PROMISE(alignment < sizeof(void*) ? result == EINVAL
                                        : result == 0 && reinterpret_cast<uintptr_t>(b) % alignment == 0);
      PROMISE(malloc_usable_size(a) >= bytes);
      memset(a, 1, malloc_usable_size(a));
      release(a);
      release(b);
    }
  }
  PROMISE(takeAligned(8192, 1) == nullptr);
  PROMISE(takeAligned(three, 1) == nullptr && errno == EINVAL);
  struct alignas(256) Wide {
    char bytes[300];
  };
  auto wide = std::make_unique<Wide>();
  PROMISE(reinterpret_cast<uintptr_t>(wide.get()) % 256 == 0);
  PROMISE(reinterpret_cast<uintptr_t>(take(1)) % alignof(std::max_align_t) == 0);
  return 0;
}

int reallocates() {
  auto* block = static_cast<uint8_t*>(realloc(nullptr, 50));
  for (uint8_t i = 0; i < 50; i++) block[i] = i;
  for (size_t bytes = 50; bytes < 200000; bytes *= 3) {
    block = static_cast<uint8_t*>(realloc(block, bytes));
    for (uint8_t i = 0; i < 50; i++) PROMISE(block[i] == i);
    PROMISE(allZero(block + 50, bytes - 50));
  }
  PROMISE(realloc(block, MAX_HEAP_BLOCK + 1) == nullptr);
  PROMISE(block[49] == 49);
  PROMISE(realloc(block, 0) == nullptr);
  PROMISE(realloc(nullptr, 0) != nullptr);
  release(nullptr);
  return 0;
}

// Random work with sizes of all kinds; each block holds a pattern of its own, so that two that overlap are noticed.
bool churn(uint32_t seed, int steps) {
  std::mt19937 random(seed);
  struct Block {
    uint8_t* at;
    size_t bytes;
    uint8_t mark;
  };
  Block held[48] = {};
  auto intact = [](const Block& b) {
    return std::all_of(b.at, b.at + b.bytes, [&](uint8_t v) { return v == b.mark; });
  };
  for (int i = 0; i < steps; i++) {
    Block& b = held[random() % 48];
    if (b.at != nullptr) {
      if (!intact(b)) return false;
      release(b.at);
      b.at = nullptr;
      continue;
    }
    b.bytes = 1 + random() % (1u << (random() % 14));
    b.mark = static_cast<uint8_t>(1 + random() % 255);
    b.at = static_cast<uint8_t*>(take(b.bytes));
    if (b.at == nullptr) continue;  // full: allowed
    if (!allZero(b.at, b.bytes)) return false;
    memset(b.at, b.mark, b.bytes);
  }
  for (Block& b : held) {
    if (b.at != nullptr && !intact(b)) return false;
    release(b.at);
  }
  return true;
}

int threads() {
  size_t before = heapUsed();
  std::atomic<int> good{0};
  {
    std::vector<std::thread> all;
    for (uint32_t i = 0; i < 8; i++) all.emplace_back([i, &good] { good += churn(i, 30000) ? 1 : 0; });
    for (auto& t : all) t.join();
  }
  PROMISE(good == 8);
  PROMISE(heapUsed() <= before + 4096);  // what libc keeps for its threads
  void* largest = take(MAX_HEAP_BLOCK);
  PROMISE(largest != nullptr);
  return 0;
}

int exceptionsAndStrings() {
  for (int i = 0; i < 1000; i++) {
    try {
      throw std::string(static_cast<size_t>(i), 'x');
    } catch (const std::string& s) {
      PROMISE(s.size() == static_cast<size_t>(i));
    }
  }
  return 0;
}

// The rest must not return.
int twice() {
  void* volatile block = take(10);
  void* volatile same = block;
  release(block);
  release(same);
  return 0;
}

int foreign() {
  int onStack = 0;
  void* volatile pointer = &onStack;
  release(pointer);
  return 0;
}

int middle() {
  auto* block = static_cast<char*>(take(1000));
  void* volatile pointer = block + 64;
  release(pointer);
  return 0;
}

int odd() {
  auto* block = static_cast<char*>(take(1000));
  void* volatile pointer = block + 8;
  release(pointer);
  return 0;
}

int scribble() {
  auto* block = static_cast<size_t*>(take(64));
  auto* neighbour = take(64);
  release(neighbour);
  auto* volatile freed = static_cast<size_t*>(neighbour);
  freed[0] = freed[1] = 0x4141414141414141;
  release(block);
  for (int i = 0; i < 100; i++) {
    if (take(64) == nullptr) break;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string_view, int (*)()> tests = {{"kind", kind},
                                                       {"used", used},
                                                       {"wipes", wipes},
                                                       {"exhaust", exhaust},
                                                       {"aligned", aligned},
                                                       {"threads", threads},
                                                       {"twice", twice},
                                                       {"foreign", foreign},
                                                       {"middle", middle},
                                                       {"odd", odd},
                                                       {"scribble", scribble},
                                                       {"reallocates", reallocates},
                                                       {"exceptions", exceptionsAndStrings}};
  auto found = argc == 2 ? tests.find(argv[1]) : tests.end();
  return found == tests.end() ? 2 : found->second();
}
