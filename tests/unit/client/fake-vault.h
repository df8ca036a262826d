#pragma once
// The vault's half of the protocol, written once more for tests: opens boxes, checks proofs, signs certificates and
// heads. Holds its keys in ordinary memory; nothing here is secret.
#include <optional>
#include <string>
#include <vector>

#include "protocol/audit-record.h"
#include "protocol/certificate.h"
#include "protocol/login-box.h"
#include "protocol/proof.h"
#include "protocol/public-keys.h"

namespace waas::test {

using ByteString = std::vector<uint8_t>;

class FakeVault {
 public:
  FakeVault();

  VaultPublicKeys publicKeys() const { return {sealing, answers, audit}; }

  struct Opened {
    uint8_t purpose = 0;
    Hash emailHash{};
    std::array<uint8_t, CHALLENGE_BYTES> challenge{};
    std::array<uint8_t, 32> key{}, stretched{};
  };
  std::optional<Opened> open(Bytes box) const;

  // The sealed answer of protocol/login-box.h.
  ByteString answer(const std::array<uint8_t, 32>& key, Bytes context, const Id& user, uint64_t expiresAt,
                    const std::string& token) const;

  // A token of the right shape with this id.
  static std::string token(const Id& user, const Id& tokenId);

  struct Certified {
    ByteString payload, signature;
  };
  Certified certify(const Certificate& certificate) const;

  Signature signHead(const Id& instance, uint64_t sequence, const Hash& hash) const;

  // A chain of `count` records; every `each`-th and the last one are heads.
  struct Record {
    ByteString bytes, head;
  };
  std::vector<Record> chain(const Id& instance, size_t count, size_t each) const;

 private:
  PublicKey sealing{}, answers{}, audit{};
  std::array<uint8_t, 32> sealingSecret{};
  std::array<uint8_t, 64> answersSecret{}, auditSecret{};
};

}  // namespace waas::test
