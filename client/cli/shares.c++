// waas shares: the state of wallets' shares in their stores, and their rotation and recovery (share-runs.c++).
#include <cmath>
#include <memory>

#include "connection.h"
#include "share-runs.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

constexpr uint32_t PAGE = 500;
constexpr double DAY_MS = 24.0 * 3600 * 1000;

struct StatusOptions {
  std::string user;
  bool all = false, due = false;
};

const char* nameOf(client::ShareStatus::State state) {
  switch (state) {
    case client::ShareStatus::State::UNKNOWN: return "unknown";
    case client::ShareStatus::State::PRESENT: return "present";
    case client::ShareStatus::State::MISSING: return "missing";
    case client::ShareStatus::State::UNREACHABLE: return "unreachable";
    case client::ShareStatus::State::DAMAGED: return "damaged";
  }
  return "unknown";
}

// Rounded down to a hundredth; null when no Redis share is there.
Json daysLeft(uint64_t expiresAt, uint64_t now) {
  if (expiresAt == 0) return nullptr;
  double days = (static_cast<double>(expiresAt) - static_cast<double>(now)) / DAY_MS;
  return std::floor(std::max(days, 0.0) * 100) / 100;
}

Json rowJson(const client::ShareStatus& row, uint64_t now) {
  Json states = Json::array(), missing = Json::array(), unreachable = Json::array();
  for (int i = 0; i < 3; i++) {
    auto state = row.shares[i];
    states.push_back(nameOf(state));
    if (state == client::ShareStatus::State::MISSING) missing.push_back(i + 1);
    if (state == client::ShareStatus::State::UNREACHABLE) unreachable.push_back(i + 1);
  }
  Json expiresAt = row.expiresAt == 0 ? Json() : Json(row.expiresAt);
  return {{"wallet", hex(row.walletId)},
          {"name", row.name.cStr()},
          {"owner", ownerJson(row.owner)},
          {"epoch", row.epoch},
          {"expiresAt", expiresAt},
          {"daysUntilExpiry", daysLeft(row.expiresAt, now)},
          {"shares", states},
          {"missingShares", missing},
          {"unreachableShares", unreachable},
          {"needsRotation", row.needsRotation},
          {"deleted", row.deleted},
          {"leased", row.leased}};
}

std::vector<std::string> rowText(const client::ShareStatus& row, uint64_t now) {
  std::string states, days;
  for (auto state : row.shares) states += (states.empty() ? "" : " ") + std::string(nameOf(state));
  if (row.expiresAt > 0) {
    int64_t left = static_cast<int64_t>(row.expiresAt) - static_cast<int64_t>(now);
    days = std::to_string(std::max<int64_t>(left, 0) / static_cast<int64_t>(DAY_MS));
  }
  return {
      hex(row.walletId), textOf(row.name), std::to_string(row.epoch), days, states, row.needsRotation ? "yes" : "no"};
}

kj::Array<client::ShareStatus> fetch(Connection& connection, const StatusOptions& options) {
  if (!options.all && !options.due && options.user.empty()) {
    return connection.wait(connection.wallets().shareStatus());
  }
  auto& asOperator = connection.asOperator();
  auto whose = parseWhose(options.user);
  kj::Vector<client::ShareStatus> rows;
  bool seen = false;
  for (Id after{};;) {
    kj::Maybe<const Id&> from;
    if (seen) from = after;
    auto page = connection.wait(asOperator.shareStatus(whose, from, PAGE));
    if (page.rows.size() > 0) after = page.rows.back().walletId;
    for (auto& row : page.rows) {
      if (!options.due || row.needsRotation) rows.add(kj::mv(row));
    }
    if (!page.more || page.rows.size() == 0) return rows.releaseAsArray();
    seen = true;
  }
}

int status(Invocation& invocation, const StatusOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto rows = fetch(connection, options);
  uint64_t now = nowUnixMs();
  Json value = Json::array();
  std::vector<std::vector<std::string>> table = {{"WALLET", "NAME", "EPOCH", "DAYS", "SHARES 1 2 3", "ROTATION DUE"}};
  for (auto& row : rows) {
    value.push_back(rowJson(row, now));
    table.push_back(rowText(row, now));
  }
  output.result(value, [&](std::ostream& out) {
    if (rows.size() == 0) {
      out << "No wallets.\n";
    } else {
      printTable(out, table);
    }
  });
  return EXIT_DONE;
}

}  // namespace

void addShares(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "shares", "The shares of wallets' keys");
  auto options = std::make_shared<StatusOptions>();
  auto* command =
      addCommand(*group, invocation, "status", "Show where shares are and when they expire (default: your own)",
                 [&invocation, options](Output& output) { return status(invocation, *options, output); });
  auto* user =
      command->add_option("--user", options->user, "Of this user (id or e-mail) or local service; for operators");
  command->add_flag("--all", options->all, "Of everybody; for operators")->excludes(user);
  command->add_flag("--due", options->due, "Only those that are to be rotated; for operators");
  addShareRuns(*group, invocation);
}

}  // namespace waas::cli
