#include "daemon/vault/wallet-tombstone.h"

namespace waas::vault {
namespace {

constexpr std::string_view SIGNATURE_DOMAIN = "waas wallet tombstone 1", MAC_DOMAIN = "waas tombstone mac 1";

// Version and certificate, behind a domain.
class Covered {
 public:
  Covered(std::string_view domain, uint64_t epoch, uint64_t tag, Bytes certificate) : writer(buffer) {
    writer.bytes(asBytes(domain.data(), domain.size()));
    writer.u64(epoch);
    writer.u64(tag);
    writer.bytes(certificate);
  }
  Bytes bytes() const { return writer.written(); }
  bool ok() const { return writer.ok(); }

 private:
  std::array<uint8_t, SIGNATURE_DOMAIN.size() + 16 + MAX_CERTIFICATE_BYTES> buffer{};
  ByteWriter writer;
};

}  // namespace

bool makeTombstone(const Keyring& keyring, Bytes certificate, uint64_t epoch, Random& random, Tombstone& out) {
  std::array<uint8_t, 8> tag;
  random.fill(tag);
  out.epoch = epoch;
  out.tag = ByteReader(tag).u64();
  Covered covered(SIGNATURE_DOMAIN, out.epoch, out.tag, certificate),
      maced(MAC_DOMAIN, out.epoch, out.tag, certificate);
  if (!covered.ok() || !maced.ok()) return false;
  out.mac = keyring.newest(Purpose::RECORD).hmac().mac({maced.bytes()});
  return keyring.newest(Purpose::ANSWER).sign(covered.bytes(), out.signature) &&
         tombstoneIsOurs(keyring, certificate, out.epoch, out.tag, out.mac);
}

bool tombstoneIsOurs(const Keyring& keyring, Bytes certificate, uint64_t epoch, uint64_t tag, Bytes mac) {
  Covered maced(MAC_DOMAIN, epoch, tag, certificate);
  return maced.ok() && keyring.verifies(Purpose::RECORD, {maced.bytes()}, mac);
}

}  // namespace waas::vault
