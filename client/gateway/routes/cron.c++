// What a timer elsewhere sets off.
#include "../cron-run.h"
#include "answers.h"
#include "routes.h"

namespace waas::gateway {

// Answers 202 while the run goes on; ask again to join it.
kj::Promise<Response> cronRotateShares(Call& call) {
  constexpr uint64_t MAX_WAIT = 3000, USUAL_WAIT = 50, MAX_LIMIT = 1'000'000;
  JsonBody body(call.request.bodyText());
  auto limit = body.number("limit", MAX_LIMIT).value_or(0);
  auto wait = body.number("waitSeconds", MAX_WAIT).value_or(USUAL_WAIT);
  body.finish();
  return call.parts.cron.join(static_cast<int64_t>(wait) * kj::SECONDS, static_cast<uint32_t>(limit))
      .then([](CronRun::Report report) {
        if (!report.done) return answer({{"status", "running"}, {"startedAt", timeText(report.startedAt)}}, 202);
        auto& run = report.run;
        return answer({{"status", "done"},
                       {"startedAt", timeText(report.startedAt)},
                       {"checked", run.checked},
                       {"rotated", run.rotated},
                       {"recovered", run.recovered},
                       {"skipped", run.skipped},
                       {"failed", run.failed}});
      });
}

}  // namespace waas::gateway
