// SignCall's charges: limits over time.
//
// Where a limit has to say first that it was used, the vault answers with the wallet's new limit row in the place of
// the signature. The order is:
//
//   1. One call at a time charges a wallet on this host (limit-turns.h). Who had to wait reads the wallet again.
//   2. PostgreSQL, compare-and-swap on the row's version: the charge stands, whatever happens to the signature.
//   Somebody
//      else's next row standing there already means reading again.
//   3. Both Redis: the row's floor. After the commit, for a floor above the committed row would refuse that row for
//      ever; before the signature, for a row that is put back must not buy a second one. One of them has to take it.
//   4. The vault is shown the same items with the new row, which holds their receipts, and signs.
//
// A share of Redis that the vault finds not to be authentic takes the same way: it is made anew from the recovery
// envelope, as a missing one is, somebody is told, and the items are shown again.
//
// A charge is never given back. What the vault found put back is read again as well: its floor may have been read after
// another call's charge, and its row before.
#include <kj/debug.h>

#include "../lifecycle/share-keeper.h"
#include "sign-call.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

}  // namespace

// One wallet of a round.
struct SignCall::Charge {
  Id wallet{};
  kj::Array<kj::byte> row;  // the new one; empty: none was made, so it is only read again
  bool readAgain = false;
  bool refused = false;  // found put back
  uint8_t damaged = 0;   // the share that is there and not authentic; 0: none
};

// Settles which items have their outcome, and says whether others are left whose limits have to be charged.
bool SignCall::mustCharge() {
  bool any = false;
  for (auto& item : items) {
    if (!item.open) continue;
    item.open = false;
    if (!item.asked || pieces[item.piece]->problem != nullptr) continue;
    auto outcome = pieces[item.piece]->answer.getSigned()[item.inPiece];
    bool rolledBack = outcome.isRefused() && outcome.getRefused().getCode() == ErrorCode::ROLLED_BACK;
    item.open = rolledBack ? rounds < limits::ROLLBACK_ROUNDS : outcome.isCharge() && rounds < limits::CHARGE_ROUNDS;
    item.open = item.open || damagedShare(item, outcome) != 0;
    any = any || item.open;
  }
  if (!any) turns.clear();
  return any;
}

kj::Vector<SignCall::Charge> SignCall::dueCharges() {
  kj::Vector<Charge> charges;
  for (auto& item : items) {
    if (!item.open) continue;
    const Id& id = fetch.wallet(item.wallet).id;
    Charge* charge = nullptr;
    for (auto& other : charges) {
      if (other.wallet == id) charge = &other;
    }
    if (charge == nullptr) {
      charge = &charges.add();
      charge->wallet = id;
    }
    auto outcome = pieces[item.piece]->answer.getSigned()[item.inPiece];
    if (outcome.isRefused()) charge->refused = true;
    charge->damaged = kj::max(charge->damaged, damagedShare(item, outcome));
    // Two requests may have made one each: the first stands, the other's items come again.
    if (outcome.isCharge() && outcome.getCharge().size() > 0 && charge->row.size() == 0) {
      charge->row = kj::heapArray<kj::byte>(outcome.getCharge());
    }
  }
  return charges;
}

void SignCall::charge() {
  rounds++;
  settling = true;
  auto charges = kj::heap<kj::Vector<Charge>>(dueCharges());
  auto& all = *charges;
  charging = takeTurns(all)
                 .then([this, &all](bool waited) {
                   auto commits = kj::heapArrayBuilder<kj::Promise<void>>(all.size());
                   for (auto& charge : all) {
                     if (charge.damaged != 0) {
                       commits.add(repair(charge));
                       continue;
                     }
                     charge.readAgain = waited || charge.refused;
                     commits.add(charge.readAgain || charge.row.size() == 0 ? kj::READY_NOW : commit(charge));
                   }
                   return kj::joinPromises(commits.finish());
                 })
                 .then([this, &all]() { askAgain(all); })
                 .attach(kj::mv(charges))
                 .eagerlyEvaluate([this](kj::Exception&& exception) {
                   Fault fault = faultOf(exception);
                   refuseWhole(fault.code, fault.detail);
                 });
}

// In the order of the ids, so that two calls never wait for each other; says whether it had to wait for somebody.
kj::Promise<bool> SignCall::takeTurns(kj::ArrayPtr<const Charge> charges) {
  std::map<Id, bool> wanted;
  bool missing = false;
  for (auto& charge : charges) {
    wanted.emplace(charge.wallet, true);
    missing = missing || turns.count(charge.wallet) == 0;
  }
  if (!missing) return false;
  bool held = !turns.empty();
  turns.clear();
  auto ids = kj::heapArrayBuilder<Id>(wanted.size());
  for (auto& entry : wanted) ids.add(entry.first);
  return takeTurnsFrom(ids.finish(), 0, held);
}

kj::Promise<bool> SignCall::takeTurnsFrom(kj::Array<Id> wallets, size_t at, bool waited) {
  if (at == wallets.size()) return waited;
  const Id id = wallets[at];
  bool wait = parts.limitTurns.isTaken(id);
  return parts.limitTurns.take(id).then(
      [this, wallets = kj::mv(wallets), at, waited, wait](kj::Own<LimitTurns::Turn> turn) mutable {
        turns[wallets[at]] = kj::mv(turn);
        return takeTurnsFrom(kj::mv(wallets), at + 1, waited || wait);
      });
}

// Which of the shares in Redis an outcome calls not authentic, once for each wallet; 0: none.
uint8_t SignCall::damagedShare(const Item& item, inner::Outcome::Reader outcome) const {
  if (!outcome.isRefused() || outcome.getRefused().getCode() != ErrorCode::RECORD_REFUSED) return 0;
  auto& wallet = fetch.wallet(item.wallet);
  uint8_t share = outcome.getRefused().getShare();
  bool ours = (share == 2 || share == 3) && wallet.unreachable == 0 && !wallet.recovered;
  return ours ? share : 0;
}

kj::Promise<void> SignCall::repair(Charge& charge) {
  for (auto& item : items) {
    auto& wallet = fetch.wallet(item.wallet);
    if (wallet.id == charge.wallet) wallet.recovered = true;
  }
  return parts.keeper.recover(charge.wallet, Wanted::DAMAGED)
      .then([&charge]() { charge.readAgain = true; },
            [this, &charge](kj::Exception&&) {
              // What can't be repaired is told as what it was.
              failed(charge, makeFault(Fault{ErrorCode::RECORD_REFUSED, "share"_kj, 0, charge.damaged}));
            });
}

kj::Promise<void> SignCall::commit(Charge& charge) {
  LimitVersion expected;
  for (auto& item : items) {
    auto& wallet = fetch.wallet(item.wallet);
    if (wallet.id != charge.wallet) continue;
    KJ_IF_MAYBE (row, wallet.row) {
      LimitRowHead head;
      if (head.parse(Bytes(row->limits.begin(), row->limits.size()))) expected = {head.number, head.tag};
    }
  }
  return parts.wallets.policies()
      .replaceLimits(charge.row, expected)
      .then(
          [this, &charge](Commit commit) -> kj::Promise<void> {
            charge.readAgain = commit != Commit::DONE;
            if (charge.readAgain) return kj::READY_NOW;
            auto floor = charge.row.slice(0, FLOOR_BYTES);
            auto put = [&](ShareStore& store) {
              return store.putLimitFloor(charge.wallet, floor)
                  .then([]() { return true; }, [](kj::Exception&&) { return false; });
            };
            auto both = kj::heapArrayBuilder<kj::Promise<bool>>(2);
            both.add(put(parts.redis1));
            both.add(put(parts.redis2));
            return kj::joinPromises(both.finish()).then([this, &charge](kj::Array<bool> taken) {
              if (taken[0] || taken[1]) return committed(charge);
              failed(charge, makeFault(ErrorCode::REDIS_UNREACHABLE, "a limit's floor could not be written"_kj));
            });
          },
          [this, &charge](kj::Exception&& exception) {
            // Whether it stands is for the next reading to show.
            charge.readAgain =
                faultOf(exception).code == ErrorCode::OUTCOME_UNKNOWN || faultOf(exception).code == ErrorCode::CONFLICT;
            if (!charge.readAgain) failed(charge, exception);
          });
}

void SignCall::committed(Charge& charge) {
  for (auto& item : items) {
    auto& wallet = fetch.wallet(item.wallet);
    if (wallet.id != charge.wallet) continue;
    KJ_IF_MAYBE (row, wallet.row) row->limits = kj::heapArray<kj::byte>(charge.row);
  }
}

void SignCall::failed(const Charge& charge, const kj::Exception& exception) {
  Fault fault = faultOf(exception);
  for (auto& item : items) {
    if (!item.open || fetch.wallet(item.wallet).id != charge.wallet) continue;
    item.open = false;
    item.problem = SignProblem{fault.code, kj::heapString(fault.detail), fault.share};
  }
}

void SignCall::askAgain(kj::ArrayPtr<const Charge> charges) {
  if (finished) return;
  settling = false;
  kj::Vector<uint32_t> again;
  for (auto& charge : charges) {
    if (!charge.readAgain) continue;
    for (auto& item : items) {
      bool listed = false;
      for (uint32_t number : again) listed = listed || number == item.wallet;
      if (fetch.wallet(item.wallet).id == charge.wallet && !listed) again.add(item.wallet);
    }
  }
  if (again.empty()) return ask();
  fetch.again(again);  // fetched() asks
}

}  // namespace waas::broker
