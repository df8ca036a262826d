#include "daemon/vault/peer-table.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <set>

namespace waas::vault {
namespace {

TEST(PeerTable, V6FindsOnlyWhatItGaveOut) {
  ASSERT_GE(sodium_init(), 0);
  PeerTable table(4);
  uint64_t a = table.add(Peer{1, {}}).value(), b = table.add(Peer{2, {}}).value();
  EXPECT_EQ(table.find(a)->uid, 1u);
  EXPECT_EQ(table.find(b)->uid, 2u);
  EXPECT_FALSE(table.find(0));
  EXPECT_FALSE(table.find(a ^ (uint64_t(1) << 20)));
  EXPECT_FALSE(table.find(~uint64_t(0)));
  table.drop(a);
  table.drop(a);
  table.drop(12345);
  EXPECT_FALSE(table.find(a));
  EXPECT_EQ(table.size(), 1u);
}

TEST(PeerTable, V9IsBoundedAndUsesItsPlacesAgain) {
  PeerTable table(4);
  std::set<uint64_t> seen;
  uint64_t last = 0;
  for (int round = 0; round < 100; round++) {
    while (auto handle = table.add(Peer{})) {
      EXPECT_TRUE(seen.insert(*handle).second) << "a handle came twice";
      last = *handle;
    }
    EXPECT_EQ(table.size(), 4u);
    if (round % 2 == 0) {
      table.clear();
      EXPECT_FALSE(table.find(last));
    } else {
      table.drop(last);
    }
  }
}

}  // namespace
}  // namespace waas::vault
