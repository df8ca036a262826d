#include "client/gateway/json.h"

#include <gtest/gtest.h>

#include "client/lib/error.h"

namespace waas::gateway {
namespace {

bool refused(std::string_view text) {
  try {
    JsonBody body(text);
    return false;
  } catch (const kj::Exception& exception) {
    EXPECT_EQ(client::failureOf(exception).code, client::ErrorCode::INVALID_REQUEST);
    return true;
  }
}

TEST(JsonBody, TakesFieldsOutAndRefusesTheRest) {
  JsonBody body(R"({"name":"savings","force":true,"limit":7})");
  EXPECT_EQ(body.text("name", 64), "savings");
  EXPECT_THROW(body.finish(), kj::Exception);
  EXPECT_EQ(body.flag("force"), true);
  EXPECT_EQ(body.number("limit", 10), 7u);
  body.finish();
  EXPECT_EQ(body.text("name", 64), std::nullopt);
}

TEST(JsonBody, RefusesWhatIsNoStrictObject) {
  for (auto text : {"[]",
                    "1",
                    "\"a\"",
                    "null",
                    "{",
                    "{}x",
                    "{} {}",
                    "{'a':1}",
                    "{\"a\":1,}",
                    "{\"a\":01}",
                    "{\"a\":+1}",
                    "{\"a\":.5}",
                    "{\"a\":NaN}",
                    "{\"a\":1.5}",
                    "{\"a\":1e2}",
                    "{\"a\":18446744073709551616}",
                    "// a\n{}",
                    "{\"a\":\"\\u0000\"}",
                    "{\"a\":\"\xff\"}",
                    "{\"a\":\"\\ud800\"}",
                    "\xef\xbb\xbf{\"a\":1"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(JsonBody, RefusesNamesThatComeTwiceAtAnyDepth) {
  EXPECT_TRUE(refused(R"({"a":1,"a":1})"));
  EXPECT_TRUE(refused(R"({"a":[{"b":1,"b":2}]})"));
  EXPECT_TRUE(refused("{\"a\":1,\"\\u0061\":2}"));
  EXPECT_FALSE(refused(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST(JsonBody, BoundsDepthAndNumberOfValues) {
  EXPECT_TRUE(refused("{\"a\":" + std::string(20'000, '[')));
  EXPECT_TRUE(refused("{\"a\":[[[[[[[[1]]]]]]]]}"));
  EXPECT_FALSE(refused("{\"a\":[[[[[[1]]]]]]}"));
  std::string many = "{\"a\":[0";
  for (int i = 0; i < 2000; i++) many += ",0";
  EXPECT_TRUE(refused(many + "]}"));
}

TEST(JsonBody, RefusesFieldsOfAnotherType) {
  EXPECT_THROW(JsonBody(R"({"a":1})").text("a", 9), kj::Exception);
  EXPECT_THROW(JsonBody(R"({"a":"1"})").flag("a"), kj::Exception);
  EXPECT_THROW(JsonBody(R"({"a":-1})").number("a", 9), kj::Exception);
  EXPECT_THROW(JsonBody(R"({"a":10})").number("a", 9), kj::Exception);
  EXPECT_THROW(JsonBody(R"({"a":"0123456789"})").text("a", 9), kj::Exception);
  EXPECT_THROW(JsonBody(R"({})").requireText("a", 9), kj::Exception);
  EXPECT_THROW(JsonBody(R"({"a":[1]})").objects("a", 9), kj::Exception);
  EXPECT_THROW(JsonBody(R"({"a":[]})").objects("a", 9), kj::Exception);
}

TEST(JsonBody, AnEmptyBodyIsAnObjectWithoutFields) { JsonBody("").finish(); }

TEST(Base64, HasOneForm) {
  EXPECT_EQ(base64(*parseBase64("AQID")), "AQID");
  EXPECT_EQ(parseBase64("AQI=")->size(), 2u);
  for (auto text : {"AQI", "AQJ=", "AQ==\n", " AQ==", "AQ=", "A===", "AQ-_", "AQ==AQ=="}) {
    EXPECT_FALSE(parseBase64(text)) << text;
  }
}

TEST(TimeText, IsUtcWithMilliseconds) {
  EXPECT_EQ(timeText(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
  EXPECT_TRUE(timeText(0).is_null());
}

}  // namespace
}  // namespace waas::gateway
