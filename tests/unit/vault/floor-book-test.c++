#include "daemon/vault/floor-book.h"

#include <gtest/gtest.h>

#include "keys-for-tests.h"

namespace waas::vault {
namespace {

Id idOf(uint32_t n) {
  Id id{};
  ByteWriter(id).u32(n);
  return id;
}

TEST(FloorBook, RemembersTheHighestOfEachKindAndThing) {
  FloorBook book(64);
  EXPECT_EQ(book.highest(FloorKind::SHARES, idOf(1)), 0u);
  book.note(FloorKind::SHARES, idOf(1), 5);
  book.note(FloorKind::SHARES, idOf(1), 3);
  book.note(FloorKind::LIMIT, idOf(1), 9);
  book.note(FloorKind::SHARES, idOf(2), 0);
  EXPECT_EQ(book.highest(FloorKind::SHARES, idOf(1)), 5u);
  EXPECT_EQ(book.highest(FloorKind::LIMIT, idOf(1)), 9u);
  EXPECT_EQ(book.highest(FloorKind::ACCOUNT, idOf(1)), 0u);
  EXPECT_EQ(book.highest(FloorKind::SHARES, idOf(2)), 0u);
}

TEST(FloorBook, V9IsBoundedAndForgetsWhatWasUnusedLongest) {
  FloorBook book(8);
  book.note(FloorKind::SHARES, idOf(1), 1);
  for (uint32_t n = 2; n < 1000; n++) {
    book.note(FloorKind::SHARES, idOf(n), n);
    EXPECT_EQ(book.highest(FloorKind::SHARES, idOf(1)), 1u) << "it is asked for all the time";
    EXPECT_EQ(book.highest(FloorKind::SHARES, idOf(n)), n);
  }
  EXPECT_EQ(book.highest(FloorKind::SHARES, idOf(2)), 0u);
}

TEST(FloorBook, V39AFloorIsAuthenticForItsThingOnly) {
  FreshKeyring keyring, others(9);
  FloorBytes floor = makeFloor(keyring, FloorKind::SHARES, idOf(7), 42);
  EXPECT_EQ(floorNumber(keyring, FloorKind::SHARES, idOf(7), floor), 42u);
  EXPECT_EQ(floorNumber(keyring, FloorKind::SHARES, idOf(8), floor), 0u);
  EXPECT_EQ(floorNumber(keyring, FloorKind::LIMIT, idOf(7), floor), 0u);
  EXPECT_EQ(floorNumber(others, FloorKind::SHARES, idOf(7), floor), 0u);
  for (size_t size = 0; size < floor.size(); size++) {
    EXPECT_EQ(floorNumber(keyring, FloorKind::SHARES, idOf(7), Bytes(floor).first(size)), 0u);
    FloorBytes changed = floor;
    changed[size] ^= 1;
    EXPECT_EQ(floorNumber(keyring, FloorKind::SHARES, idOf(7), changed), 0u);
  }
}

}  // namespace
}  // namespace waas::vault
