#include "share-status.h"

#include <kj/debug.h>

#include "lifecycle/share-keeper.h"
#include "vault-rows.h"

namespace waas::broker {
namespace {

using State = protocol::ShareStatus::ShareState;

// One share of one wallet in Redis: is this version there, and for how long.
struct Found {
  State state = State::UNKNOWN;
  kj::Maybe<kj::Duration> left;
};

kj::Promise<Found> ask(ShareStore& store, const WalletRow& row) {
  auto version = row.version;
  auto fields = store.shares(row.walletId);
  auto expiry = store.expiry(row.walletId);
  return fields
      .then([version](ShareHash&& found) {
        return findVersion(found.fields, version) == nullptr ? State::MISSING : State::PRESENT;
      })
      .then([expiry = kj::mv(expiry)](State state) mutable {
        return expiry.then([state](kj::Maybe<kj::Duration>&& left) { return Found{state, kj::mv(left)}; });
      })
      .catch_([](kj::Exception&& exception) {
        // Something that is there but is no share is no reason to call the server away.
        bool damaged = faultOf(exception).code == protocol::ErrorCode::RECORD_REFUSED;
        return Found{damaged ? State::DAMAGED : State::UNREACHABLE, nullptr};
      });
}

WalletStatus judge(Parts& parts, WalletRow row, kj::ArrayPtr<Found> found) {
  WalletStatus status;
  status.states[0] = row.share.size() > 0 ? State::PRESENT : State::MISSING;
  if (row.deleted) {
    status.row = kj::mv(row);
    return status;
  }
  uint64_t now = parts.keeper.now();
  for (size_t i = 0; i < 2; i++) {
    status.states[i + 1] = found[i].state;
    if (found[i].state == State::MISSING || found[i].state == State::DAMAGED) status.needsRotation = true;
    if (found[i].state != State::PRESENT) continue;
    KJ_IF_MAYBE (left, found[i].left) {
      uint64_t end = *left == kj::maxValue ? row.expiresAt : now + static_cast<uint64_t>(*left / kj::MILLISECONDS);
      status.expiresAt = status.expiresAt == 0 ? end : kj::min(status.expiresAt, end);
    }
  }
  if (status.expiresAt != 0 && status.expiresAt < now + parts.settings.rotateBeforeDays * 86'400'000ull) {
    status.needsRotation = true;
  }
  status.row = kj::mv(row);
  return status;
}

}  // namespace

kj::Promise<kj::Array<WalletStatus>> askShareStatus(Parts& parts, kj::Array<WalletRow> rows) {
  auto answers = kj::heapArrayBuilder<kj::Promise<Found>>(rows.size() * 2);
  for (auto& row : rows) {
    answers.add(ask(parts.redis1, row));
    answers.add(ask(parts.redis2, row));
  }
  return kj::joinPromises(answers.finish()).then([&parts, rows = kj::mv(rows)](kj::Array<Found>&& found) mutable {
    auto all = kj::heapArrayBuilder<WalletStatus>(rows.size());
    for (size_t i = 0; i < rows.size(); i++) all.add(judge(parts, kj::mv(rows[i]), found.slice(2 * i, 2 * i + 2)));
    return all.finish();
  });
}

void writeShareStatus(protocol::ShareStatus::Builder out, const WalletStatus& status) {
  out.setWalletId(dataOf(status.row.walletId));
  Certificate certificate;
  if (status.row.readCertificate(certificate)) {
    auto owner = out.initOwnerId(OwnerId::SIZE);
    owner[0] = static_cast<kj::byte>(certificate.owner.kind);
    memcpy(owner.begin() + 1, certificate.owner.id.data(), certificate.owner.id.size());
    out.setPublicKey(dataOf(certificate.publicKey));
    out.setName(kj::heapString(certificate.name.data(), certificate.name.size()));
  }
  out.setEpoch(status.row.version.epoch);
  out.setExpiresAt(status.expiresAt);
  auto states = out.initShares(3);
  for (unsigned int i = 0; i < 3; i++) states.set(i, status.states[i]);
  out.setNeedsRotation(status.needsRotation);
  out.setDeleted(status.row.deleted);
  out.setLeased(status.row.leased);
}

}  // namespace waas::broker
