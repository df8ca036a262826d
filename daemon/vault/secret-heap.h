#pragma once
// The whole heap of the waas-vault program, in secret memory.
//
// secret-heap.c++ replaces malloc and its family for the program (also for libstdc++, Cap'n Proto, stdio, pthread): one
// fixed arena that never grows, so that no later allocation needs a system call, wiped block by block on free. When it
// is full, malloc returns null with ENOMEM; C++ sees std::bad_alloc, which ends in a refusal. A pointer that was freed
// twice, or never came from here, ends the process.
//
// It is linked into the program only. Unit tests and sanitizer builds keep their ordinary malloc and link
// ordinary-heap.c++, where these functions say so.
#include "daemon/vault/secret-memory.h"

namespace waas::vault {

// Bytes of the arena. Together with all other secret memory of the vault it must stay below 8 MiB, the kernel's default
// RLIMIT_MEMLOCK: 3 MiB here leaves room for 8 workers with 512 KiB each (stack and buffers).
constexpr size_t HEAP_BYTES = size_t{3} << 20;

// The largest block that can be had.
constexpr size_t MAX_HEAP_BLOCK = size_t{1} << 20;

// What kind of memory the arena is. UNPROTECTED where malloc was not replaced.
SecretMemoryKind heapKind();

// Bytes handed out at the moment, rounded up to blocks. 0 where malloc was not replaced.
size_t heapUsed();

}  // namespace waas::vault
