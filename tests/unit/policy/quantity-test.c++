// P10: amounts are exact, or they are an error.
#include "policy/file/quantity.h"

#include <gtest/gtest.h>

namespace waas::policy::file {
namespace {

TEST(P10Quantity, ReadsWhatIsExactAndNothingElse) {
  EXPECT_EQ(parseAmount("1.5", 9), 1'500'000'000u);
  EXPECT_EQ(parseAmount("0.000000001", 9), 1u);
  EXPECT_EQ(parseAmount("1.500000000000", 9), 1'500'000'000u);
  EXPECT_EQ(parseAmount("18446744073709551615", 0), UINT64_MAX);
  EXPECT_EQ(parseAmount("18446744073.709551615", 9), UINT64_MAX);
  for (const char* text : {"0.0000000001", "18446744073.709551616", "18446744074", "", ".", "1.", ".5", "-1", "+1",
                           "1e9", "1,5", " 1", "1 ", "0x10", "1.2.3", "1_000", "nan", "\xd9\xa1"}) {
    EXPECT_EQ(parseAmount(text, 9), std::nullopt) << text;
  }
  EXPECT_EQ(parseAmount("18446744073709551616", 0), std::nullopt);
}

TEST(P10Quantity, WritesWhatItReads) {
  for (std::uint64_t amount : {0ull, 1ull, 10ull, 999'999'999ull, 1'500'000'000ull, 18446744073709551615ull}) {
    for (unsigned decimals : {0u, 1u, 6u, 9u, 19u}) {
      EXPECT_EQ(parseAmount(formatAmount(amount, decimals), decimals), amount) << amount << " of " << decimals;
    }
  }
  EXPECT_EQ(formatAmount(1'500'000'000, 9), "1.5");
  EXPECT_EQ(formatAmount(1, 9), "0.000000001");
}

TEST(P10Quantity, SharesAreBasisPoints) {
  EXPECT_EQ(parseShare("1 %"), 100);
  EXPECT_EQ(parseShare("0.25 %"), 25);
  EXPECT_EQ(parseShare("25 bps"), 25);
  EXPECT_EQ(parseShare("100 %"), 10'000);
  for (const char* text : {"0.001 %", "101 %", "1%", "1", "% 1", "1.5 bps", "-1 %"}) {
    EXPECT_EQ(parseShare(text), std::nullopt) << text;
  }
}

TEST(P10Quantity, DurationsAreWhole) {
  EXPECT_EQ(parseDuration("1 day"), 86'400'000u);
  EXPECT_EQ(parseDuration("2 days"), 172'800'000u);
  EXPECT_EQ(parseDuration("90 seconds"), 90'000u);
  for (const char* text : {"1.5 hours", "day", "1 month", "1day", "1 day ", "99999999999999999999 days"}) {
    EXPECT_EQ(parseDuration(text), std::nullopt) << text;
  }
  EXPECT_EQ(formatDuration(86'400'000), "1 day");
  EXPECT_EQ(formatDuration(90'000), "90 seconds");
}

}  // namespace
}  // namespace waas::policy::file
