#pragma once
// What a call of `sign` needs from the stores: a person's account, and of each wallet its row and its shares 2 and 3.
//
// Everything is asked for in one turn of the loop. The version of the shares is the one that PostgreSQL names; if a
// Redis does not have it, everything about that wallet is read once more, because a rotation may have passed by between
// the two answers. If it is missing then, the wallet is recovered and read again. A Redis that does not answer is
// another thing: then the recovery envelope is fetched, and the vault is asked to sign without that Redis (degraded
// mode), which is the policy's to allow. What can't be had is noted as the wallet's problem; the others go on.
#include <kj/vector.h>

#include "owner.h"

namespace waas::broker {

// Why something can't be done, in words that a client may see.
struct SignProblem {
  protocol::ErrorCode code;
  kj::String detail;
  uint8_t share = 0;
};

class SignFetch {
 public:
  class Listener {
   public:
    // Every answer is there, or is known not to come. Called once for begin() and for each again(), from the event loop
    // or from there.
    virtual void fetched() = 0;
  };

  // A wallet of this call, with what was found of it. Items that name the same wallet share one.
  struct Wallet {
    Id id{};
    protocol::Selector::Reader selector;  // of the first item that named it
    bool hinted = false;                  // the id is the cache's
    uint8_t reads = 1;                    // how often it was read
    bool recovered = false;               // its shares had been missing, and were made anew
    uint8_t unreachable = 0;              // bit i: the store of share i+1 does not answer
    uint32_t waiting = 0;
    kj::Maybe<WalletRow> row;
    ShareHash shares[2];
    kj::Maybe<SignProblem> problem;
  };

  SignFetch(Owner& owner, Listener& listener) : owner(owner), parts(owner.parts), listener(listener) {}
  KJ_DISALLOW_COPY(SignFetch);

  // Adds a wallet before begin(); gives its number. The selector must outlive this object.
  uint32_t add(protocol::Selector::Reader selector);

  // Asks for everything. Once.
  void begin();

  // Asks for wallets once more, by number; the listener is told again when that is done.
  void again(kj::ArrayPtr<const uint32_t> numbers);

  Wallet& wallet(uint32_t number) { return *wallets[number]; }
  const Wallet& wallet(uint32_t number) const { return *wallets[number]; }

  // A person's account; null for a service, or with a problem.
  const AccountRow* account() const;
  kj::Maybe<SignProblem> accountProblem;

 private:
  void fetchAccount();
  void fetch(Wallet& wallet);
  void fetchBySelector(Wallet& wallet);
  void fetchShares(Wallet& wallet);
  template <typename T, typename Take>
  void await(kj::Promise<T> promise, Wallet* wallet, uint8_t share, Take take);
  void arrived(Wallet* wallet);
  void settle(Wallet& wallet);
  bool holdsShares(Wallet& wallet);
  void readAgain(Wallet& wallet);
  void recover(Wallet& wallet, uint8_t share);
  void degrade(Wallet& wallet);

  Owner& owner;
  Parts& parts;
  Listener& listener;
  kj::Vector<kj::Own<Wallet>> wallets;
  kj::Maybe<AccountRow> accountRow;
  uint32_t waiting = 0;                   // stores' answers
  kj::Vector<kj::Promise<void>> fetches;  // last: ends first
};

}  // namespace waas::broker
