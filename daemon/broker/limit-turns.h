#pragma once
// Charges of one wallet's limits go one after the other on this host: two at once would make two next rows of the same
// row, and only one of them can stand. Between hosts the database's compare-and-swap decides.
#include <kj/async.h>
#include <kj/map.h>
#include <protocol/bytes.h>

#include <deque>
#include <map>

namespace waas::broker {

class LimitTurns {
 public:
  LimitTurns() = default;
  KJ_DISALLOW_COPY(LimitTurns);

  // One wallet's turn; passes on to the next in line when it ends.
  class Turn {
   public:
    Turn(LimitTurns& turns, const Id& wallet) : turns(turns), wallet(wallet) {}
    ~Turn() noexcept(false) { turns.passOn(wallet); }
    KJ_DISALLOW_COPY(Turn);

   private:
    LimitTurns& turns;
    Id wallet;
  };

  // Waits for the wallet's turn. Giving up the promise gives up the place.
  kj::Promise<kj::Own<Turn>> take(const Id& wallet);

  // Whether somebody has the wallet's turn now.
  bool isTaken(const Id& wallet) const { return lines.count(wallet) > 0; }

 private:
  class Waiting;
  void passOn(const Id& wallet);

  std::map<Id, std::deque<Waiting*>> lines;  // a wallet whose turn is taken, and who waits for it
};

}  // namespace waas::broker
