#include "client/lib/error.h"

#include <capnp/schema.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace waas::client {
namespace {

uint16_t codeCount() { return static_cast<uint16_t>(capnp::Schema::from<ErrorCode>().getEnumerants().size()); }

TEST(Error, EveryCodeHasASentenceAnHttpStatusAndAnExitCode) {
  ASSERT_GE(codeCount(), 30);
  for (uint16_t i = 0; i < codeCount(); i++) {
    auto info = describe(static_cast<ErrorCode>(i));
    std::string says = info.says.cStr();
    EXPECT_GE(says.size(), 20u) << i;
    EXPECT_EQ(says.back(), '.') << says;
    EXPECT_TRUE(info.httpStatus >= 400 && info.httpStatus < 600) << says;
    EXPECT_TRUE(info.exitCode >= 1 && info.exitCode <= 4) << says;
  }
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string> names;
  for (uint16_t i = 0; i < codeCount(); i++) {
    std::string name = describe(static_cast<ErrorCode>(i)).name.cStr();
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), name.npos) << name;
  }
  EXPECT_TRUE(names.contains("session_invalid"));
  EXPECT_TRUE(names.contains("not_a_signer"));
}

TEST(Error, ACodeOfANewerDaemonIsUnknown) {
  auto info = describe(static_cast<ErrorCode>(60'000));
  EXPECT_EQ(std::string(info.name.cStr()), "unknown");
  EXPECT_EQ(info.exitCode, 1);
}

TEST(Error, AFailureTravelsThroughAnException) {
  auto read = failureOf(makeFailure(Failure{ErrorCode::SHARE_MISSING, kj::str("a detail 1 2 3"), 2500, 3}));
  EXPECT_EQ(read.code, ErrorCode::SHARE_MISSING);
  EXPECT_EQ(std::string(read.detail.cStr()), "a detail 1 2 3");
  EXPECT_EQ(read.retryAfter, 2500u);
  EXPECT_EQ(read.share, 3);
  EXPECT_EQ(failureOf(makeFailure(ErrorCode::NAME_TAKEN)).detail.size(), 0u);
}

kj::Exception exceptionOf(kj::Exception::Type type, kj::StringPtr text) {
  return kj::Exception(type, "file", 1, kj::str(text));
}

TEST(Error, WhatBreaksWithoutACodeShowsNoneOfItsText) {
  using Type = kj::Exception::Type;
  auto broken = failureOf(exceptionOf(Type::DISCONNECTED, "Peer disconnected at /secret/path"));
  EXPECT_EQ(broken.code, ErrorCode::SIGNER_UNREACHABLE);
  EXPECT_EQ(std::string(broken.detail.cStr()).find("secret"), std::string::npos);
  EXPECT_EQ(failureOf(exceptionOf(Type::OVERLOADED, "full")).code, ErrorCode::OVERLOADED);
  auto failed = failureOf(exceptionOf(Type::FAILED, "remote exception: expected secret == 5"));
  EXPECT_EQ(failed.code, ErrorCode::UNKNOWN);
  EXPECT_EQ(failed.detail.size(), 0u);
}

TEST(Error, ADaemonCannotMakeItsTextLookLikeOurs) {
  auto type = kj::Exception::Type::FAILED;
  EXPECT_EQ(failureOf(exceptionOf(type, "remote exception: waas-failure 9 0 0 x")).code, ErrorCode::UNKNOWN);
  auto coded = failureOf(exceptionOf(type, "remote exception: waas-fault 24 100 2 full\x1b[2J"));
  EXPECT_EQ(coded.code, ErrorCode::OVERLOADED);
  EXPECT_EQ(coded.retryAfter, 100u);
  EXPECT_EQ(coded.share, 2);
  EXPECT_EQ(std::string(coded.detail.cStr()), "full?[2J") << "nothing that moves a terminal's cursor";
  for (const char* text : {"remote exception: waas-fault ", "remote exception: waas-fault 24", "waas-failure ",
                           "waas-failure x 0 0 ", "waas-failure 99999999999 0 0 "}) {
    EXPECT_EQ(failureOf(exceptionOf(type, text)).code, ErrorCode::UNKNOWN) << text;
  }
}

}  // namespace
}  // namespace waas::client
