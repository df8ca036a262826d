#pragma once
// A floor: the vault's word that a record of this thing with this number once stood. What is lower has been put back.
//
//   floor = kind (1) | id (16) | number (8) | mac (32)
//   mac   = HMAC-SHA256(record key, "waas floor 1" | kind | id | number), made and checked by the vault
//
// Kinds: 1 shares of a wallet (id: wallet id; number: epoch), 2 limits of a wallet (number: of its limit row), 3 an
// account (id: user id; number: its row's version). Integers are little endian. A wallet that was deleted has the
// number DELETED, which no row reaches.
//
// Floors rest in both Redis, in the hash of the wallet's shares (mpc:share:<wallet id>:<index>): field `floor` for
// shares, `floor-limit` for limits. Readers hand on every floor that they find, in `Wallet.floors`, in any order: the
// highest authentic one counts, whatever else is there is not looked at.
//
// When to write one: after the row that it speaks of was committed, and before what depends on that row is released. A
// floor above the committed row would refuse that row, for ever; a floor that was not written because of a crash is
// written by the next advance. So: with a new wallet, floor and shares 2 and 3 may be written together (there is no
// other row); in an advance the floor is written with the deletion of the lower fields (step 4). A tombstone's floor is
// written in place of the shares, after its commit, and stays for as long as back-ups do.
#include "bytes.h"

#include <string_view>

namespace waas {

enum class FloorKind : uint8_t { SHARES = 1, LIMIT = 2, ACCOUNT = 3 };

constexpr size_t FLOOR_BYTES = 1 + 16 + 8 + 32;
constexpr std::string_view FLOOR_DOMAIN = "waas floor 1";

struct Floor {
  static constexpr uint64_t DELETED = UINT64_MAX;
  static constexpr size_t COVERED_BYTES = 1 + 16 + 8;  // by the MAC, behind its domain

  FloorKind kind = FloorKind::SHARES;
  Id id{};
  uint64_t number = 0;

  // Writes all but the MAC, which is the vault's to add.
  void write(std::span<uint8_t, COVERED_BYTES> out) const {
    ByteWriter w(out);
    w.u8(static_cast<uint8_t>(kind));
    w.bytes(id);
    w.u64(number);
  }

  // Reads what a floor claims; only the vault can tell whether it is true. False for anything of another form.
  [[nodiscard]] bool parse(Bytes floor) {
    ByteReader r(floor);
    uint8_t what = r.u8();
    kind = static_cast<FloorKind>(what);
    r.fill(id);
    number = r.u64();
    r.bytes(32);
    return r.done() && what >= 1 && what <= 3;
  }
};

}  // namespace waas
