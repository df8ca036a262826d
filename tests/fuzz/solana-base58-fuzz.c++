// S1: text that stands for an address or a signature is the one text that does, and never for both.

#include <algorithm>
#include <string_view>

#include "fuzz-check.h"
#include "solana/address.h"

using namespace waas::solana;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto address = parseAddress(text);
  auto signature = parseSignature(text);
  FUZZ_CHECK(!(address && signature));
  if (address) FUZZ_CHECK(format(AddressView(*address)).view() == text);
  if (signature) FUZZ_CHECK(format(SignatureView(*signature)).view() == text);
  if (size == ADDRESS_SIZE) {
    Address raw;
    std::copy_n(data, ADDRESS_SIZE, raw.bytes.begin());
    FUZZ_CHECK(parseAddress(format(AddressView(raw)).view()) == raw);
  }
  return 0;
}
