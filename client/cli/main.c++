#include <sodium.h>

#include <iostream>

#include "client/cli/command.h"

int main(int argc, char** argv) {
  if (sodium_init() < 0) {
    std::cerr << "waas: no randomness\n";
    return waas::cli::EXIT_FAILED;
  }
  return waas::cli::runCommandLine(argc, argv, std::cout, std::cerr);
}
