// The shares of one's own wallets: how they are, rotation, recovery.
#include "answers.h"
#include "client/lib/maintenance.h"
#include "routes.h"

namespace waas::gateway {
namespace {

Json runJson(const client::Rotation& run) {
  Json failures = Json::array();
  for (auto& failed : run.failures) {
    failures.push_back({{"walletId", hex(failed.walletId)}, {"code", client::describe(failed.why.code).name.cStr()}});
  }
  return {{"checked", run.checked}, {"rotated", run.rotated}, {"recovered", run.recovered},
          {"skipped", run.skipped}, {"failed", run.failed},   {"failures", failures}};
}

void add(client::Rotation& sum, client::Rotation run) {
  sum.checked += run.checked;
  sum.rotated += run.rotated;
  sum.recovered += run.recovered;
  sum.skipped += run.skipped;
  sum.failed += run.failed;
  kj::Vector<client::Rotation::Failed> all;
  for (auto& failed : sum.failures) all.add(kj::mv(failed));
  for (auto& failed : run.failures) all.add(kj::mv(failed));
  sum.failures = all.releaseAsArray();
}

bool lacksShare(const client::ShareStatus& status) {
  for (auto state : status.shares) {
    if (state == client::ShareStatus::State::MISSING || state == client::ShareStatus::State::DAMAGED) return true;
  }
  return false;
}

// One wallet after the other.
kj::Promise<client::Rotation> rotateAll(PersonSession& person, std::list<Id> wallets, client::Force force,
                                        client::Rotation sum) {
  if (wallets.empty()) return kj::mv(sum);
  auto next = wallets.front();
  wallets.pop_front();
  return person.wallets()
      .rotate(client::Selector::byId(next), force)
      .then([&person, wallets = std::move(wallets), force, sum = kj::mv(sum)](client::Rotation run) mutable {
        add(sum, kj::mv(run));
        return rotateAll(person, std::move(wallets), force, kj::mv(sum));
      });
}

}  // namespace

kj::Promise<Response> sharesHealth(Call& call) {
  return call.person->wallets().shareStatus().then([](kj::Array<client::ShareStatus> rows) {
    uint64_t lacking = 0, due = 0, next = 0;
    for (auto& row : rows) {
      if (lacksShare(row)) lacking++;
      if (row.needsRotation) due++;
      if (row.expiresAt > 0 && (next == 0 || row.expiresAt < next)) next = row.expiresAt;
    }
    return answer({{"status", lacking > 0 ? "degraded"
                              : due > 0   ? "due"
                                          : "healthy"},
                   {"wallets", rows.size()},
                   {"withMissingShares", lacking},
                   {"needRotation", due},
                   {"nextExpiry", timeText(next)}});
  });
}

// An operator looks over the daemon's socket: the gateway's user holds no operator's rights that a request could
// borrow.
kj::Promise<Response> shareStatus(Call& call) {
  auto whose = call.parameters[0];
  if (whose != "me" && whose != hex(call.person->userId())) {
    refuse(ErrorCode::NOT_ALLOWED, "the shares of one's own wallets only");
  }
  return call.person->wallets().shareStatus().then([&call](kj::Array<client::ShareStatus> rows) {
    Json list = Json::array();
    for (auto& row : rows) list.push_back(shareJson(row, nowUnixMs()));
    return answer({{"userId", hex(call.person->userId())}, {"wallets", list}});
  });
}

kj::Promise<Response> rotateShares(Call& call) {
  JsonBody body(call.request.bodyText());
  auto wallet = body.text("wallet", MAX_WALLET_TEXT);
  auto force = body.flag("force").value_or(false) ? client::Force::YES : client::Force::NO;
  body.finish();
  if (wallet) {
    return call.person->wallets().rotate(selectorOf(wallet), force).then([](client::Rotation run) {
      return answer(runJson(run));
    });
  }
  return call.person->wallets().list().then([&call, force](kj::Array<client::Wallet> wallets) {
    std::list<Id> ids;
    for (auto& one : wallets) ids.push_back(one.walletId);
    return rotateAll(*call.person, std::move(ids), force, {}).then([](client::Rotation run) {
      return answer(runJson(run));
    });
  });
}

// A rotation of a wallet that lacks a share rebuilds it.
kj::Promise<Response> recoverShares(Call& call) {
  JsonBody body(call.request.bodyText());
  body.finish();
  return call.person->wallets().shareStatus().then([&call](kj::Array<client::ShareStatus> rows) {
    std::list<Id> ids;
    for (auto& row : rows) {
      if (lacksShare(row)) ids.push_back(row.walletId);
    }
    uint64_t looked = rows.size();
    return rotateAll(*call.person, std::move(ids), client::Force::YES, {}).then([looked](client::Rotation run) {
      run.skipped += looked - run.checked;
      run.checked = looked;
      return answer(runJson(run));
    });
  });
}

}  // namespace waas::gateway
