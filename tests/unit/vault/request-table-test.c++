#include "daemon/vault/request-table.h"

#include <capnp/schema.h>
#include <gtest/gtest.h>

#include <set>

namespace waas::vault {
namespace {

using R = rpc::Request;

TEST(RequestTable, HasOneRowForEveryRequestOfTheSchemaAndNoOther) {
  size_t members = 0;
  for (auto field : capnp::Schema::from<R>().getUnionFields()) {
    auto which = static_cast<R::Which>(field.getProto().getDiscriminantValue());
    members++;
    ASSERT_NE(rowOf(which), nullptr) << field.getProto().getName().cStr();
    EXPECT_EQ(rowOf(which)->which, which);
  }
  EXPECT_EQ(members, 14u);
  EXPECT_EQ(rowOf(static_cast<R::Which>(members)), nullptr);
  EXPECT_EQ(rowOf(static_cast<R::Which>(0xffff)), nullptr);
}

TEST(RequestTable, V7EveryUseOfAKeyIsAudited) {
  std::set<R::Which> audited{R::SIGN_UP, R::SIGN_IN, R::SIGN_OUT, R::CREATE_WALLET, R::SIGN};
  for (unsigned i = 0; i < 14; i++) {
    const Row* row = rowOf(static_cast<R::Which>(i));
    EXPECT_EQ(row->events > 0, audited.count(row->which) == 1) << i;
  }
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
  for (unsigned i = 0; i < 14; i++) {
    const Row* row = rowOf(static_cast<R::Which>(i));
    EXPECT_EQ(row->when == When::BEFORE_HELLO, row->which == R::HELLO);
  }
}

}  // namespace
}  // namespace waas::vault
