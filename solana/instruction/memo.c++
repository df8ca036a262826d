#include "solana/instruction/memo.h"

#include "solana/utf8.h"

namespace waas::solana::memo {

bool read(Bytes data, std::size_t, Action& out) noexcept {
  if (!isUtf8(data)) return false;
  out = Action{};
  out.kind = ActionKind::MEMO;
  out.name = "Memo";
  out.text = data;
  return true;
}

}  // namespace waas::solana::memo
