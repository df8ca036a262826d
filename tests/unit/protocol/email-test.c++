#include "protocol/email.h"

#include <gtest/gtest.h>

namespace waas {
namespace {

TEST(Email, AcceptsCanonicalAddresses) {
  for (const char* email :
       {"a@b", "alice@example.com", "a.b+c@x-y.example", "a@1.2", "!#$%&*+-/=?^_{|}~@example.com"}) {
    EXPECT_TRUE(isCanonicalEmail(email)) << email;
  }
}

TEST(Email, RefusesWhatIsNotCanonical) {
  for (const char* email : {"",
                            "a",
                            "@",
                            "a@",
                            "@b",
                            "a@b@c",
                            "A@b.example",
                            "a b@c.example",
                            "a@b.example ",
                            "a@.example",
                            "a@example.",
                            "a,b@c.example",
                            "<a@b.example>",
                            "a@b.example;",
                            "a\"b@c.example",
                            "a\\b@c.example",
                            "(a)@b.example",
                            "a@[127.0.0.1]",
                            "a`b@c.example",
                            "a:b@c.example",
                            "o'connor@b.example",
                            "\x7f@b.example",
                            "\xc3\xbc@b.example",
                            "a@b.example\n"}) {
    EXPECT_FALSE(isCanonicalEmail(email)) << email;
  }
}

TEST(Email, RefusesZeroBytesWithin) { EXPECT_FALSE(isCanonicalEmail(std::string_view("a@b\0c", 5))); }

TEST(Email, KeepsTheLimitOfItsLength) {
  std::string domain = "@example.com";
  EXPECT_TRUE(isCanonicalEmail(std::string(MAX_EMAIL_BYTES - domain.size(), 'a') + domain));
  EXPECT_FALSE(isCanonicalEmail(std::string(MAX_EMAIL_BYTES - domain.size() + 1, 'a') + domain));
}

TEST(Email, TrimsAndLowersWhatIsTyped) {
  EXPECT_EQ(canonicalEmail(" \tAlice.Z@Example.COM\r\n"), "alice.z@example.com");
  EXPECT_EQ(canonicalEmail(" \t "), "");
  EXPECT_EQ(canonicalEmail("a b@c"), "a b@c") << "not made canonical by leaving out what is within";
  EXPECT_FALSE(isCanonicalEmail(canonicalEmail("\xc3\x9c@example.com")))
      << "only ASCII is lowered; the rest is refused";
}

}  // namespace
}  // namespace waas
