#include "daemon/vault/secret-heap.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>

// A buddy allocator over one fixed arena. Blocks are powers of two and lie at multiples of their size, so that
// alignment comes for free, a freed block melts with its neighbour, and a peer that makes us allocate odd sizes can't
// shred the arena for good. What is known about the blocks lies outside of them.
//
// Free memory is all zeros but for the two links of its list, so that what malloc gives out is zero, too.
namespace waas::vault {
namespace {

constexpr size_t MIN_ORDER = 6, MAX_ORDER = 20;
constexpr size_t MIN_BLOCK = size_t{1} << MIN_ORDER;
constexpr size_t UNITS = HEAP_BYTES / MIN_BLOCK;
constexpr size_t MAX_ALIGNMENT = 4096;  // of the arena itself
static_assert(MAX_HEAP_BLOCK == size_t{1} << MAX_ORDER && HEAP_BYTES % MAX_HEAP_BLOCK == 0);

// What is known of a block, at its first unit: its order and one of the flags. 0 for units inside of a block.
constexpr uint8_t USED = 0x80, FREE = 0x40, WIPING = 0xc0, ORDER = 0x3f;

struct Link {
  Link* next;
  Link* previous;
};

[[noreturn]] void die(const char* sentence) {
  if (write(STDERR_FILENO, sentence, strlen(sentence)) < 0) {
    // Nothing else can be done; the end comes anyway.
  }
  abort();
}

class Arena {
 public:
  // Null when there is no room.
  void* take(size_t bytes, size_t alignment) {
    size_t wanted = bytes < MIN_BLOCK ? MIN_BLOCK : bytes;
    if (wanted < alignment) wanted = alignment;
    if (wanted > MAX_HEAP_BLOCK || alignment > MAX_ALIGNMENT) return nullptr;
    auto order = static_cast<size_t>(std::bit_width(wanted - 1));
    pthread_mutex_lock(&mutex);
    void* block = takeOrder(order);
    pthread_mutex_unlock(&mutex);
    return block;
  }

  void giveBack(void* block) {
    pthread_mutex_lock(&mutex);
    size_t unit = unitOf(block), order = orderOfUsed(unit);
    states[unit] = static_cast<uint8_t>(WIPING | order);
    pthread_mutex_unlock(&mutex);

    // The longest part of it, without the lock: nobody else can have this block.
    wipe(block, size_t{1} << order);

    pthread_mutex_lock(&mutex);
    used -= size_t{1} << order;
    states[unit] = 0;
    while (order < MAX_ORDER) {
      size_t buddy = unit ^ (size_t{1} << (order - MIN_ORDER));
      if (states[buddy] != (FREE | order)) break;
      unlink(buddy, order);
      states[buddy] = 0;
      unit &= ~(size_t{1} << (order - MIN_ORDER));
      order++;
    }
    link(unit, order);
    pthread_mutex_unlock(&mutex);
  }

  size_t sizeOf(void* block) {
    pthread_mutex_lock(&mutex);
    size_t size = size_t{1} << orderOfUsed(unitOf(block));
    pthread_mutex_unlock(&mutex);
    return size;
  }

  SecretMemoryKind kind() {
    pthread_mutex_lock(&mutex);
    prepare();
    SecretMemoryKind got = pages.kind;
    pthread_mutex_unlock(&mutex);
    return got;
  }

  size_t inUse() {
    pthread_mutex_lock(&mutex);
    size_t n = used;
    pthread_mutex_unlock(&mutex);
    return n;
  }

 private:
  static void wipe(void* at, size_t bytes) {
    memset(at, 0, bytes);
    asm volatile("" : : "r"(at) : "memory");
  }

  // Maps the arena at the first call, which comes before main and before any thread.
  bool prepare() {
    if (pages.begin != nullptr) return true;
    if (!mapSecretPages(HEAP_BYTES, pages)) return false;
    for (size_t unit = 0; unit < UNITS; unit += MAX_HEAP_BLOCK / MIN_BLOCK) link(unit, MAX_ORDER);
    return true;
  }

  Link* at(size_t unit) { return reinterpret_cast<Link*>(pages.begin + unit * MIN_BLOCK); }

  size_t unitOf(void* block) {
    auto offset = reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(pages.begin);
    if (pages.begin == nullptr || offset >= HEAP_BYTES || offset % MIN_BLOCK != 0) {
      die("vault: a pointer that is not of this heap was freed\n");
    }
    return offset / MIN_BLOCK;
  }

  size_t orderOfUsed(size_t unit) {
    if ((states[unit] & ~ORDER) != USED) die("vault: memory was freed twice, or in its middle\n");
    return states[unit] & ORDER;
  }

  void link(size_t unit, size_t order) {
    Link* block = at(unit);
    block->next = lists[order];
    block->previous = nullptr;
    if (block->next != nullptr) block->next->previous = block;
    lists[order] = block;
    states[unit] = static_cast<uint8_t>(FREE | order);
  }

  void unlink(size_t unit, size_t order) {
    Link* block = at(unit);
    Link*& before = block->previous != nullptr ? block->previous->next : lists[order];
    if (before != block || (block->next != nullptr && block->next->previous != block)) {
      die("vault: freed memory was written to\n");
    }
    before = block->next;
    if (block->next != nullptr) block->next->previous = block->previous;
    block->next = block->previous = nullptr;
  }

  void* takeOrder(size_t order) {
    if (!prepare()) return nullptr;
    size_t from = order;
    while (from <= MAX_ORDER && lists[from] == nullptr) from++;
    if (from > MAX_ORDER) return nullptr;
    size_t unit = unitOf(lists[from]);
    unlink(unit, from);
    while (from > order) {  // the upper half goes back, the lower is cut again
      from--;
      link(unit + (size_t{1} << (from - MIN_ORDER)), from);
    }
    states[unit] = static_cast<uint8_t>(USED | order);
    used += size_t{1} << order;
    return at(unit);
  }

  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  SecretPages pages;
  std::array<Link*, MAX_ORDER + 1> lists{};
  std::array<uint8_t, UNITS> states{};
  size_t used = 0;
};

// Without constructor or destructor: malloc is called before the one and after the other would run.
constinit Arena arena;

void* allocate(size_t bytes, size_t alignment) {
  void* block = arena.take(bytes, alignment);
  if (block == nullptr) errno = ENOMEM;
  return block;
}

bool isPowerOfTwo(size_t n) { return std::has_single_bit(n); }

}  // namespace

SecretMemoryKind heapKind() { return arena.kind(); }

size_t heapUsed() { return arena.inUse(); }

}  // namespace waas::vault

// The whole family: a function that were left to libc would bring libc's own heap with it.
#define WAAS_EXPORT extern "C" __attribute__((visibility("default")))

using waas::vault::allocate;
using waas::vault::arena;

WAAS_EXPORT void* malloc(size_t bytes) { return allocate(bytes, 1); }

WAAS_EXPORT void free(void* block) {
  if (block == nullptr) return;
  int kept = errno;
  arena.giveBack(block);
  errno = kept;
}

WAAS_EXPORT void* calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return allocate(bytes, 1);  // zero already
}

WAAS_EXPORT void* realloc(void* block, size_t bytes) {
  if (block == nullptr) return malloc(bytes);
  if (bytes == 0) {
    free(block);
    return nullptr;
  }
  size_t before = arena.sizeOf(block);
  if (bytes <= before) return block;
  void* larger = malloc(bytes);
  if (larger == nullptr) return nullptr;
  memcpy(larger, block, before);
  free(block);
  return larger;
}

WAAS_EXPORT void* memalign(size_t alignment, size_t bytes) {
  if (!waas::vault::isPowerOfTwo(alignment)) {
    errno = EINVAL;
    return nullptr;
  }
  return allocate(bytes, alignment);
}

WAAS_EXPORT void* aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

WAAS_EXPORT int posix_memalign(void** out, size_t alignment, size_t bytes) {
  if (!waas::vault::isPowerOfTwo(alignment) || alignment < sizeof(void*)) return EINVAL;
  void* block = arena.take(bytes, alignment);
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}

WAAS_EXPORT void* valloc(size_t bytes) { return memalign(4096, bytes); }

WAAS_EXPORT void* pvalloc(size_t bytes) { return memalign(4096, (bytes + 4095) & ~size_t{4095}); }

WAAS_EXPORT size_t malloc_usable_size(void* block) { return block == nullptr ? 0 : arena.sizeOf(block); }
