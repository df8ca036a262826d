#pragma once
// Wallet and account rows as statements and answers. Column order is shared by the statements and the readers.
#include <daemon/broker/postgres/lookup.h>
#include <daemon/broker/wallet-store.h>

namespace waas::broker {

LookupPlan<WalletRow> walletById();
LookupPlan<WalletRow> walletWithRecoveryById();
LookupPlan<WalletRow> firstWalletOf();      // key: owner
LookupPlan<WalletRow> walletByName();       // key: owner | name
LookupPlan<WalletRow> walletByPublicKey();  // key: owner | public key
LookupPlan<AccountRow> accountById();

// What every reader of a wallet expects first. A column at the end that a statement does not ask for reads as null.
#define WAAS_WALLET_COLUMNS \
  "w.certificate, w.signature, w.mac, w.epoch, w.tag, w.expires_at, w.share, w.deleted_at IS NOT NULL"

// 17 bytes: kind and id.
std::array<uint8_t, OwnerId::SIZE> ownerBytes(const OwnerId& owner);

// Reads all rows of an answer; throws recordRefused when one has not the form of a row.
kj::Array<WalletRow> readWallets(const PostgresAnswer& answer);
kj::Array<WalletRow> readWalletPage(const PostgresAnswer& answer);  // of WALLET_PAGE and WALLET_PAGE_OF, with leases
kj::Maybe<AccountRow> readOneAccount(const PostgresAnswer& answer);

// Statements of the store. Parameters in the order of the names.
extern const kj::StringPtr WALLETS_OF;             // owner, limit
extern const kj::StringPtr WALLETS_OF_AFTER;       // owner, limit, after
extern const kj::StringPtr WALLET_PAGE;            // after, limit
extern const kj::StringPtr WALLET_PAGE_OF;         // after, limit, owner
extern const kj::StringPtr ACCOUNT_BY_EMAIL;       // email
extern const kj::StringPtr INSERT_WALLET;          // 8 of the wallet
extern const kj::StringPtr INSERT_ACCOUNT_WALLET;  // 8 of the wallet, 4 of the account
extern const kj::StringPtr UPDATE_ACCOUNT;         // 4 of the account, expected version

void addWallet(PostgresParameters& parameters, const WalletRow& wallet);     // adds 8
void addAccount(PostgresParameters& parameters, const AccountRow& account);  // adds 4

// What an answer to an insert or update says. Throws what is a fault.
Commit commitOf(const PostgresAnswer& answer);

}  // namespace waas::broker
