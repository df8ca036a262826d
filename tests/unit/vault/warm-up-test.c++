#include "daemon/vault/warm-up.h"

#include <gtest/gtest.h>

#include "service-for-tests.h"

namespace waas::vault {
namespace {

TEST(WarmUp, WalksEveryPathAndLeavesNothingBehind) {
  auto scratch = std::make_unique<WorkerScratch>();
  Config config = configForTests();
  EXPECT_TRUE(warmUp(config, keyringForTests(), *scratch));
  EXPECT_TRUE(warmUp(config, keyringForTests(), *scratch));
  for (uint8_t byte : scratch->in) ASSERT_EQ(byte, 0);
}

}  // namespace
}  // namespace waas::vault
