// waas-open-secrets CREDENTIALS-FOLDER: writes memscan's list of secrets for wallets that are given on standard input.
//
// A line: certificate epoch tag share1 share2 share3 recovery [message…], byte strings in hexadecimal, tag in decimal.
// Exit code 1 when anything does not open.
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>

#include "vault-secrets.h"

int main(int count, char** arguments) {
  using namespace waas::security;
  if (count != 2) return 2;
  try {
    VaultSecrets secrets(arguments[1], std::cout);
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
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
  } catch (const std::exception& error) {
    fprintf(stderr, "waas-open-secrets: %s\n", error.what());
    return 1;
  }
}
