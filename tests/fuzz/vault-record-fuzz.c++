// V9: whatever a broker sends, the vault answers or ends the link; its answer is a record itself, and nothing that was
// never allowed happens: no signature, no audit record without a peer that may own wallets.
#include <unit/vault/service-for-tests.h>

#include "fuzz-check.h"

using namespace waas::vault;

namespace {

// Exceptions of the library stay quiet, as in the vault's worker.
class Quiet final : public kj::ExceptionCallback {
 public:
  void logMessage(kj::LogSeverity, const char*, int, int, kj::String&&) override {}
};

ServiceForTests& service() {
  static ServiceForTests* made = [] {
    auto* service = new ServiceForTests;
    service->peerWith(true, false);
    return service;
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Quiet quiet;
  auto& vault = service();
  vault.helloSaid = true;
  // The framing is the fuzzer's to break, too; half of the time it is made right, so that more lies behind it.
  std::vector<uint8_t> record;
  if (size > 0 && (data[0] & 1) == 0) {
    size_t words = (size - 1) / 8;
    record = {
        0, 0, 0, 0, static_cast<uint8_t>(words), static_cast<uint8_t>(words >> 8), static_cast<uint8_t>(words >> 16),
        0};
    record.insert(record.end(), data + 1, data + 1 + words * 8);
  } else {
    record.assign(data, data + size);
  }
  if (record.size() > waas::vault::MAX_RECORD_BYTES) return 0;
  uint64_t before = vault.service.counters.signatures;
  if (vault.handle(record)) {
    FUZZ_CHECK(vault.replySize() <= waas::vault::MAX_RECORD_BYTES);
    for (auto answer : vault.reply().getAnswers()) {
      FUZZ_CHECK(!answer.isSignedIn() && !answer.isSignedUp() && !answer.isExported() && !answer.isTombstone());
    }
  }
  FUZZ_CHECK(vault.service.counters.signatures == before);
  return 0;
}
