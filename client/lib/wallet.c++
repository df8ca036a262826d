#include "wallet.h"

#include <kj/debug.h>
#include <sodium.h>

#include "error.h"

namespace waas::client {
namespace {

Bytes bytesOf(capnp::Data::Reader data) { return Bytes(data.begin(), data.size()); }

kj::Array<kj::byte> copyOf(Bytes bytes) { return kj::heapArray<kj::byte>(bytes.data(), bytes.size()); }

}  // namespace

template <size_t N>
std::array<uint8_t, N> exactly(capnp::Data::Reader data, kj::StringPtr what) {
  if (data.size() != N) kj::throwFatalException(makeFailure(ErrorCode::UNKNOWN, what));
  std::array<uint8_t, N> out;
  memcpy(out.data(), data.begin(), N);
  return out;
}

template std::array<uint8_t, 16> exactly<16>(capnp::Data::Reader, kj::StringPtr);
template std::array<uint8_t, 32> exactly<32>(capnp::Data::Reader, kj::StringPtr);
template std::array<uint8_t, 64> exactly<64>(capnp::Data::Reader, kj::StringPtr);
template std::array<uint8_t, 72> exactly<72>(capnp::Data::Reader, kj::StringPtr);

Wallet verifiedWallet(protocol::WalletInfo::Reader info, const PublicKey& answerKey, const OwnerId& owner) {
  Bytes payload = bytesOf(info.getCertificate());
  Certificate certificate;
  if (!verifyCertificate(payload, bytesOf(info.getSignature()), answerKey) || !certificate.parse(payload)) {
    kj::throwFatalException(makeFailure(ErrorCode::ADDRESS_UNPROVEN));
  }
  if (!(certificate.owner == owner)) {
    kj::throwFatalException(makeFailure(ErrorCode::ADDRESS_UNPROVEN, "the certificate is another owner's"));
  }
  return {certificate.walletId,  certificate.owner,
          certificate.publicKey, certificate.first,
          certificate.createdAt, kj::heapString(certificate.name.data(), certificate.name.size())};
}

OwnerId serviceOwner(kj::StringPtr serviceName) {
  kj::String text = kj::str("waas service ", serviceName);
  Hash hash;
  crypto_hash_sha256(hash.data(), text.asBytes().begin(), text.size());
  OwnerId owner;
  owner.kind = OwnerId::Kind::SERVICE;
  memcpy(owner.id.data(), hash.data(), owner.id.size());
  return owner;
}

Selector Selector::byId(const Id& id) { return {Kind::ID, copyOf(id)}; }
Selector Selector::byName(kj::StringPtr name) { return {Kind::NAME, copyOf(asBytes(name.begin(), name.size()))}; }
Selector Selector::byPublicKey(const PublicKey& key) { return {Kind::PUBLIC_KEY, copyOf(key)}; }

void Selector::write(protocol::Selector::Builder to) const {
  switch (kind) {
    case Kind::FIRST: to.setFirst(); break;
    case Kind::ID: to.setId(value); break;
    case Kind::NAME: memcpy(to.initName(static_cast<uint>(value.size())).begin(), value.begin(), value.size()); break;
    case Kind::PUBLIC_KEY: to.setPublicKey(value); break;
  }
}

ShareStatus readShareStatus(protocol::ShareStatus::Reader row) {
  ShareStatus status;
  status.walletId = exactly<16>(row.getWalletId(), "wallet id of a share status");
  ByteReader owner(bytesOf(row.getOwnerId()));
  status.owner = owner.owner();
  if (!owner.done() || row.getShares().size() != 3) {
    kj::throwFatalException(makeFailure(ErrorCode::UNKNOWN, "malformed share status"));
  }
  status.publicKey = exactly<32>(row.getPublicKey(), "public key of a share status");
  status.name = kj::str(row.getName());
  status.epoch = row.getEpoch();
  status.expiresAt = row.getExpiresAt();
  for (uint i = 0; i < 3; i++) status.shares[i] = row.getShares()[i];
  status.needsRotation = row.getNeedsRotation();
  status.deleted = row.getDeleted();
  status.leased = row.getLeased();
  return status;
}

}  // namespace waas::client
