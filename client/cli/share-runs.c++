#include "share-runs.h"

#include <unistd.h>

#include <memory>

#include "connection.h"
#include "protocol/email.h"
#include "selector.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

struct RunOptions {
  std::string user, wallet;
  bool all = false, due = false, force = false;
  uint32_t limit = 0;
};

// A line that is written over, on a terminal; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(Output& output)
      : out(output.prompts()), shown(!output.isJson() && isatty(STDERR_FILENO) == 1) {}
  ~ProgressLine() {
    if (drawn) out << "\r\x1b[K" << std::flush;
  }

  void show(const client::Rotation& run) {
    if (!shown) return;
    constexpr uint64_t WIDTH = 30;
    uint64_t total = std::max<uint64_t>(run.total, 1), filled = std::min(run.checked * WIDTH / total, WIDTH);
    out << "\r\x1b[K[" << std::string(filled, '#') << std::string(WIDTH - filled, '.') << "] " << run.checked << " of "
        << run.total << ", " << run.rotated << " done, " << run.failed << " failed" << std::flush;
    drawn = true;
  }

 private:
  std::ostream& out;
  bool shown, drawn = false;
};

Json runJson(const client::Rotation& run) {
  Json failures = Json::array();
  for (auto& failure : run.failures) {
    Json one = failureJson(failure.why);
    one["wallet"] = hex(failure.walletId);
    failures.push_back(one);
  }
  return {{"checked", run.checked}, {"done", run.rotated},  {"rotated", run.rotated}, {"recovered", run.recovered},
          {"skipped", run.skipped}, {"failed", run.failed}, {"total", run.total},     {"failures", failures}};
}

void printRun(std::ostream& out, const client::Rotation& run) {
  out << run.rotated << " done (" << run.recovered << " of them had lost a share), " << run.skipped << " skipped, "
      << run.failed << " failed\n";
  for (auto& failure : run.failures) {
    auto info = client::describe(failure.why.code);
    out << "  " << hex(failure.walletId) << "  " << info.name.cStr() << ": " << info.says.cStr() << "\n";
  }
  if (run.failures.size() < run.failed) out << "  and " << run.failed - run.failures.size() << " more\n";
}

int tell(const client::Rotation& run, Output& output) {
  output.result(runJson(run), [&](std::ostream& out) { printRun(out, run); });
  return run.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

void add(client::Rotation& sum, const client::Rotation& one) {
  sum.checked += one.checked;
  sum.rotated += one.rotated;
  sum.recovered += one.recovered;
  sum.skipped += one.skipped;
}

// The caller's own wallets, or one of them.
int rotateOwn(Connection& connection, const RunOptions& options, client::Force force, Output& output) {
  auto& wallets = connection.wallets();
  client::Rotation sum;
  if (!options.wallet.empty()) {
    sum = connection.wait(wallets.rotate(parseSelector(options.wallet), force));
    return tell(sum, output);
  }
  auto list = connection.wait(wallets.list());
  sum.total = list.size();
  kj::Vector<client::Rotation::Failed> failures;
  ProgressLine line(output);
  for (auto& wallet : list) {
    try {
      add(sum, connection.wait(wallets.rotate(client::Selector::byId(wallet.walletId), force)));
    } catch (const kj::Exception& e) {
      sum.checked++;
      sum.failed++;
      failures.add(client::Rotation::Failed{wallet.walletId, client::failureOf(e)});
    }
    line.show(sum);
  }
  sum.failures = failures.releaseAsArray();
  return tell(sum, output);
}

int rotate(Invocation& invocation, const RunOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto force = options.force ? client::Force::YES : client::Force::NO;
  bool everybody = options.all || options.due;
  if (!everybody && options.user.empty()) return rotateOwn(connection, options, force, output);
  if (options.due && options.user.empty() && !options.all && !options.force) {
    return tell(connection.wait(connection.maintenance().rotateDue(options.limit)), output);
  }
  ProgressLine line(output);
  auto whose = parseWhose(options.user);
  auto run = connection.wait(
      connection.asOperator().rotate(whose, force, [&line](const client::Rotation& soFar) { line.show(soFar); }));
  return tell(run, output);
}

int recover(Invocation& invocation, const RunOptions& options, Output& output) {
  if (!options.all && options.user.empty()) throw CommandError(EXIT_USAGE, "usage", "Say whose: --user U or --all.");
  Connection connection(invocation.globals, output);
  ProgressLine line(output);
  auto whose = parseWhose(options.user);
  auto run = connection.wait(
      connection.asOperator().recover(whose, [&line](const client::Rotation& soFar) { line.show(soFar); }));
  return tell(run, output);
}

}  // namespace

client::Whose parseWhose(const std::string& user) {
  client::Whose whose;
  if (user.empty()) return whose;
  if (auto id = parseId(user)) {
    whose.kind = client::Whose::Kind::USER;
    whose.userId = *id;
  } else if (std::string email = canonicalEmail(user); isCanonicalEmail(email)) {
    whose.kind = client::Whose::Kind::EMAIL;
    whose.text = kj::heapString(email.c_str());
  } else {
    whose.kind = client::Whose::Kind::SERVICE;
    whose.text = kj::heapString(user.c_str());
  }
  return whose;
}

void addShareRuns(CLI::App& group, Invocation& invocation) {
  auto options = std::make_shared<RunOptions>();
  auto* rotating = addCommand(group, invocation, "rotate",
                              "Make the next version of shares: those that are due, or with --force all",
                              [&invocation, options](Output& output) { return rotate(invocation, *options, output); });
  auto* user = rotating->add_option("--user", options->user,
                                    "Of this user (id or e-mail) or local service; for operators (default: your own)");
  auto* all = rotating->add_flag("--all", options->all, "Of everybody; for operators")->excludes(user);
  rotating->add_flag("--due", options->due, "Of everybody, what is due; for operators, timers and the gateway")
      ->excludes(user);
  rotating->add_option("--wallet", options->wallet, "Only this one of your own: id, name or address")
      ->excludes(user)
      ->excludes(all);
  rotating->add_flag("--force", options->force, "Also what is not due");
  rotating->add_option("--limit", options->limit, "With --due: at most so many (default: no bound)");

  auto recovering = std::make_shared<RunOptions>();
  auto* command =
      addCommand(group, invocation, "recover", "Rebuild shares that are missing or damaged, and nothing else",
                 [&invocation, recovering](Output& output) { return recover(invocation, *recovering, output); });
  auto* whose = command->add_option("--user", recovering->user, "Of this user (id or e-mail) or local service");
  command->add_flag("--all", recovering->all, "Of everybody")->excludes(whose);
}

}  // namespace waas::cli
