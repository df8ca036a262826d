#pragma once
// What the kinds of envelopes have in common; used by envelope.c++, recovery-envelope.c++ and keyring.c++ only.
#include <string_view>

#include "daemon/vault/envelope.h"

namespace waas::vault {

constexpr uint8_t ENVELOPE_FORMAT = 1;
constexpr size_t ENVELOPE_TAG_BYTES = 16;
constexpr size_t ENVELOPE_SALT_AT = 6;

// The associated data: a domain, the envelope's head, and the fields of its context.
class AssociatedData {
 public:
  AssociatedData(std::string_view domain, Bytes head) : writer({&buffer[0], sizeof buffer}) {
    writer.bytes(asBytes(domain.data(), domain.size()));
    writer.bytes(head);
  }
  AssociatedData(const AssociatedData&) = delete;
  AssociatedData& operator=(const AssociatedData&) = delete;

  ByteWriter& fields() { return writer; }
  Bytes bytes() const { return writer.written(); }

 private:
  uint8_t buffer[384];
  ByteWriter writer;
};

// Writes format, kind and key version; the salt (or whatever stands in its place) is the caller's.
void writeEnvelopeHead(EnvelopeKind kind, uint32_t keyVersion, std::span<uint8_t> out);

// Whether `envelope` has exactly `plainSize` bytes to open, our format and this kind; then its key version is read.
[[nodiscard]] bool readEnvelopeHead(Bytes envelope, EnvelopeKind kind, size_t plainSize, uint32_t& keyVersion);

// The fresh key of an envelope with this head.
void deriveEnvelopeKey(const KeyDeriver& deriver, Bytes head, Secret<32>& key);

// Encrypts `plain` behind the head of `envelope`, whose size fits.
void encryptBehindHead(const Secret<32>& key, const AssociatedData& associated, Bytes plain,
                       std::span<uint8_t> envelope);

// Decrypts what is behind the head; `plain` is zero when false.
[[nodiscard]] bool decryptBehindHead(const Secret<32>& key, const AssociatedData& associated, Bytes envelope,
                                     std::span<uint8_t> plain);

// Appends the context of a share, or of a recovery envelope.
void appendShareContext(const ShareContext& context, AssociatedData& associated);

constexpr std::string_view SHARE_DOMAIN = "waas share 1";

}  // namespace waas::vault
