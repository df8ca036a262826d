#include <daemon/broker/admission.h>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace waas::broker {
namespace {

TEST(Admission, RefusesBeyondTheLimitOfAConnection) {
  Admission admission(10, 2);
  Admission::Share mine, other;
  auto a = admission.admit(mine), b = admission.admit(mine);
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(admission.admit(mine));
  EXPECT_TRUE(admission.admit(other));
  EXPECT_EQ(admission.callsRefused(), 1u);
}

TEST(Admission, RefusesBeyondTheLimitOfAll) {
  Admission admission(2, 2);
  Admission::Share first, second, third;
  auto a = admission.admit(first), b = admission.admit(second);
  EXPECT_FALSE(admission.admit(third));
}

TEST(Admission, APlaceIsGivenBackOnce) {
  Admission admission(1, 1);
  Admission::Share share;
  {
    auto ticket = admission.admit(share);
    auto moved = std::move(ticket);
    EXPECT_EQ(admission.callsInFlight(), 1u);
  }
  EXPECT_EQ(admission.callsInFlight(), 0u);
  EXPECT_TRUE(admission.admit(share));
}

TEST(Admission, DrainingAdmitsNobodyAndKeepsWhoIsIn) {
  Admission admission(4, 4);
  Admission::Share share;
  auto ticket = admission.admit(share);
  admission.drain();
  EXPECT_FALSE(admission.admit(share));
  EXPECT_EQ(admission.callsInFlight(), 1u);
}

}  // namespace
}  // namespace waas::broker
