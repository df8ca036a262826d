#pragma once
// Boxes in which keys travel: a key that a client brings, a key that its owner takes away, a custodian's part.
//
// All are crypto_box_seal boxes (X25519, 48 bytes more than what is in them). Integers are little endian, times Unix
// milliseconds. A box for the vault lives for PROOF_WINDOW_MS, so that a recorded one is worth nothing later.
//
//   import, to the vault's sealing key:
//     "waas import box 1" | owner (17) | time (8) | SHA-256(wallet's name) (32) | seed (32) | public key (32)
//   seed and public key are the 64 bytes of solana-keygen's file. The owner is the caller, as the vault will find him
//   out: a box can't be handed in for somebody else.
//
//   export, to the client's key:
//     "waas export box 1" | owner (17) | wallet id (16) | seed (32) | public key (32)
//   Anybody can seal to the client's key. The client holds the wallet's certificate against what it opens: the seed
//   must give the public key that the vault has certified.
//
//   custodian's part, to the custodian's key, and behind it Ed25519(answer key, "waas custody part 1" | box):
//     "waas custody part" | part (CUSTODY_PART_BYTES)
//   the same part, to the vault's sealing key:
//     "waas custody give" | time (8) | part
//
//   part = version (1) = 1 | recovery key version (4) | recovery public key (32) | set (16) | threshold (1)
//        | number of the part (1) | parts in all (1) | share (32) | check (8)
//   check = first 8 bytes of SHA-256("waas custody check 1" | all before it): finds slips of hand; it is in the part,
//   so it tells nobody anything that he doesn't hold already. The set is random, one for each splitting: parts of
//   different sets don't combine.
#include "bytes.h"

#include <string_view>

namespace waas {

constexpr size_t SEALED_BOX_OVERHEAD = 48;  // crypto_box_SEALBYTES

constexpr std::string_view IMPORT_BOX_MAGIC = "waas import box 1", EXPORT_BOX_MAGIC = "waas export box 1";
constexpr std::string_view CUSTODY_BOX_MAGIC = "waas custody part", CUSTODY_GIVE_MAGIC = "waas custody give";
constexpr std::string_view CUSTODY_SIGNATURE_DOMAIN = "waas custody part 1",
                           CUSTODY_CHECK_DOMAIN = "waas custody check 1";

constexpr size_t KEY_PAIR_BYTES = 64;

// Offsets in the plaintexts.
struct ImportBoxLayout {
  static constexpr size_t OWNER = 17, TIME = OWNER + OwnerId::SIZE, NAME_HASH = TIME + 8, KEY_PAIR = NAME_HASH + 32,
                          SIZE = KEY_PAIR + KEY_PAIR_BYTES;
};
struct ExportBoxLayout {
  static constexpr size_t OWNER = 17, WALLET = OWNER + OwnerId::SIZE, KEY_PAIR = WALLET + 16,
                          SIZE = KEY_PAIR + KEY_PAIR_BYTES;
};
constexpr size_t IMPORT_BOX_BYTES = ImportBoxLayout::SIZE + SEALED_BOX_OVERHEAD;
constexpr size_t EXPORT_BOX_BYTES = ExportBoxLayout::SIZE + SEALED_BOX_OVERHEAD;

struct CustodyPartLayout {
  static constexpr size_t KEY_VERSION = 1, PUBLIC_KEY = 5, SET = 37, THRESHOLD = 53, NUMBER = 54, COUNT = 55,
                          SHARE = 56, CHECK = 88, SIZE = 96;
};
constexpr size_t CUSTODY_PART_BYTES = CustodyPartLayout::SIZE;
constexpr size_t CUSTODY_BOX_BYTES = CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES + SEALED_BOX_OVERHEAD;
constexpr size_t SEALED_PART_BYTES = CUSTODY_BOX_BYTES + 64;  // with the vault's signature
constexpr size_t CUSTODY_GIVE_BYTES = CUSTODY_GIVE_MAGIC.size() + 8 + CUSTODY_PART_BYTES + SEALED_BOX_OVERHEAD;
constexpr size_t MAX_CUSTODIANS = 16;
constexpr size_t CUSTODY_CHECK_BYTES = 8;

}  // namespace waas
