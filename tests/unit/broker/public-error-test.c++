#include <daemon/broker/public-error.h>

#include <capnp/message.h>
#include <capnp/schema.h>
#include <gtest/gtest.h>
#include <kj/debug.h>

#include <string>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

protocol::Refusal::Builder refusal(capnp::MallocMessageBuilder& message) {
  return message.initRoot<protocol::Refusal>();
}

TEST(PublicError, EveryCodeHasItsSentence) {
  for (auto code : capnp::Schema::from<ErrorCode>().getEnumerants()) {
    EXPECT_GT(sentenceOf(static_cast<ErrorCode>(code.getOrdinal())).size(), 10u) << code.getProto().getName().cStr();
  }
}

TEST(PublicError, WhatAnExceptionSaysDoesNotGetOut) {
  capnp::MallocMessageBuilder message;
  auto out = refusal(message);
  refuse(out, KJ_EXCEPTION(FAILED, "password is hunter2, connecting to 192.0.2.7"));
  EXPECT_EQ(out.getCode(), ErrorCode::UNKNOWN);
  EXPECT_EQ(out.getDetail().size(), 0u);
  EXPECT_EQ(out.getMessage(), sentenceOf(ErrorCode::UNKNOWN));
}

TEST(PublicError, AFaultKeepsItsCodeDetailRetryTimeAndShare) {
  capnp::MallocMessageBuilder message;
  auto out = refusal(message);
  refuse(out, makeFault(Fault{ErrorCode::TOO_MANY_ATTEMPTS, "wait 12 34 seconds"_kj, 1500, 2}));
  EXPECT_EQ(out.getCode(), ErrorCode::TOO_MANY_ATTEMPTS);
  EXPECT_EQ(out.getDetail(), "wait 12 34 seconds"_kj);
  EXPECT_EQ(out.getRetryAfter(), 1500u);
  EXPECT_EQ(out.getShare(), 2);
}

TEST(PublicError, AFaultKeepsTheRuleThatDenied) {
  capnp::MallocMessageBuilder message;
  auto out = refusal(message);
  kj::StringPtr rule = "no 3 exports";
  refuse(out, makeFault(Fault{ErrorCode::DENIED_BY_POLICY, "denied by a rule"_kj, 0, 0, rule, 7}));
  EXPECT_EQ(out.getRule(), rule);
  EXPECT_EQ(out.getInstruction(), 7);
  EXPECT_EQ(out.getDetail(), "denied by a rule"_kj);
}

TEST(PublicError, ACodeFromTheFutureBecomesUnknown) {
  capnp::MallocMessageBuilder message;
  auto out = refusal(message);
  refuse(out, static_cast<ErrorCode>(4000));
  EXPECT_EQ(out.getCode(), ErrorCode::UNKNOWN);
}

TEST(PublicError, ATextThatOnlyLooksLikeAFaultIsNone) {
  for (auto text : {"waas-fault ", "waas-fault x", "waas-fault 9", "waas-fault 9 ", "waas-fault 9 9",
                    "waas-fault 9 9 9", "waas-fault 9 9 9 9", "waas-fault 9 9 9 9 5 abcd"}) {
    EXPECT_EQ(faultOf(kj::Exception(kj::Exception::Type::FAILED, "f", 1, kj::str(text))).code, ErrorCode::UNKNOWN)
        << text;
  }
}

}  // namespace
}  // namespace waas::broker
