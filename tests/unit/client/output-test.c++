#include "client/cli/output.h"

#include <gtest/gtest.h>

#include <sstream>

namespace waas::cli {
namespace {

using client::ErrorCode;
using client::Failure;

TEST(Output, C4_ResultsGoToStdoutAndErrorsToStderr) {
  std::ostringstream out, err;
  Output output(false, out, err);
  output.result({{"a", 1}}, [](std::ostream& o) { o << "for people\n"; });
  output.error("some_code", "Something failed.");
  EXPECT_EQ(out.str(), "for people\n");
  EXPECT_EQ(err.str(), "waas: Something failed. (some_code)\n");
}

TEST(Output, C4_WithJsonBothAreJson) {
  std::ostringstream out, err;
  Output output(true, out, err);
  output.result({{"a", 1}}, [](std::ostream& o) { o << "for people\n"; });
  output.note("for people");
  EXPECT_EQ(Json::parse(out.str()), (Json{{"a", 1}}));
  EXPECT_EQ(err.str(), "");
  output.error("share_missing", "x", Failure{ErrorCode::SHARE_MISSING, kj::str("of redis1"), 1500, 2});
  auto error = Json::parse(err.str());
  EXPECT_EQ(error["code"], "share_missing");
  EXPECT_EQ(error["detail"], "of redis1");
  EXPECT_EQ(error["retryAfter"], 1500);
  EXPECT_EQ(error["share"], 2);
}

TEST(Output, PeopleAreToldWhichShareAndHowLongToWait) {
  std::ostringstream out, err;
  Output output(false, out, err);
  output.error("too_many_attempts", "Wait.", Failure{ErrorCode::TOO_MANY_ATTEMPTS, kj::str("five"), 1500, 3});
  EXPECT_EQ(err.str(), "waas: Wait. [five] [share 3] [again in 2 s] (too_many_attempts)\n");
}

TEST(Output, ColumnsAreAlignedAlsoWithOtherLetters) {
  std::ostringstream out;
  printTable(out, {{"NAME", "ID"},
                   {"B\xc3\xbc"
                    "chse",
                    "1"},
                   {"x", "2"}});
  EXPECT_EQ(out.str(),
            "NAME    ID\nB\xc3\xbc"
            "chse  1\nx       2\n");
}

}  // namespace
}  // namespace waas::cli
