// waas-open-secrets CREDENTIALS-FOLDER: writes memscan's list of secrets for wallets and people that are given on
// standard input, one a line, byte strings in hexadecimal, tags in decimal:
//
//   wallet CERTIFICATE EPOCH TAG SHARE1 SHARE2 SHARE3 RECOVERY [MESSAGE…]
//   person EMAIL PASSWORD [SESSION-KEY…]        the address canonical, the password without blanks
//
// Exit code 1 when anything does not open.
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "vault-secrets.h"

namespace waas::security {
namespace {

void openWallet(VaultSecrets& secrets, std::istream& words) {
  std::string certificate, share, recovery, message;
  StoredWallet wallet;
  words >> certificate >> wallet.epoch >> wallet.tag;
  wallet.certificate = unhex(certificate);
  for (int i = 0; i < 3 && words >> share; i++) wallet.shares.push_back(unhex(share));
  words >> recovery;
  wallet.recovery = unhex(recovery);
  while (words >> message) wallet.messages.push_back(unhex(message));
  secrets.openWallet(wallet);
}

void openPerson(VaultSecrets& secrets, std::istream& words) {
  std::string email, password, key;
  words >> email >> password;
  secrets.openPerson(email, password);
  for (int i = 0; words >> key; i++) secrets.note("hmac-key", email + "/session-" + std::to_string(i), unhex(key));
}

}  // namespace
}  // namespace waas::security

int main(int count, char** arguments) {
  using namespace waas::security;
  if (count != 2) return 2;
  try {
    VaultSecrets secrets(arguments[1], std::cout);
    for (std::string line, kind; std::getline(std::cin, line);) {
      std::istringstream words(line);
      words >> kind;
      if (kind == "wallet")
        openWallet(secrets, words);
      else if (kind == "person")
        openPerson(secrets, words);
      else
        throw std::runtime_error("neither wallet nor person: " + kind);
    }
  } catch (const std::exception& error) {
    fprintf(stderr, "waas-open-secrets: %s\n", error.what());
    return 1;
  }
}
