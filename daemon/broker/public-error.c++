#include "public-error.h"

#include <capnp/schema.h>
#include <kj/debug.h>

#include <array>
#include <cstring>

#include "log.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr uint64_t SAYS = 0xd1a4c2f0b7e63a52;
constexpr size_t MAX_CODES = 64;

struct Sentences {
  std::array<kj::StringPtr, MAX_CODES> text;
  size_t count = 0;

  Sentences() {
    auto codes = capnp::Schema::from<ErrorCode>().getEnumerants();
    KJ_REQUIRE(codes.size() <= MAX_CODES, "more error codes than there is room for");
    count = codes.size();
    for (size_t i = 0; i < count; i++) {
      for (auto annotation : codes[static_cast<unsigned int>(i)].getProto().getAnnotations()) {
        if (annotation.getId() == SAYS) text[i] = annotation.getValue().getText();
      }
    }
  }
};

const Sentences& sentences() {
  static const Sentences all;
  return all;
}

bool isKnown(ErrorCode code) { return static_cast<size_t>(code) < sentences().count; }

}  // namespace

kj::StringPtr sentenceOf(ErrorCode code) {
  return sentences().text[isKnown(code) ? static_cast<size_t>(code) : static_cast<size_t>(ErrorCode::UNKNOWN)];
}

void refuse(protocol::Refusal::Builder out, ErrorCode code, kj::StringPtr detail, uint8_t share) {
  out.setCode(isKnown(code) ? code : ErrorCode::UNKNOWN);
  out.setMessage(sentenceOf(code));
  if (detail.size() > 0) out.setDetail(detail);
  out.setShare(share);
}

void refuse(protocol::Refusal::Builder out, protocol::vault::Refusal::Reader refusal) {
  refuse(out, refusal.getCode(), refusal.getDetail(), refusal.getShare());
  out.setRetryAfter(refusal.getRetryAfter());
  if (refusal.hasRule()) out.setRule(refusal.getRule());
  out.setInstruction(refusal.getInstruction());
}

void refuse(protocol::Refusal::Builder out, const kj::Exception& exception) {
  Fault fault = faultOf(exception);
  if (fault.code == ErrorCode::UNKNOWN) logFault("B4001", "a call failed without a code", exception);
  refuse(out, fault.code, fault.detail, fault.share);
  out.setRetryAfter(fault.retryAfter);
  if (fault.rule.size() > 0) {
    auto rule = out.initRule(static_cast<unsigned int>(fault.rule.size()));
    memcpy(rule.begin(), fault.rule.begin(), fault.rule.size());
  }
  out.setInstruction(fault.instruction);
}

void throwRefusal(protocol::vault::Refusal::Reader refusal) {
  kj::throwFatalException(makeFault(Fault{refusal.getCode(), refusal.getDetail(), refusal.getRetryAfter(),
                                          refusal.getShare(), refusal.getRule(), refusal.getInstruction()}));
}

}  // namespace waas::broker
