// Memory that is given back is wiped.
//
// Passwords and tokens pass through this process, in buffers of streams, parsers and texts that know nothing of
// secrets. None of them is kept, but each would stay readable in freed memory until something else is put there. Only
// the program itself links this file.
#include <malloc.h>
#include <sodium.h>

#include <cstdlib>
#include <new>

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  sodium_memzero(memory, malloc_usable_size(memory));
  free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }
