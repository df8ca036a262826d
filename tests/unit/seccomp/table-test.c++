// What must hold for every table: X1, X2, X3.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>
#include <string>
#include <thread>

#include "child.h"
#include "seccomp/install.h"
#include "seccomp/sandbox.h"

namespace waas::seccomp::test {
namespace {

constexpr pid_t SOME_CHILD = 1 << 30;  // no process has this id

struct Table {
  const char* name;
  Profile (*make)();
};
const Table TABLES[] = {
    {"vault", vaultProfile}, {"broker", brokerProfile}, {"guard", [] { return guardProfile(SOME_CHILD); }}};

class EveryTable : public testing::TestWithParam<Table> {
 protected:
  Profile profile = GetParam().make();
};
INSTANTIATE_TEST_SUITE_P(Processes, EveryTable, testing::ValuesIn(TABLES),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_P(EveryTable, X1EndsTheProcessAtEachForbiddenCall) {
  for (size_t i = 0; i < FORBIDDEN_COUNT; i++) {
    const Forbidden& call = FORBIDDEN_EVERYWHERE[i];
    EXPECT_EQ(underFilter(profile, [&] { return make(call), true; }), KILLED) << call.name;
  }
}

TEST_P(EveryTable, X1EndsTheProcessAtEachCallThatItDoesNotName) {
  EXPECT_EQ(unnamedCallsThatPass(profile), std::vector<long>());
}

TEST_P(EveryTable, X2EndsTheProcessAtTheI386Entry) {
  bool offered = inChild([] { return enterAsI386(), true; }) == FINE;
  End end = underFilter(profile, [] { return enterAsI386(), true; });
  // A kernel without 32-bit calls answers the entry with SIGSEGV before any filter.
  EXPECT_EQ(end, offered ? KILLED : (End{SIGSEGV, 0}));
}

TEST_P(EveryTable, X2EndsTheProcessAtEachX32Call) {
  std::set<uint32_t> numbers = {0, 1, 59, 231, 520, 545};
  for (const Row& row : profile.rows) numbers.insert(row.number);
  for (uint32_t number : numbers) {
    EXPECT_EQ(underFilter(profile, [&] { return enterAsX32(number), true; }), KILLED) << number;
  }
}

TEST_P(EveryTable, X3HoldsThreadsThatWereThereBefore) {
  std::atomic<int> stage = 0;
  auto start = [&] {
    std::thread([&] {
      while (stage == 0) {
      }
      syscall(SYS_execve, 0, 0, 0);
      stage = 2;
    }).detach();
  };
  EXPECT_EQ(underFilter(profile, start,
                        [&] {
                          stage = 1;
                          while (stage != 2) {
                          }
                          return true;
                        }),
            KILLED);
}

TEST_P(EveryTable, LetsTheProcessEnd) {
  EXPECT_EQ(underFilter(profile, [] { return true; }), FINE);
  EXPECT_EQ(underFilter(profile, [] { return false; }), (End{0, 1}));
}

TEST_P(EveryTable, GivesEachRowAHeadingAndAReason) {
  std::string text = describe(profile);
  for (const Row& row : profile.rows) {
    EXPECT_GT(std::string(row.heading).size(), 0u) << row.name;
    EXPECT_GT(std::string(row.reason).size(), 0u) << row.name;
    EXPECT_NE(text.find(row.name), std::string::npos);
    EXPECT_NE(text.find(row.reason), std::string::npos);
  }
}

TEST_P(EveryTable, HasNoRowThatAnEarlierOneMakesUseless) {
  for (size_t i = 0; i < profile.rows.size(); i++) {
    const Row& row = profile.rows[i];
    bool always = row.conditions[0].test == Condition::Test::NONE;
    for (size_t later = i + 1; later < profile.rows.size(); later++) {
      const Row& other = profile.rows[later];
      if (other.number != row.number) continue;
      EXPECT_FALSE(always || other.conditions == row.conditions) << row.name;
    }
  }
}

TEST(Install, RefusesATableThatIsTooLong) {
  Profile endless{"test", std::vector<Row>(4000, Row{WAAS_CALL(read), {{intIs(0, 1)}}, ALLOW, "x", "x"})};
  EXPECT_EQ(inChild([&] { return install(endless).has_value(); }), FINE);
}

TEST(Install, SaysWhyTheKernelRefused) {
  // A child under a filter that refuses seccomp() with an errno.
  Profile refusing{"first",
                   {{WAAS_CALL(seccomp), {}, fail(EPERM), "x", "x"},
                    {WAAS_CALL(prctl), {}, ALLOW, "x", "x"},
                    {WAAS_CALL(exit_group), {}, ALLOW, "x", "x"}}};
  EXPECT_EQ(underFilter(refusing,
                        [&] {
                          Outcome second = install(refusing);
                          return second &&
                                 std::string_view(second->sentence).find("not permitted") != std::string_view::npos;
                        }),
            FINE);
}

}  // namespace
}  // namespace waas::seccomp::test
