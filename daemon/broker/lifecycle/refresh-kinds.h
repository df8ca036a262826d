#pragma once
// When a wallet's shares are advanced, and what becomes of it.
#include <cstdint>

namespace waas::broker {

enum class Wanted : uint8_t {
  DUE,      // few days are left, or a share is missing or damaged
  ALWAYS,   // at any rate
  BROKEN,   // only where a share is missing, or has not the form of one
  DAMAGED,  // the vault has found a share not to be authentic
};

enum class Refreshed : uint8_t {
  UNKNOWN = 0,  // never returned
  ROTATED,
  RECOVERED,  // a share had been lost
  NOT_DUE,
  LOST,  // somebody else was faster: another version stands there now
  DELETED,
};

}  // namespace waas::broker
