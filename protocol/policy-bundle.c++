#include "policy-bundle.h"

#include <sodium.h>

#include <algorithm>

namespace waas {
namespace {

std::array<uint8_t, POLICY_DOMAIN_BYTES> domainField() {
  std::array<uint8_t, POLICY_DOMAIN_BYTES> field{};
  std::copy(POLICY_DOMAIN.begin(), POLICY_DOMAIN.end(), field.begin());
  return field;
}

bool isBodySize(uint64_t size) { return size > 0 && size <= MAX_POLICY_BODY_BYTES && size % 8 == 0; }

}  // namespace

std::optional<PolicyBundle> PolicyBundle::parse(Bytes bytes) {
  ByteReader r(bytes);
  PolicyBundle bundle;
  Bytes domain = r.bytes(POLICY_DOMAIN_BYTES);
  bundle.number = r.u64();
  bundle.notAfter = r.u64();
  uint64_t size = r.u64();
  if (!r.ok() || !std::ranges::equal(domain, domainField()) || bundle.number == 0 || !isBodySize(size)) {
    return std::nullopt;
  }
  bundle.body = r.bytes(size);
  bundle.signature = r.bytes(POLICY_SIGNATURE_BYTES);
  if (!r.done()) return std::nullopt;
  bundle.signedBytes = bytes.first(bytes.size() - POLICY_SIGNATURE_BYTES);
  return bundle;
}

bool PolicyBundle::isSignedBy(const PublicKey& policyKey) const {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), signedBytes.data(), signedBytes.size(), policyKey.data()) == 0;
}

std::optional<std::vector<uint8_t>> policyBundleToSign(uint64_t number, uint64_t notAfter, Bytes body) {
  if (number == 0 || !isBodySize(body.size())) return std::nullopt;
  std::vector<uint8_t> out(POLICY_HEAD_BYTES + body.size());
  ByteWriter w(out);
  w.bytes(domainField());
  w.u64(number);
  w.u64(notAfter);
  w.u64(body.size());
  w.bytes(body);
  return out;
}

}  // namespace waas
