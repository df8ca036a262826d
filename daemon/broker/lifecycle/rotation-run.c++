#include "rotation-run.h"

#include <kj/debug.h>
#include <sodium.h>

#include <deque>

#include "share-keeper.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

// A part is away or full for a moment. An unknown outcome is looked at again, too.
bool isPassing(ErrorCode code) {
  switch (code) {
    case ErrorCode::POSTGRES_UNREACHABLE:
    case ErrorCode::VAULT_UNREACHABLE:
    case ErrorCode::AUDIT_UNAVAILABLE:
    case ErrorCode::OVERLOADED:
    case ErrorCode::OUTCOME_UNKNOWN:
    case ErrorCode::CONFLICT: return true;
    default: return false;
  }
}

kj::Duration pauseAfter(uint32_t attempt) {
  auto pause = limits::RUN_RETRY_FIRST;
  for (uint32_t i = 0; i < attempt && pause < limits::RUN_RETRY_MAX; i++) pause = pause * 2;
  return kj::min(pause, limits::RUN_RETRY_MAX);
}

// What a Redis says of a wallet: null = it does not answer; what can't be read is not there.
kj::Promise<kj::Maybe<ShareStore::State>> stateIn(ShareStore& store, const WalletBrief& brief) {
  return store.state(brief.walletId, brief.version)
      .then([](ShareStore::State&& state) -> kj::Maybe<ShareStore::State> { return kj::mv(state); },
            [](kj::Exception&& exception) -> kj::Maybe<ShareStore::State> {
              if (faultOf(exception).code == ErrorCode::RECORD_REFUSED) return ShareStore::State();
              return nullptr;
            });
}

}  // namespace

RotationRun::RotationRun(Parts& parts, RunOrder order, kj::Maybe<const Asker&> asker,
                         kj::Function<bool(const RunCounts&)> goesOn)
    : parts(parts), order(kj::mv(order)), asker(asker), goesOn(kj::mv(goesOn)) {
  randombytes_buf(holder.data(), holder.size());
}

kj::Promise<void> RotationRun::go() {
  return begin().then([this]() { return nextPage(); });
}

kj::Promise<void> RotationRun::begin() {
  return parts.wallets.clock()
      .then([this](uint64_t now) {
        since = now;
        return parts.wallets.countWallets(order.whose);
      })
      .then([this](uint64_t count) { done.total = count; });
}

uint32_t RotationRun::workers() const {
  constexpr uint32_t SHARE_WHILE_SIGNING = 4;
  uint32_t all = parts.settings.rotationsAtOnce;
  return parts.admission.callsInFlight() > 0 ? kj::max(1u, all / SHARE_WHILE_SIGNING) : all;
}

kj::Promise<void> RotationRun::nextPage() {
  if (isOver()) return kj::READY_NOW;
  return parts.wallets.scan(order.whose, after, limits::RUN_PAGE)
      .then(
          [this](kj::Array<WalletBrief>&& page) -> kj::Promise<void> {
            pageAttempts = 0;
            if (page.size() == 0) return kj::READY_NOW;
            after = page.back().walletId;
            return workOff(kj::mv(page)).then([this]() { return nextPage(); });
          },
          [this](kj::Exception&& exception) -> kj::Promise<void> {
            if (!isPassing(faultOf(exception).code) || ++pageAttempts >= limits::RUN_ATTEMPTS) return kj::mv(exception);
            return parts.timer.afterDelay(pauseAfter(pageAttempts)).then([this]() { return nextPage(); });
          });
}

// Looks at all of a page at once, then takes leases on what wants work.
kj::Promise<void> RotationRun::workOff(kj::Array<WalletBrief> page) {
  auto candidates = kj::heapArray<Candidate>(page.size());
  auto looks = kj::heapArrayBuilder<kj::Promise<void>>(page.size());
  for (size_t i = 0; i < page.size(); i++) {
    candidates[i].brief = page[i];
    looks.add(look(candidates[i]));
  }
  done.checked += page.size();
  return kj::joinPromises(looks.finish())
      .then([this, candidates = kj::mv(candidates)]() -> kj::Promise<void> {
        kj::Vector<WalletBrief> wanted(candidates.size());
        for (auto& candidate : candidates) {
          if (candidate.wants) {
            wanted.add(candidate.brief);
          } else if (!candidate.failed) {
            done.skipped++;
          }
        }
        if (wanted.size() == 0) return kj::READY_NOW;
        auto claim = parts.wallets.claim(holder, wanted, limits::LEASE);
        size_t asked = wanted.size();
        return claim.then([this, asked](kj::Array<WalletRow>&& rows) {
          done.skipped += asked - rows.size();
          return claimed(kj::mv(rows));
        });
      })
      .then([this]() {
        if (!goesOn(done)) stopped = true;
      });
}

kj::Promise<void> RotationRun::look(Candidate& candidate) {
  auto& brief = candidate.brief;
  if (brief.deletedAt > 0) return tidyTombstone(brief);
  if (order.wanted == Wanted::ALWAYS) {
    // Another run that began after us, or beside us, has done it.
    candidate.wants = brief.rotatedAt < since;
    return kj::READY_NOW;
  }
  auto states = kj::heapArrayBuilder<kj::Promise<kj::Maybe<ShareStore::State>>>(2);
  states.add(stateIn(parts.redis1, brief));
  states.add(stateIn(parts.redis2, brief));
  return kj::joinPromises(states.finish())
      .then([this, &candidate](kj::Array<kj::Maybe<ShareStore::State>>&& found) -> kj::Promise<void> {
        bool missing = false, away = false, soon = isDue(parts, candidate.brief.expiresAt);
        auto before = parts.settings.rotateBeforeDays * kj::DAYS;
        for (auto& one : found) {
          KJ_IF_MAYBE (state, one) {
            missing = missing || !state->present;
            KJ_IF_MAYBE (left, state->left) soon = soon || *left < before;
          } else {
            away = true;
          }
        }
        candidate.wants = missing || (order.wanted == Wanted::DUE && soon);
        if (!away || !candidate.wants) return kj::READY_NOW;
        // Nothing can be written until that Redis is back; what the other one holds must not end meanwhile.
        candidate.wants = false;
        candidate.failed = true;
        note(candidate.brief.walletId, makeFault(ErrorCode::REDIS_UNREACHABLE, "its other share is kept alive"_kj));
        return keepAlive(candidate.brief.walletId, found);
      });
}

kj::Promise<void> RotationRun::keepAlive(const Id& walletId, kj::ArrayPtr<kj::Maybe<ShareStore::State>> states) {
  kj::Vector<kj::Promise<void>> extensions(2);
  for (size_t i = 0; i < 2; i++) {
    if (states[i] == nullptr) continue;
    auto life = parts.settings.shareDays * kj::DAYS;
    extensions.add(parts.writers[i].extend(walletId, life).catch_([](kj::Exception&&) {}));
  }
  return kj::joinPromises(extensions.releaseAsArray());
}

// Shares that came back out of a Redis which was away when the wallet was deleted, or out of its back-up.
kj::Promise<void> RotationRun::tidyTombstone(const WalletBrief& brief) {
  auto tidy = [this, id = brief.walletId](size_t i) {
    auto& store = parts.writers[i];
    return store.shares(id)
        .then([&store, id](ShareHash&& hash) {
          kj::Vector<kj::Promise<void>> removals(hash.fields.size());
          for (auto& field : hash.fields) removals.add(store.remove(id, field.version));
          return kj::joinPromises(removals.releaseAsArray());
        })
        .catch_([](kj::Exception&&) {});
  };
  auto both = kj::heapArrayBuilder<kj::Promise<void>>(2);
  both.add(tidy(0));
  both.add(tidy(1));
  return kj::joinPromises(both.finish());
}

// Several workers take from one queue.
kj::Promise<void> RotationRun::claimed(kj::Array<WalletRow> rows) {
  auto queue = kj::heap<std::deque<WalletRow>>();
  for (auto& row : rows) queue->push_back(kj::mv(row));
  auto count = kj::max(1u, parts.settings.rotationsAtOnce);
  auto all = kj::heapArrayBuilder<kj::Promise<void>>(count);
  for (uint32_t i = 0; i < count; i++) all.add(worker(*queue));
  return kj::joinPromises(all.finish())
      .then([this, &queue = *queue]() -> kj::Promise<void> {
        // Ended early: what was not begun is free again.
        kj::Vector<Id> rest(queue.size());
        for (auto& row : queue) rest.add(row.walletId);
        done.skipped += rest.size();
        return parts.wallets.release(holder, rest).catch_([](kj::Exception&&) {});
      })
      .attach(kj::mv(queue));
}

kj::Promise<void> RotationRun::worker(std::deque<WalletRow>& rows) {
  if (rows.empty() || isOver()) return kj::READY_NOW;
  if (atWork >= workers()) {
    // Signatures come first: this worker looks again in a moment, or finds nothing left.
    return parts.timer.afterDelay(limits::RUN_YIELD).then([this, &rows]() { return worker(rows); });
  }
  atWork++;
  auto row = kj::mv(rows.front());
  rows.pop_front();
  Id id = row.walletId;
  return advanceOne(id, kj::mv(row), 0).then([this, &rows]() {
    atWork--;
    if (!goesOn(done)) stopped = true;
    return worker(rows);
  });
}

kj::Promise<void> RotationRun::advanceOne(const Id& walletId, kj::Maybe<WalletRow> row, uint32_t attempt) {
  return refresh(parts, walletId, kj::mv(row), order.wanted, asker)
      .then(
          [this, walletId](Refreshed outcome) -> kj::Promise<void> {
            note(walletId, outcome);
            if (outcome != Refreshed::NOT_DUE) return kj::READY_NOW;
            return parts.wallets.release(holder, kj::arrayPtr(&walletId, 1)).catch_([](kj::Exception&&) {});
          },
          [this, walletId, attempt](kj::Exception&& exception) -> kj::Promise<void> {
            if (isPassing(faultOf(exception).code) && attempt + 1 < limits::RUN_ATTEMPTS && !isOver()) {
              return parts.timer.afterDelay(pauseAfter(attempt)).then([this, walletId, attempt]() {
                return advanceOne(walletId, nullptr, attempt + 1);
              });
            }
            note(walletId, exception);
            return parts.wallets.release(holder, kj::arrayPtr(&walletId, 1)).catch_([](kj::Exception&&) {});
          });
}

void RotationRun::note(const Id&, Refreshed outcome) {
  switch (outcome) {
    case Refreshed::RECOVERED: done.recovered++; [[fallthrough]];
    case Refreshed::ROTATED: done.rotated++; break;
    default: done.skipped++; break;
  }
}

void RotationRun::note(const Id& walletId, const kj::Exception& exception) {
  done.failed++;
  parts.keeper.noticeFailed();
  if (done.failures.size() >= limits::RUN_FAILURES) return;
  auto fault = faultOf(exception);
  auto detail = kj::heapString(fault.detail);
  fault.detail = detail;
  done.failures.add(RunFailure{walletId, fault, kj::mv(detail)});
}

}  // namespace waas::broker
