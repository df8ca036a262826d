#pragma once
// Policy bundles and limit rows, as the broker sees PostgreSQL. Faults and deadlines are those of wallet-store.h.
#include <daemon/broker/rows.h>
#include <kj/async.h>

namespace waas::broker {

enum class Commit : uint8_t;

// A signed bundle (protocol/policy-bundle.h). Whether the signature holds, only the vault can say.
struct PolicyRow {
  uint64_t number = 0;
  kj::Array<kj::byte> bundle;
};

// Which limit row is meant: its number and tag, as they stand in the row; 0 and 0: there is none yet.
using LimitVersion = WalletVersion;

class PolicyStore {
 public:
  virtual ~PolicyStore() noexcept(false) = default;

  // Bundles with a higher number than this, the highest first; at most MAX_BUNDLES_READ.
  virtual kj::Promise<kj::Array<PolicyRow>> bundlesAbove(uint64_t number) = 0;

  // DONE also when the very same bundle stands there; CONFLICT when another one has the number.
  virtual kj::Promise<Commit> insertBundle(PolicyRow bundle) = 0;

  // Puts a limit row (protocol/limit-row.h) in the place of the one with the version `expected`, or where there is
  // none. CONFLICT when another version stands there.
  virtual kj::Promise<Commit> replaceLimits(kj::ArrayPtr<const kj::byte> row, const LimitVersion& expected) = 0;

  static constexpr uint32_t MAX_BUNDLES_READ = 8;
  static constexpr size_t MAX_BUNDLE_BYTES = 131'072;
};

}  // namespace waas::broker
