#include "daemon/vault/secret-memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/vault/secret-stack.h"
#include "daemon/vault/vector-registers.h"

namespace waas::vault {
namespace {

// The entry of /proc/self/smaps for the mapping that begins at this address.
struct Mapping {
  std::string permissions, name, flags;
  size_t resident = 0;
};

Mapping mappingAt(const uint8_t* address) {
  std::ifstream file("/proc/self/smaps");
  std::ostringstream wanted;
  wanted << std::hex << reinterpret_cast<uintptr_t>(address) << "-";
  Mapping found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first.find('-') != std::string::npos) {
      inside = first.compare(0, wanted.str().size(), wanted.str()) == 0;
      std::string skip;
      if (inside) words >> found.permissions >> skip >> skip >> skip >> found.name;
    }
    if (inside && first == "Rss:") words >> found.resident;
    if (inside && first == "VmFlags:") std::getline(words, found.flags);
  }
  return found;
}

bool has(const Mapping& mapping, const char* flag) { return mapping.flags.find(flag) != std::string::npos; }

// What root sees through /proc/PID/mem; here the process itself, which needs no privilege.
ssize_t readThroughProc(const void* at, void* into, size_t bytes) {
  int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  ssize_t n = pread(fd, into, bytes, static_cast<off_t>(reinterpret_cast<uintptr_t>(at)));
  close(fd);
  return n;
}

bool kernelHasSecretMemory() {
  SecretPages pages;
  return mapSecretPages(1, pages) && pages.kind == SecretMemoryKind::SECRET;
}

size_t openDescriptors() {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) n++;
  return n;
}

TEST(SecretMemory, V21SecretPagesAreHiddenFromProcMemAndOtherReaders) {
  if (!kernelHasSecretMemory()) GTEST_SKIP() << "no memfd_secret here";
  SecretRegion region(3 * 4096);
  ASSERT_EQ(region.kind(), SecretMemoryKind::SECRET);
  memcpy(region.begin(), "in the clear", 12);
  char seen[12] = {};
  EXPECT_EQ(readThroughProc(region.begin(), seen, sizeof seen), -1);
  iovec local{seen, sizeof seen}, remote{region.begin(), sizeof seen};
  EXPECT_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), -1);
  Mapping mapping = mappingAt(region.begin());
  EXPECT_EQ(mapping.name, "/secretmem");
  EXPECT_EQ(mapping.permissions, "rw-s");
  EXPECT_TRUE(has(mapping, "lo"));  // locked
  EXPECT_TRUE(has(mapping, "dc"));  // not copied on fork
}

TEST(SecretMemory, V21KeepsNoDescriptorThatRootCouldTake) {
  size_t before = openDescriptors();
  SecretRegion region(4096);
  EXPECT_EQ(openDescriptors(), before);
}

TEST(SecretMemory, V21ReadAndWriteStillWorkOnIt) {
  SecretRegion region(4096);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "credential", 10), 10);
  EXPECT_EQ(read(ends[0], region.begin(), 10), 10);
  EXPECT_EQ(memcmp(region.begin(), "credential", 10), 0);
  close(ends[0]);
  close(ends[1]);
}

TEST(SecretMemory, V21FallsBackToLockedPagesThatAreInNoCoreFile) {
  SecretRegion region(2 * 4096, SecretMemoryBest::LOCKED);
  if (region.kind() == SecretMemoryKind::UNPROTECTED) GTEST_SKIP() << "may not lock memory here";
  EXPECT_EQ(region.kind(), SecretMemoryKind::LOCKED);
  Mapping mapping = mappingAt(region.begin());
#if !defined(WAAS_TESTS_SANITIZED)  // sanitizers make mlock do nothing
  EXPECT_TRUE(has(mapping, "lo"));
#endif
  EXPECT_TRUE(has(mapping, "dd"));
  EXPECT_TRUE(has(mapping, "dc"));
  EXPECT_LE(worstSecretMemory(), SecretMemoryKind::LOCKED);
  char seen[4];
  EXPECT_EQ(readThroughProc(region.begin(), seen, sizeof seen), 4) << "the control: such pages can be read";
}

TEST(SecretMemory, V21SaysSoWhenPagesAreUnprotected) {
  SecretRegion region(4096, SecretMemoryBest::UNPROTECTED);
  EXPECT_EQ(region.kind(), SecretMemoryKind::UNPROTECTED);
  EXPECT_EQ(worstSecretMemory(), SecretMemoryKind::UNPROTECTED);
  SecretRegion better(4096);
  EXPECT_EQ(worstSecretMemory(), SecretMemoryKind::UNPROTECTED) << "the worst counts";
  EXPECT_STREQ(secretMemoryName(SecretMemoryKind::UNPROTECTED), "unprotected");
  EXPECT_STREQ(secretMemoryName(SecretMemoryKind::LOCKED), "locked");
  EXPECT_STREQ(secretMemoryName(SecretMemoryKind::SECRET), "secret");
}

TEST(SecretMemory, V21FallsBackWhenTheLimitIsReached) {
  // In a child, since a lowered hard limit can't be raised again. A process with CAP_IPC_LOCK isn't limited.
  auto tryIt = [] {
    rlimit none{0, 0};
    setrlimit(RLIMIT_MEMLOCK, &none);
    SecretPages pages;
    bool mapped = mapSecretPages(1 << 20, pages);
    bool limited = pages.kind == SecretMemoryKind::UNPROTECTED && worstSecretMemory() == pages.kind;
    _exit(mapped && (limited || pages.kind == SecretMemoryKind::SECRET) ? 0 : 1);
  };
  EXPECT_EXIT(tryIt(), testing::ExitedWithCode(0), "");
}

class EveryBest : public testing::TestWithParam<SecretMemoryBest> {};
INSTANTIATE_TEST_SUITE_P(SecretMemory, EveryBest,
                         testing::Values(SecretMemoryBest::SECRET, SecretMemoryBest::LOCKED,
                                         SecretMemoryBest::UNPROTECTED));

TEST_P(EveryBest, IsTouchedZeroAndWhole) {
  SecretRegion region(4096 * 5 - 100, GetParam());
  EXPECT_EQ(region.size(), 4096u * 5);
  EXPECT_EQ(sodium_is_zero(region.begin(), region.size()), 1);
  if (GetParam() != SecretMemoryBest::SECRET) {
    EXPECT_GE(mappingAt(region.begin()).resident, 20u);
  }
  region.bytes().back() = 1;
}

TEST_P(EveryBest, EndsTheProcessThatRunsOffItsEdges) {
  SecretRegion region(4096, GetParam());
  EXPECT_DEATH(static_cast<volatile uint8_t*>(region.begin())[region.size()] = 1, "");
  EXPECT_DEATH(static_cast<volatile uint8_t*>(region.begin())[-1] = 1, "");
}

TEST_P(EveryBest, IsNotInherited) {
  SecretRegion region(4096, GetParam());
  region.begin()[0] = 42;
  pid_t child = fork();
  if (child == 0) {
    // Its own copy of the page would be readable: only an unmapped page fails.
    int ends[2];
    _exit(pipe(ends) == 0 && write(ends[1], region.begin(), 1) == -1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_P(EveryBest, IsReadOnlyWhileSealed) {
  SecretRegion region(4096, GetParam());
  region.begin()[10] = 7;
  ASSERT_TRUE(region.seal());
  EXPECT_EQ(region.begin()[10], 7);
  EXPECT_EQ(mappingAt(region.begin()).permissions.substr(0, 2), "r-");
  ASSERT_TRUE(region.unseal());
  region.begin()[10] = 8;
  ASSERT_TRUE(region.seal());  // the destructor copes with sealed pages
}

TEST(SecretMemory, ThrowsWhenThereIsNone) {
  EXPECT_THROW(SecretRegion(0), std::bad_alloc);
  EXPECT_THROW(SecretRegion(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW(SecretRegion(size_t{1} << 62), std::bad_alloc);
}

TEST(SecretBox, BuildsAndDestroysItsObjectInPlace) {
  static int alive = 0;
  struct Thing {
    explicit Thing(int v) : value(v) { alive++; }
    ~Thing() { alive--; }
    int value;
  };
  {
    SecretBox<Thing> box(5);
    EXPECT_EQ(box->value, 5);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(&*box) % 4096, 0u);
  }
  EXPECT_EQ(alive, 0);
}

// --- stacks

TEST(SecretStack, V21CallsRunOnItAndLeaveNothing) {
  SecretRegion stack(SECRET_STACK_BYTES);
  const uint8_t* seen = nullptr;
  int answer = 0;
  ASSERT_TRUE(callOnSecretStack(stack, [&] {
    volatile uint8_t local[200];
    for (volatile uint8_t& byte : local) byte = 0x77;
    seen = const_cast<const uint8_t*>(local);
    answer = 42;
  }));
  EXPECT_EQ(answer, 42);
#if !defined(WAAS_TESTS_SANITIZED)
  EXPECT_GE(seen, stack.begin());
  EXPECT_LT(seen, stack.begin() + stack.size());
#endif
  EXPECT_EQ(sodium_is_zero(stack.begin(), stack.size()), 1);
  ASSERT_TRUE(callOnSecretStack(stack, [&] { answer++; }));
  EXPECT_EQ(answer, 43);
}

TEST(SecretStack, V21ThreadsRunOnIt) {
  // Neither the region nor the words end before the thread does: it is detached and can't be joined.
  struct Words {
    std::atomic<const void*> local{nullptr};
    std::atomic<const void*> threadLocal{nullptr};
    std::atomic<bool> done{false};
  };
  static Words words;
  static thread_local int mine = 0;
  static auto* stack = new SecretRegion(SECRET_STACK_BYTES);
  ASSERT_TRUE(startOnSecretStack(
      *stack,
      [](void*) -> void* {
        int local = 0;
        words.local = &local;
        words.threadLocal = &mine;
        words.done = true;
        words.done.notify_all();
        return nullptr;
      },
      nullptr));
  words.done.wait(false);
  [[maybe_unused]] auto within = [](const void* at) {
    return at >= stack->begin() && at < stack->begin() + stack->size();
  };
#if !defined(WAAS_TESTS_SANITIZED)
  EXPECT_TRUE(within(words.local));
  EXPECT_TRUE(within(words.threadLocal)) << "thread-local storage, too";
#endif
}

#if defined(__x86_64__)
TEST(VectorRegisters, V33AreClearedWhole) {
  alignas(64) uint8_t pattern[64], low[16], high[64] = {};
  memset(pattern, 0xc3, sizeof pattern);
  bool wide = __builtin_cpu_supports("avx512f");
  asm volatile("movdqa %0, %%xmm5" : : "m"(pattern) : "xmm5");
  if (wide) asm volatile("vmovdqu64 (%0), %%zmm21" : : "r"(pattern) : "memory");
  wipeVectorRegisters();
  asm volatile("movdqu %%xmm5, %0" : "=m"(low));
  if (wide) asm volatile("vmovdqu64 %%zmm21, (%0)" : : "r"(high) : "memory");
  EXPECT_EQ(sodium_is_zero(low, sizeof low), 1);
  EXPECT_EQ(sodium_is_zero(high, sizeof high), 1);
}
#endif

}  // namespace
}  // namespace waas::vault
