#include "refresh.h"

#include <kj/debug.h>

#include "../public-error.h"
#include "share-keeper.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;
using Why = inner::Advance::Why;

// Epochs further above the row than this are no epochs that a host of ours prepared; the vault refuses them.
constexpr uint64_t FARTHEST_EPOCH = 1ull << 32;

// What one Redis has of the wallet.
struct Place {
  ShareHash hash;
  kj::Maybe<kj::Duration> left;
  bool malformed = false;  // there is something, and it has not the form of shares
};

kj::Promise<Place> look(ShareStore& store, const Id& walletId) {
  auto left = store.expiry(walletId);
  return store.shares(walletId)
      .then(
          [](ShareHash&& hash) {
            Place place;
            place.hash = kj::mv(hash);
            return place;
          },
          [](kj::Exception&& exception) -> Place {
            if (faultOf(exception).code != ErrorCode::RECORD_REFUSED) kj::throwFatalException(kj::mv(exception));
            Place place;
            place.malformed = true;
            return place;
          })
      .then([left = kj::mv(left)](Place&& place) mutable {
        return left.then([place = kj::mv(place)](kj::Maybe<kj::Duration>&& found) mutable {
          place.left = kj::mv(found);
          return kj::mv(place);
        });
      });
}

class Refresh {
 public:
  Refresh(Parts& parts, const Id& walletId, kj::Maybe<WalletRow> known, Wanted wanted, kj::Maybe<const Asker&> asker)
      : parts(parts), walletId(walletId), row(kj::mv(known)), wanted(wanted), asker(asker) {}

  kj::Promise<Refreshed> begin() {
    auto places = kj::heapArrayBuilder<kj::Promise<Place>>(2);
    places.add(look(parts.redis1, walletId));
    places.add(look(parts.redis2, walletId));
    kj::Promise<void> read = kj::READY_NOW;
    if (row == nullptr) {
      read = parts.wallets.wallet(walletId).then([this](kj::Maybe<WalletRow>&& found) { row = kj::mv(found); });
    }
    return read.then([all = kj::joinPromises(places.finish())]() mutable { return kj::mv(all); })
        .then([this](kj::Array<Place>&& all) {
          for (size_t i = 0; i < 2; i++) place[i] = kj::mv(all[i]);
          return judge();
        });
  }

 private:
  kj::Promise<Refreshed> judge() {
    if (row == nullptr) kj::throwFatalException(makeFault(ErrorCode::UNKNOWN_WALLET));
    auto& wallet = KJ_ASSERT_NONNULL(row);
    if (wallet.deleted) return Refreshed::DELETED;
    missing = false;
    for (auto& one : place) {
      damaged = damaged || one.malformed;
      missing = missing || findVersion(one.hash.fields, wallet.version) == nullptr;
    }
    // A rotation may have passed by between the answers of PostgreSQL and Redis.
    if (missing && !again) {
      again = true;
      row = nullptr;
      return begin();
    }
    if (wanted == Wanted::DAMAGED) damaged = true;
    bool broken = missing || damaged;
    if (!broken && (wanted == Wanted::BROKEN || (wanted == Wanted::DUE && !isDueSoon(wallet)))) {
      return Refreshed::NOT_DUE;
    }
    why = damaged ? Why::DAMAGED : missing ? Why::MISSING : wanted == Wanted::ALWAYS ? Why::REQUESTED : Why::DUE;
    return broken ? fetchRecovery() : askVault();
  }

  bool isDueSoon(const WalletRow& wallet) const {
    if (isDue(parts, wallet.expiresAt)) return true;
    for (auto& one : place) {
      KJ_IF_MAYBE (left, one.left) {
        if (*left < parts.settings.rotateBeforeDays * kj::DAYS) return true;
      }
    }
    return false;
  }

  kj::Promise<Refreshed> fetchRecovery() {
    return parts.wallets.walletWithRecovery(walletId).then(
        [this](kj::Maybe<WalletRow>&& found) -> kj::Promise<Refreshed> {
          KJ_IF_MAYBE (now, found) {
            if (now->deleted) return Refreshed::DELETED;
            if (now->version != KJ_ASSERT_NONNULL(row).version) return Refreshed::LOST;
            row = kj::mv(*now);
            return askVault();
          }
          return Refreshed::LOST;
        });
  }

  uint64_t highestSeen() const {
    uint64_t own = KJ_ASSERT_NONNULL(row).version.epoch, highest = own;
    for (auto& one : place) {
      for (auto& field : one.hash.fields) {
        if (field.version.epoch < own + FARTHEST_EPOCH) highest = kj::max(highest, field.version.epoch);
      }
    }
    return highest;
  }

  kj::Promise<Refreshed> askVault() {
    if (!parts.audit.accepts()) {
      kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
    }
    size_t words = 16 + wordsOf(KJ_ASSERT_NONNULL(row));
    KJ_IF_MAYBE (who, asker) words += who->words();
    return parts.vault.ask(words, [this](inner::Request::Builder request) { writeRequest(request.initAdvance()); })
        .then([this](VaultAnswer answer) -> kj::Promise<Refreshed> {
          if (answer.answer.isRefused()) return refused(answer.answer.getRefused());
          KJ_REQUIRE(answer.answer.isWallet(), "another answer than to advance");
          uint64_t head = answer.reply->root().getHead().getSequence();
          auto durable = parts.audit.whenDurable(kj::max(answer.answer.getAuditThrough(), head));
          return write(readNewWallet(answer.answer.getWallet(), shareExpiry(parts)), kj::mv(durable));
        });
  }

  void writeRequest(inner::Advance::Builder out) {
    auto& wallet = KJ_ASSERT_NONNULL(row);
    writeWallet(out.initWallet(), wallet, place[0].hash, place[1].hash);
    out.setWhy(why);
    out.setAbove(highestSeen());
    KJ_IF_MAYBE (who, asker) who->write(out);
  }

  // A share that is there and does not open is damaged: as good as missing, but somebody has to be told.
  kj::Promise<Refreshed> refused(inner::Refusal::Reader refusal) {
    bool redis = refusal.getShare() == 2 || refusal.getShare() == 3;
    if (refusal.getCode() == ErrorCode::RECORD_REFUSED && redis && why != Why::DAMAGED) {
      damaged = true;
      damagedShare = refusal.getShare();
      why = Why::DAMAGED;
      return fetchRecovery();
    }
    throwRefusal(refusal);
  }

  kj::Promise<Refreshed> write(NewWallet next, kj::Promise<void> durable) {
    Step step;
    step.next = kj::mv(next);
    step.from = KJ_ASSERT_NONNULL(row).version;
    kj::Vector<kj::Promise<void>> clearing;
    for (size_t i = 0; i < 2; i++) {
      kj::Vector<WalletVersion> seen;
      for (auto& field : place[i].hash.fields) seen.add(field.version);
      step.seen[i] = seen.releaseAsArray();
      // What can't be read can't be written beside either; it is worth nothing, and the recovery envelope still stands.
      if (place[i].malformed) clearing.add(parts.writers[i].erase(walletId));
    }
    return kj::joinPromises(clearing.releaseAsArray())
        .then([this, step = kj::mv(step)]() mutable { return advance(parts, kj::mv(step)); })
        .then([this, durable = kj::mv(durable)](Commit outcome) mutable {
          return durable.then([this, outcome]() { return told(outcome); });
        });
  }

  Refreshed told(Commit outcome) {
    if (outcome != Commit::DONE) return Refreshed::LOST;
    bool recovered = missing || damaged;
    if (damaged) parts.keeper.noticeDamaged(damagedShare);
    parts.keeper.noticeAdvanced(recovered);
    return recovered ? Refreshed::RECOVERED : Refreshed::ROTATED;
  }

  Parts& parts;
  const Id walletId;
  kj::Maybe<WalletRow> row;
  const Wanted wanted;
  kj::Maybe<const Asker&> asker;
  Place place[2];
  bool again = false, missing = false, damaged = false;
  uint8_t damagedShare = 0;
  Why why = Why::DUE;
};

}  // namespace

bool isDue(const Parts& parts, uint64_t expiresAt) {
  return expiresAt < parts.keeper.now() + parts.settings.rotateBeforeDays * 86'400'000ull;
}

kj::Promise<Refreshed> refresh(Parts& parts, const Id& walletId, kj::Maybe<WalletRow> row, Wanted wanted,
                               kj::Maybe<const Asker&> asker) {
  auto owned = kj::heap<Refresh>(parts, walletId, kj::mv(row), wanted, asker);
  auto& it = *owned;
  return kj::evalNow([&it]() { return it.begin(); }).attach(kj::mv(owned));
}

}  // namespace waas::broker
