#include "daemon/vault/secret-memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include <sodium.h>

namespace waas::vault {
namespace {

#ifdef SYS_memfd_secret
constexpr long MEMFD_SECRET = SYS_memfd_secret;
#else
constexpr long MEMFD_SECRET = 447;  // the same on every architecture
#endif

// Smaller pages than these don't exist on the machines that we build for; larger ones would only make guards larger.
size_t pageSize() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

// A minimum that only falls. It stands here, without an owner, because the heap maps its arena before any object
// exists.
std::atomic<uint8_t> worst{static_cast<uint8_t>(SecretMemoryKind::SECRET)};

void note(SecretMemoryKind kind) {
  uint8_t now = worst.load(), got = static_cast<uint8_t>(kind);
  while (got < now && !worst.compare_exchange_weak(now, got)) {
  }
}

bool mapSecret(void* at, size_t size) {
  int fd = static_cast<int>(syscall(MEMFD_SECRET, O_CLOEXEC));
  if (fd < 0) return false;
  void* got = MAP_FAILED;
  if (ftruncate(fd, static_cast<off_t>(size)) == 0) {
    got = mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  }
  // At once: who has the descriptor (pidfd_getfd) can map the pages elsewhere and read them.
  close(fd);
  return got != MAP_FAILED;
}

bool mapOrdinary(void* at, size_t size) {
  return mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void unmap(const SecretPages& pages) {
  munmap(pages.begin - pageSize(), pages.size + 2 * pageSize());  // with its guards
}

}  // namespace

const char* secretMemoryName(SecretMemoryKind kind) {
  switch (kind) {
    case SecretMemoryKind::UNPROTECTED: return "unprotected";
    case SecretMemoryKind::LOCKED: return "locked";
    case SecretMemoryKind::SECRET: return "secret";
  }
  return "unprotected";
}

SecretMemoryKind worstSecretMemory() { return static_cast<SecretMemoryKind>(worst.load()); }

bool mapSecretPages(size_t bytes, SecretPages& out, SecretMemoryBest best) {
  const size_t page = pageSize();
  if (bytes == 0 || bytes > SIZE_MAX / 2) return false;
  const size_t size = (bytes + page - 1) / page * page;
  void* reserved = mmap(nullptr, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return false;
  out.begin = static_cast<uint8_t*>(reserved) + page;
  out.size = size;

  if (best == SecretMemoryBest::SECRET && mapSecret(out.begin, size)) {
    out.kind = SecretMemoryKind::SECRET;
  } else if (mapOrdinary(out.begin, size)) {
    bool locked = best != SecretMemoryBest::UNPROTECTED && mlock(out.begin, size) == 0;
    bool undumped = madvise(out.begin, size, MADV_DONTDUMP) == 0;
    out.kind = locked && undumped ? SecretMemoryKind::LOCKED : SecretMemoryKind::UNPROTECTED;
  } else {
    unmap(out);
    out = SecretPages();
    return false;
  }
  // A child shall not have it. If the kernel can't promise that, the pages are not what we call secret.
  if (madvise(out.begin, size, MADV_DONTFORK) != 0) out.kind = SecretMemoryKind::UNPROTECTED;
  for (size_t i = 0; i < size; i += page) static_cast<volatile uint8_t*>(out.begin)[i] = 0;
  note(out.kind);
  return true;
}

SecretRegion::SecretRegion(size_t bytes, SecretMemoryBest best) {
  if (!mapSecretPages(bytes, pages, best)) throw std::bad_alloc();
}

SecretRegion::~SecretRegion() {
  if (unseal()) sodium_memzero(pages.begin, pages.size);
  unmap(pages);
}

bool SecretRegion::seal() { return mprotect(pages.begin, pages.size, PROT_READ) == 0; }

bool SecretRegion::unseal() { return mprotect(pages.begin, pages.size, PROT_READ | PROT_WRITE) == 0; }

}  // namespace waas::vault
