// Signs a transfer of SOL with a wallet of the signing daemon, and leaves everything for an independent check:
//
//   sign-transfer FOLDER [TOKEN_FILE]
//   openssl pkeyutl -verify -pubin -inkey FOLDER/public-key.pem -rawin -in FOLDER/message.bin -sigfile
//   FOLDER/signature.bin
//
// FOLDER gets message.bin, message.hex, signature.bin, public-key.pem and transaction.base64. The socket is
// $WAAS_SOCKET, the vault's public keys are in $WAAS_VAULT_PUB. TOKEN_FILE holds a person's session token, as `waas
// --json user signin` prints it; without it the program acts as the local service that its user is.
#include <client/lib/client.h>
#include <kj/debug.h>
#include <kj/encoding.h>
#include <kj/filesystem.h>
#include <sodium.h>
#include <solana/instruction/system.h>
#include <solana/message-builder.h>
#include <solana/transaction.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace waas;

constexpr uint64_t LAMPORTS = 1'000'000;  // 0.001 SOL

std::string fromEnvironment(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value != nullptr ? value : otherwise;
}

// A transfer to a fresh address, under a blockhash that no chain ever had: this transaction can't be sent anywhere.
std::vector<uint8_t> makeTransfer(const PublicKey& from) {
  solana::Address payer{from}, recipient;
  solana::MessageDraft draft;
  randombytes_buf(recipient.bytes.data(), recipient.bytes.size());
  randombytes_buf(draft.lifetime.bytes.data(), draft.lifetime.bytes.size());
  draft.version = solana::Version::LEGACY;
  draft.feePayer = payer;
  draft.calls.push_back(solana::system::transfer(payer, recipient, LAMPORTS));
  std::vector<uint8_t> transaction(solana::MAX_TRANSACTION_SIZE);
  auto message = solana::compileMessage(draft);
  auto size = message ? solana::writeUnsignedTransaction(*message, transaction) : std::nullopt;
  KJ_REQUIRE(size.has_value(), "the transfer does not compile");
  transaction.resize(*size);
  return transaction;
}

kj::String publicKeyPem(const PublicKey& key) {
  // SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed head and the key.
  constexpr uint8_t HEAD[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
  std::vector<uint8_t> der(HEAD, HEAD + sizeof HEAD);
  der.insert(der.end(), key.begin(), key.end());
  char text[sodium_base64_ENCODED_LEN(sizeof HEAD + 32, sodium_base64_VARIANT_ORIGINAL)];
  sodium_bin2base64(text, sizeof text, der.data(), der.size(), sodium_base64_VARIANT_ORIGINAL);
  return kj::str("-----BEGIN PUBLIC KEY-----\n", text, "\n-----END PUBLIC KEY-----\n");
}

struct Folder {
  const kj::Directory& directory;

  void write(kj::StringPtr name, kj::ArrayPtr<const kj::byte> content) const {
    auto mode = kj::WriteMode::CREATE | kj::WriteMode::MODIFY;
    directory.openFile(kj::Path(name), mode)->writeAll(content);
  }
};

VaultPublicKeys readVaultKeys(const kj::Filesystem& files) {
  auto path = files.getCurrentPath().evalNative(fromEnvironment("WAAS_VAULT_PUB", "/etc/waas/vault.pub"));
  auto text = files.getRoot().openFile(path)->readAllText();
  auto keys = VaultPublicKeys::parse(std::string_view(text.begin(), text.size()));
  KJ_REQUIRE(keys.has_value(), "WAAS_VAULT_PUB names no file with a vault's public keys");
  return *keys;
}

// The wallets of the person whose token this is.
kj::Own<client::UserSession> takeUpSession(client::Login& login, const kj::ReadableFile& file,
                                           kj::WaitScope& waitScope) {
  auto text = file.readAllText();
  auto token = client::SessionToken::parse(kj::StringPtr(text).slice(0, text.findFirst('\n').orDefault(text.size())));
  return login.resume(kj::mv(KJ_REQUIRE_NONNULL(token, "the file holds no session token"))).wait(waitScope).session;
}

void signTransfer(client::Wallets& wallets, const Folder& folder, kj::WaitScope& waitScope) {
  // Each wallet's certificate was verified by the library before we see its address.
  auto all = wallets.list().wait(waitScope);
  auto wallet = all.size() > 0 ? kj::mv(all[0]) : wallets.create("main"_kj).wait(waitScope);

  auto transaction = makeTransfer(wallet.publicKey);
  auto items = kj::heapArrayBuilder<client::SignItem>(1);
  items.add(client::SignItem{client::Selector::byId(wallet.walletId), client::SignItem::Payload::TRANSACTION,
                             kj::heapArray<kj::byte>(transaction.data(), transaction.size())});
  auto outcomes = wallets.sign(items.finish()).wait(waitScope);
  if (outcomes[0].is<client::Failure>()) {
    kj::throwFatalException(client::makeFailure(outcomes[0].get<client::Failure>()));
  }
  auto& made = outcomes[0].get<client::Signed>();

  auto decoded = solana::decodeTransaction(transaction);
  KJ_REQUIRE(bool(decoded), "the transfer does not decode");
  auto message = (*decoded).messageBytes();
  folder.write("message.bin", kj::arrayPtr(message.data(), message.size()));
  folder.write("message.hex", kj::str(kj::encodeHex(kj::arrayPtr(message.data(), message.size())), '\n').asBytes());
  folder.write("signature.bin", kj::arrayPtr(made.signature.data(), made.signature.size()));
  folder.write("public-key.pem", publicKeyPem(wallet.publicKey).asBytes());
  folder.write("transaction.base64", kj::str(kj::encodeBase64(made.bytes), '\n').asBytes());
  std::cout << "signed " << message.size() << " bytes with wallet "
            << solana::format(solana::AddressView(wallet.publicKey)).view() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: sign-transfer FOLDER [TOKEN_FILE]\n";
    return 2;
  }
  try {
    auto io = kj::setupAsyncIo();
    auto files = kj::newDiskFilesystem();
    auto here = [&](const char* path) { return files->getCurrentPath().evalNative(path); };
    auto folder = files->getRoot().openSubdir(here(argv[1]), kj::WriteMode::CREATE | kj::WriteMode::MODIFY);
    auto socket = fromEnvironment("WAAS_SOCKET", "/run/waas/signer.sock");
    auto client = client::Client::connect(io.provider->getNetwork(), io.provider->getTimer(), socket.c_str(),
                                          readVaultKeys(*files))
                      .wait(io.waitScope);
    auto roles = client->enter().wait(io.waitScope);
    if (argc == 3) {
      auto& login = KJ_REQUIRE_NONNULL(roles.login, "this user may not take up sessions");
      auto token = files->getRoot().openFile(here(argv[2]));
      signTransfer(*takeUpSession(*login, *token, io.waitScope), {*folder}, io.waitScope);
    } else {
      auto& service = KJ_REQUIRE_NONNULL(roles.service, "this user is no local service");
      signTransfer(*service, {*folder}, io.waitScope);
    }
    return 0;
  } catch (const kj::Exception& e) {
    auto failure = client::failureOf(e);
    auto info = client::describe(failure.code);
    // Exceptions without a code are this program's own.
    bool coded = failure.code != client::ErrorCode::UNKNOWN || failure.detail.size() > 0;
    std::cerr << "sign-transfer: " << (coded ? info.says.cStr() : e.getDescription().cStr()) << "\n";
    return info.exitCode;
  }
}
