#include "solana/instruction/compute-budget.h"

namespace waas::solana::compute_budget {
namespace {

constexpr std::size_t SHORT_SETTING_SIZE = 1 + 4;
constexpr std::size_t PRICE_SETTING_SIZE = 1 + 8;

const char* nameOf(Setting setting) noexcept {
  switch (setting) {
    case Setting::HEAP_SIZE: return "ComputeBudget RequestHeapFrame";
    case Setting::UNIT_LIMIT: return "ComputeBudget SetComputeUnitLimit";
    case Setting::UNIT_PRICE: return "ComputeBudget SetComputeUnitPrice";
    case Setting::LOADED_DATA_SIZE: return "ComputeBudget SetLoadedAccountsDataSizeLimit";
  }
  return "";
}

}  // namespace

std::optional<SettingValue> readSetting(Bytes data) noexcept {
  ByteReader reader(data);
  std::uint8_t tag = 0;
  if (!reader.read(tag) || tag < 1 || tag > 4) return std::nullopt;
  SettingValue out{static_cast<Setting>(tag), 0};
  if (out.setting == Setting::UNIT_PRICE) {
    if (!reader.read(out.value)) return std::nullopt;
    return out;
  }
  std::uint32_t value = 0;
  if (!reader.read(value)) return std::nullopt;
  out.value = value;
  return out;
}

bool read(Bytes data, std::size_t accounts, Action& out) noexcept {
  auto value = readSetting(data);
  if (!value || accounts != 0) return false;
  if (data.size() != (value->setting == Setting::UNIT_PRICE ? PRICE_SETTING_SIZE : SHORT_SETTING_SIZE)) return false;
  out = Action{};
  out.kind = ActionKind::COMPUTE_BUDGET;
  out.name = nameOf(value->setting);
  return true;
}

}  // namespace waas::solana::compute_budget
