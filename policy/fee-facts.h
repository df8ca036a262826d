#pragma once
// What a message costs its fee payer.

#include "policy/facts.h"

namespace waas::policy {

/// Reads the fee as the runtime takes it: from the ComputeBudget instructions of a legacy or v0 message, from the
/// header of version 1, which ignores these.
Fee readFee(const solana::Message& message) noexcept;

}  // namespace waas::policy
