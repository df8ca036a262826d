#pragma once
// A policy bundle: a compiled policy with the word of whoever keeps the policy key that it is to be used.
//
//   bundle = domain (16) = "waas policy 1", filled with zeros | number (8) | not after, Unix ms (8) | size of the body
//   (8)
//          | body | signature (64) = Ed25519(policy key, everything before it)
//
// Integers are little endian. The body is a message of policy.capnp, a multiple of 8 bytes long. The number only grows:
// the vault takes no bundle whose number is not above that of the one it has (the very same bundle may be shown again).
// After `not after` the vault takes it no more, and decides by it no more: everything is denied then.
#include "bytes.h"

#include <optional>
#include <string_view>
#include <vector>

namespace waas {

constexpr std::string_view POLICY_DOMAIN = "waas policy 1";
constexpr size_t POLICY_DOMAIN_BYTES = 16;
constexpr size_t POLICY_HEAD_BYTES = POLICY_DOMAIN_BYTES + 8 + 8 + 8;
constexpr size_t POLICY_SIGNATURE_BYTES = 64;

// A bundle travels in one record of protocol/vault.capnp, with room for what stands around it.
constexpr size_t MAX_POLICY_BODY_BYTES = 120 * 1024;
constexpr size_t MAX_POLICY_BUNDLE_BYTES = POLICY_HEAD_BYTES + MAX_POLICY_BODY_BYTES + POLICY_SIGNATURE_BYTES;

// A bundle whose form is right; nothing is said about its signature or its body. A view into the bytes.
struct PolicyBundle {
  uint64_t number = 0;    // 1 and up
  uint64_t notAfter = 0;  // Unix milliseconds
  Bytes body;
  Bytes signedBytes;
  Bytes signature;

  // Reads exactly one bundle. Nothing when the bytes are anything else.
  static std::optional<PolicyBundle> parse(Bytes bytes);

  // Whether the signature is the policy key's over everything before it.
  [[nodiscard]] bool isSignedBy(const PublicKey& policyKey) const;
};

// Makes the bytes that are to be signed: a bundle without its signature. Nothing when the body is too large, empty or
// no multiple of 8 bytes, or the number is 0. For the command line; the vault makes no bundles.
std::optional<std::vector<uint8_t>> policyBundleToSign(uint64_t number, uint64_t notAfter, Bytes body);

}  // namespace waas
