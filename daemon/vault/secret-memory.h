#pragma once
// Pages that other processes, root included, can't read, between two guard pages.
//
// Best first: memfd_secret(2) (out of the kernel's direct map: no /proc/PID/mem, no ptrace, no core file), else locked
// pages left out of core files, else ordinary pages. Whoever maps says so: every mapping carries its kind, and the
// worst of all is kept for the health report and for `require_secret_memory`.
//
// All pages are touched when they are mapped: faulting one in later is slow (38 us) and needs no system call filter to
// allow it, but start is the time to find out that memory is short. Nothing here allocates: malloc itself stands on it.
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

namespace waas::vault {

enum class SecretMemoryKind : uint8_t {
  UNPROTECTED = 0,  // ordinary memory
  LOCKED = 1,       // never swapped, never in a core file, but readable by root
  SECRET = 2,       // memfd_secret(2)
};

// The word used in logs and in health: "unprotected", "locked", "secret".
const char* secretMemoryName(SecretMemoryKind kind);

// The worst kind that any mapping of this process got so far; SECRET when nothing was mapped yet. Thread safe.
SecretMemoryKind worstSecretMemory();

// Which kinds may be tried. Tests lower it to reach the fallbacks; nothing else does.
enum class SecretMemoryBest : uint8_t { UNPROTECTED, LOCKED, SECRET };

struct SecretPages {
  uint8_t* begin = nullptr;
  size_t size = 0;
  SecretMemoryKind kind = SecretMemoryKind::UNPROTECTED;
};

// Maps at least `bytes` bytes, zeroed and touched, rounded up to whole pages, for the life of the process. False when
// there is no memory of any kind. Async-signal-safe, allocates nothing, throws nothing.
[[nodiscard]] bool mapSecretPages(size_t bytes, SecretPages& out, SecretMemoryBest best = SecretMemoryBest::SECRET);

// A mapping with an owner: wiped and unmapped when it ends. Neither copied nor moved, since objects and stacks lie in
// it.
class SecretRegion {
 public:
  // Throws std::bad_alloc when there is no memory of any kind.
  explicit SecretRegion(size_t bytes, SecretMemoryBest best = SecretMemoryBest::SECRET);
  ~SecretRegion();
  SecretRegion(const SecretRegion&) = delete;
  SecretRegion& operator=(const SecretRegion&) = delete;

  uint8_t* begin() const { return pages.begin; }
  size_t size() const { return pages.size; }
  std::span<uint8_t> bytes() const { return {pages.begin, pages.size}; }
  SecretMemoryKind kind() const { return pages.kind; }

  // Makes the pages read-only; writing to them afterwards ends the process. `unseal` is for who loads keys again.
  // False when the kernel refuses.
  [[nodiscard]] bool seal();
  [[nodiscard]] bool unseal();

 private:
  SecretPages pages;
};

// One object of type T in secret memory of its own: `SecretBox<SigningScratch> scratch;`. The object is built in place
// and destroyed before its pages are wiped.
template <typename T>
class SecretBox {
 public:
  template <typename... Args>
  explicit SecretBox(Args&&... args) : region(sizeof(T)) {
    static_assert(alignof(T) <= 4096);
    object = new (region.begin()) T(std::forward<Args>(args)...);
  }
  ~SecretBox() { object->~T(); }
  SecretBox(const SecretBox&) = delete;
  SecretBox& operator=(const SecretBox&) = delete;

  T& operator*() const { return *object; }
  T* operator->() const { return object; }
  SecretMemoryKind kind() const { return region.kind(); }

 private:
  SecretRegion region;
  T* object;
};

}  // namespace waas::vault
