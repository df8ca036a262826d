#pragma once
// A fixed table in ordinary memory, for what is large and no secret: the heap of the vault is secret memory, and small.
#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>

namespace waas::vault {

// `size` zeroed elements, mapped once and touched, so that no page fault and no system call comes later. A resource.
template <typename T>
class OrdinaryArray {
  static_assert(std::is_trivially_copyable_v<T>, "elements begin as zero bytes");

 public:
  explicit OrdinaryArray(size_t size) : count(size) {
    void* p = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    elements = static_cast<T*>(p);
  }
  ~OrdinaryArray() { munmap(elements, bytes()); }
  OrdinaryArray(const OrdinaryArray&) = delete;
  OrdinaryArray& operator=(const OrdinaryArray&) = delete;

  T& operator[](size_t i) { return elements[i]; }
  const T& operator[](size_t i) const { return elements[i]; }
  size_t size() const { return count; }

 private:
  size_t bytes() const { return count * sizeof(T); }

  size_t count;
  T* elements;
};

}  // namespace waas::vault
