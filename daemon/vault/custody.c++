#include "daemon/vault/custody.h"

#include <algorithm>

#include "daemon/vault/key-transfer.h"
#include "daemon/vault/shamir.h"
#include "protocol/proof.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr uint8_t PART_VERSION = 1;
using Layout = CustodyPartLayout;
using Part = Secret<CUSTODY_PART_BYTES>;

Bytes bytesOf(std::string_view text) { return asBytes(text.data(), text.size()); }

std::array<uint8_t, CUSTODY_CHECK_BYTES> checkOf(const Part& part) {
  crypto_hash_sha256_state state;
  Secret<32> hash;
  crypto_hash_sha256_init(&state);
  Bytes domain = bytesOf(CUSTODY_CHECK_DOMAIN);
  crypto_hash_sha256_update(&state, domain.data(), domain.size());
  crypto_hash_sha256_update(&state, part.reveal(ACCESS).data(), Layout::CHECK);
  crypto_hash_sha256_final(&state, hash.fill(ACCESS).data());
  sodium_memzero(&state, sizeof state);
  std::array<uint8_t, CUSTODY_CHECK_BYTES> check;
  std::copy_n(hash.reveal(ACCESS).data(), check.size(), check.data());
  return check;
}

bool sealPart(const Keyring& keyring, const Part& part, const PublicKey& recipient, SealedPart& out) {
  Secret<CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES> plain;
  ByteWriter w(plain.fill(ACCESS));
  w.bytes(bytesOf(CUSTODY_BOX_MAGIC));
  w.bytes(part.reveal(ACCESS));
  if (crypto_box_seal(out.data(), plain.reveal(ACCESS).data(), plain.SIZE, recipient.data()) != 0) return false;
  std::array<uint8_t, CUSTODY_SIGNATURE_DOMAIN.size() + CUSTODY_BOX_BYTES> covered;
  ByteWriter c(covered);
  c.bytes(bytesOf(CUSTODY_SIGNATURE_DOMAIN));
  c.bytes(Bytes(out).first(CUSTODY_BOX_BYTES));
  Signature signature;
  if (!keyring.newest(Purpose::ANSWER).sign(c.written(), signature)) return false;
  std::ranges::copy(signature, out.begin() + CUSTODY_BOX_BYTES);
  return true;
}

bool isMeaningful(uint8_t threshold, std::span<const PublicKey> recipients) {
  if (threshold < 2 || threshold > recipients.size() || recipients.size() > MAX_CUSTODIANS) return false;
  for (size_t i = 0; i < recipients.size(); i++) {
    if (std::count(recipients.begin(), recipients.end(), recipients[i]) != 1) return false;
  }
  return true;
}

// Whether the shares from `first` on give the key: two such looks find a share that was wrong for a moment.
bool give(std::span<const Secret<32>> shares, std::span<const uint8_t> coordinates, const Secret<32>& key) {
  Secret<32> again;
  return combineShares(shares, coordinates, again) && again.matches(key);
}

}  // namespace

SplitOutcome splitRecoveryKey(const Keyring& keyring, uint8_t threshold, std::span<const PublicKey> recipients,
                              Random& random, std::span<SealedPart> parts) {
  for (SealedPart& part : parts) part.fill(0);
  if (!isMeaningful(threshold, recipients) || parts.size() != recipients.size()) return SplitOutcome::MEANINGLESS;
  const Key& recovery = keyring.newest(Purpose::RECOVERY);
  Secret<32> key;
  if (!recovery.copyPrivate(key)) return SplitOutcome::PRIVATE_ABSENT;

  const size_t n = recipients.size();
  std::array<Secret<32>, MAX_CUSTODIANS> shares;
  std::array<uint8_t, MAX_CUSTODIANS> numbers;
  for (size_t i = 0; i < n; i++) numbers[i] = static_cast<uint8_t>(i + 1);
  std::span<Secret<32>> all(shares.data(), n);
  std::span<const uint8_t> coordinates(numbers.data(), n);
  bool made = splitSecret(key, threshold, coordinates, all, random) &&
              give(all.first(threshold), coordinates.first(threshold), key) &&
              give(all.last(threshold), coordinates.last(threshold), key);
  Id set;
  random.fill(set);
  for (size_t i = 0; made && i < n; i++) {
    Part part;
    ByteWriter w(part.fill(ACCESS));
    w.u8(PART_VERSION);
    w.u32(recovery.version());
    w.bytes(recovery.publicKey());
    w.bytes(set);
    w.u8(threshold);
    w.u8(numbers[i]);
    w.u8(static_cast<uint8_t>(n));
    w.bytes(all[i].reveal(ACCESS));
    auto check = checkOf(part);
    w.bytes(check);
    // A recipient that is no key is the one thing that can be wrong here besides a fault.
    if (!w.ok() || !sealPart(keyring, part, recipients[i], parts[i])) {
      for (SealedPart& sealed : parts) sealed.fill(0);
      return SplitOutcome::MEANINGLESS;
    }
  }
  return made ? SplitOutcome::SPLIT : SplitOutcome::FAULT;
}

void Custody::wipeParts() {
  for (auto& share : shares) share.wipe();
  numbers = {};
  set = {};
  version = 0;
  needed = count = 0;
  endsAt = 0;
}

bool Custody::forget(Keyring& keyring) {
  wipeParts();
  return keyring.returnRecovery() == KeyringChange::DONE;
}

PartTaken Custody::take(Keyring& keyring, Bytes box, uint64_t now) {
  Secret<CUSTODY_GIVE_MAGIC.size() + 8 + CUSTODY_PART_BYTES> plain;
  if (box.size() != CUSTODY_GIVE_BYTES || !openSealed(keyring, box, plain.fill(ACCESS))) return PartTaken::BOX_REFUSED;
  ByteReader r(plain.reveal(ACCESS));
  if (!std::ranges::equal(r.bytes(CUSTODY_GIVE_MAGIC.size()), bytesOf(CUSTODY_GIVE_MAGIC)))
    return PartTaken::BOX_REFUSED;
  uint64_t time = r.u64();
  if ((time > now ? time - now : now - time) > PROOF_WINDOW_MS) return PartTaken::EXPIRED;

  Part part;
  std::ranges::copy(r.bytes(CUSTODY_PART_BYTES), part.fill(ACCESS).begin());
  ByteReader fields(part.reveal(ACCESS));
  PublicKey publicKey;
  Id partSet;
  uint8_t format = fields.u8();
  uint32_t keyVersion = fields.u32();
  fields.fill(publicKey);
  fields.fill(partSet);
  uint8_t threshold = fields.u8(), number = fields.u8(), parts = fields.u8();
  Bytes share = fields.bytes(32);
  bool sound = format == PART_VERSION && std::ranges::equal(fields.bytes(CUSTODY_CHECK_BYTES), checkOf(part)) &&
               fields.done() && threshold >= 2 && threshold <= parts && parts <= MAX_CUSTODIANS && number >= 1 &&
               number <= parts;
  if (!sound) return PartTaken::MISTYPED;
  const Key* key = keyring.find(Purpose::RECOVERY, keyVersion);
  if (key == nullptr || key->retired() || key->publicKey() != publicKey) return PartTaken::OTHER_KEY;
  if (key->hasPrivate()) return PartTaken::HELD;
  if (count > 0 && (set != partSet || version != keyVersion || needed != threshold)) return PartTaken::OTHER_SET;

  set = partSet;
  version = keyVersion;
  needed = threshold;
  endsAt = now + CUSTODY_HELD_MS;
  auto known = std::find(numbers.begin(), numbers.begin() + count, number);
  size_t at = static_cast<size_t>(known - numbers.begin());
  numbers[at] = number;
  std::ranges::copy(share, shares[at].fill(ACCESS).begin());
  if (at == count) count++;
  if (count < needed) return PartTaken::TAKEN;

  Secret<32> privateHalf;
  std::span<const Secret<32>> collected(shares.data(), count);
  std::span<const uint8_t> coordinates(numbers.data(), count);
  bool combined = combineShares(collected, coordinates, privateHalf);
  KeyringChange lent = combined ? keyring.lendRecovery(version, privateHalf) : KeyringChange::FAULT;
  wipeParts();
  if (lent == KeyringChange::REFUSED) return PartTaken::WRONG;
  if (lent != KeyringChange::DONE) return PartTaken::FAULT;
  endsAt = now + CUSTODY_HELD_MS;
  return PartTaken::HELD;
}

}  // namespace waas::vault
