#include "daemon/vault/secret-heap.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

namespace waas::vault {
namespace {

// Runs the probe on the replaced heap; its wait status.
int probe(const char* what) {
  const char* arguments[] = {WAAS_HEAP_PROBE, what, nullptr};
  char* environment[] = {nullptr};
  pid_t pid = 0;
  int status = -1;
  EXPECT_EQ(posix_spawn(&pid, WAAS_HEAP_PROBE, nullptr, nullptr, const_cast<char**>(arguments), environment), 0);
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

bool keepsItsPromise(const char* what) {
  int status = probe(what);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool isAborted(const char* what) {
  int status = probe(what);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST(SecretHeap, V21LiesInTheBestMemoryThatThereIs) { EXPECT_TRUE(keepsItsPromise("kind")); }
TEST(SecretHeap, CountsWhatIsInUse) { EXPECT_TRUE(keepsItsPromise("used")); }
TEST(SecretHeap, V22WipesWhatIsFreed) { EXPECT_TRUE(keepsItsPromise("wipes")); }
TEST(SecretHeap, V22SaysNoWhenItIsFullAndRecovers) { EXPECT_TRUE(keepsItsPromise("exhaust")); }
TEST(SecretHeap, Aligns) { EXPECT_TRUE(keepsItsPromise("aligned")); }
TEST(SecretHeap, Reallocates) { EXPECT_TRUE(keepsItsPromise("reallocates")); }
TEST(SecretHeap, ServesManyThreads) { EXPECT_TRUE(keepsItsPromise("threads")); }
TEST(SecretHeap, CarriesExceptions) { EXPECT_TRUE(keepsItsPromise("exceptions")); }
TEST(SecretHeap, V22EndsTheProcessWhenABlockIsFreedTwice) { EXPECT_TRUE(isAborted("twice")); }
TEST(SecretHeap, V22EndsTheProcessWhenAForeignPointerIsFreed) { EXPECT_TRUE(isAborted("foreign")); }
TEST(SecretHeap, V22EndsTheProcessWhenTheMiddleOfABlockIsFreed) {
  EXPECT_TRUE(isAborted("middle"));
  EXPECT_TRUE(isAborted("odd"));
}
TEST(SecretHeap, EndsTheProcessWhenFreedMemoryWasWrittenTo) {
  int status = probe("scribble");
  EXPECT_TRUE(WIFSIGNALED(status));
}
TEST(SecretHeap, IsNotInTestPrograms) { EXPECT_FALSE(keepsItsPromise("no such test")); }

}  // namespace
}  // namespace waas::vault
