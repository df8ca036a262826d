#pragma once
// Limits over time: what a wallet has used of them, and whether more fits.
//
// A limit allows at most so much within any stretch of time as long as its window. What was used is kept in BUCKETS + 1
// buckets, each a BUCKETS-th of the window long: the one that now falls into and the BUCKETS before it. All of them
// count, so no stretch of one window's length ever sees more than the limit (P8); what was used is free again after one
// window, at the latest after one window and one bucket more.
//
// The state is a plain value. Who keeps it must keep it authentic and must see to it that it never goes back; nothing
// here gives a charge back.

#include <array>
#include <cstdint>
#include <span>

#include "policy/verdict.h"

namespace waas::policy {

struct Policy;

inline constexpr std::size_t BUCKETS = 12;

/// What was used of one limit.
struct Window {
  std::uint64_t limit = 0;  // Limit::id
  /// Number of the newest bucket: time divided by the bucket's length.
  std::uint64_t newest = 0;
  /// Length of a bucket in milliseconds, as it was when the window was charged last. Never 0.
  std::uint64_t bucket = 0;
  /// The newest first; of bucket newest - i at place i.
  std::array<std::uint64_t, BUCKETS + 1> used{};

  bool operator==(const Window&) const = default;
};

/// All windows of one wallet. A wallet that was never charged has none.
struct LimitState {
  std::size_t count = 0;
  std::array<Window, MAX_LIMITS> windows;

  std::span<const Window> all() const noexcept { return {windows.data(), count}; }
};

/// What is used of a limit at this time: the sum of its window's living buckets, UINT64_MAX if that overflows; 0
/// without a window. Of a clock that went back nothing becomes free.
std::uint64_t usedOf(const LimitState& state, std::uint64_t limit, std::uint64_t now) noexcept;

/// Whether all charges fit into their limits at this time. False for a charge of a limit that the policy does not have.
bool fits(const Policy& policy, const LimitState& state, std::span<const Charge> charges, std::uint64_t now) noexcept;

/// Charges. False, with `state` unchanged, if they don't fit. Windows that are over go; windows of limits that the
/// policy does not have any more stay until they are over, or until their place is needed.
[[nodiscard]] bool charge(const Policy& policy, LimitState& state, std::span<const Charge> charges,
                          std::uint64_t now) noexcept;

/// Whether a state that came from outside is one: no more windows than there may be, no limit twice, no bucket of no
/// length. For whoever reads it back; authenticity is theirs to check.
bool isSound(const LimitState& state) noexcept;

}  // namespace waas::policy
