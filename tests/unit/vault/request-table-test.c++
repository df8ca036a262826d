#include "daemon/vault/request-table.h"

#include <capnp/schema.h>
#include <gtest/gtest.h>

#include <set>

namespace waas::vault {
namespace {

using R = rpc::Request;

// Calls `check` with each row.
template <typename Check>
void forEachRow(Check check) {
  for (auto field : capnp::Schema::from<R>().getUnionFields()) {
    const Row* row = rowOf(static_cast<R::Which>(field.getProto().getDiscriminantValue()));
    if (row != nullptr) check(*row);
  }
}

TEST(RequestTable, HasOneRowForEveryRequestOfTheSchemaAndNoOther) {
  uint16_t members = 0;
  for (auto field : capnp::Schema::from<R>().getUnionFields()) {
    auto which = static_cast<R::Which>(field.getProto().getDiscriminantValue());
    members++;
    ASSERT_NE(rowOf(which), nullptr) << field.getProto().getName().cStr();
    EXPECT_EQ(rowOf(which)->which, which);
  }
  EXPECT_EQ(rowOf(static_cast<R::Which>(members)), nullptr);
  EXPECT_EQ(rowOf(static_cast<R::Which>(0xffff)), nullptr);
}

TEST(RequestTable, V7EveryUseOfAKeyIsAudited) {
  std::set<R::Which> unaudited{R::HELLO,  R::PRESENT_PEER, R::DROP_PEER, R::ACKNOWLEDGE_AUDIT, R::REPLAY_AUDIT,
                               R::HEALTH, R::CHALLENGE,    R::REFRESH,   R::AUTHORIZE};
  forEachRow([&](const Row& row) { EXPECT_EQ(row.events > 0, unaudited.count(row.which) == 0) << int(row.which); });
}

TEST(RequestTable, V5WhatPeopleDoNeedsTheirProof) {
  EXPECT_EQ(rowOf(R::SIGN)->covered.call, Call::SIGN);
  EXPECT_EQ(rowOf(R::CREATE_WALLET)->covered.call, Call::CREATE_WALLET);
  EXPECT_EQ(rowOf(R::SIGN_OUT)->covered.call, Call::SIGN_OUT);
  EXPECT_EQ(rowOf(R::REFRESH)->covered.call, Call::REFRESH);
  for (R::Which which : {R::SIGN, R::CREATE_WALLET}) EXPECT_EQ(rowOf(which)->who, Who::OWNER);
  for (R::Which which : {R::SIGN_OUT, R::REFRESH, R::AUTHORIZE}) EXPECT_EQ(rowOf(which)->who, Who::PERSON);
  for (R::Which which : {R::CHALLENGE, R::SIGN_UP, R::SIGN_IN}) EXPECT_EQ(rowOf(which)->who, Who::LOGIN);
}

TEST(RequestTable, OnlyHelloComesFirst) {
  forEachRow([](const Row& row) { EXPECT_EQ(row.when == When::BEFORE_HELLO, row.which == R::HELLO); });
}

}  // namespace
}  // namespace waas::vault
