// Byte formats of protocol/: what parses is written to the same bytes; nothing else is believed.
#include <algorithm>
#include <vector>

#include "fuzz-check.h"
#include "protocol/audit-record.h"
#include "protocol/certificate.h"
#include "protocol/email.h"
#include "protocol/public-keys.h"
#include "protocol/token.h"

using namespace waas;

namespace {

void certificate(Bytes bytes) {
  Certificate parsed;
  if (!parsed.parse(bytes)) return;
  std::array<uint8_t, MAX_CERTIFICATE_BYTES> out;
  size_t written = parsed.write(out);
  FUZZ_CHECK(written == bytes.size() && std::equal(bytes.begin(), bytes.end(), out.begin()));
}

void auditRecord(Bytes bytes) {
  AuditRecord parsed;
  if (!parsed.parse(bytes)) return;
  std::array<uint8_t, AUDIT_RECORD_BYTES> out;
  parsed.write(out);
  FUZZ_CHECK(bytes.size() == out.size() && std::equal(bytes.begin(), bytes.end(), out.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Bytes bytes(data + 1, size - 1);
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: certificate(bytes); break;
    case 1: auditRecord(bytes); break;
    case 2:
      if (isCanonicalEmail(text)) FUZZ_CHECK(text.size() >= 3 && text.find('@') != std::string_view::npos);
      break;
    case 3:
      if (tokenId(text)) FUZZ_CHECK(tokenUser(text).has_value() && text.size() <= MAX_TOKEN_BYTES);
      break;
  }
  return 0;
}
