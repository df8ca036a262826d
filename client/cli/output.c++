#include "output.h"

#include <algorithm>

#include "text-forms.h"

namespace waas::cli {
namespace {

// Number of characters of UTF-8 text; wide and combining ones are counted as one.
size_t widthOf(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void addDetails(Json& value, const client::Failure& failure) {
  if (failure.detail.size() > 0) value["detail"] = failure.detail.cStr();
  if (failure.retryAfter > 0) value["retryAfter"] = failure.retryAfter;
  if (failure.share > 0) value["share"] = failure.share;
  if (failure.rule.size() > 0) value["rule"] = failure.rule.cStr();
  if (failure.instruction > 0) value["instruction"] = failure.instruction;
  value["retryable"] = client::describe(failure.code).retryable;
}

std::string withDetails(const std::string& sentence, const client::Failure& failure) {
  std::string text = sentence;
  if (failure.detail.size() > 0) text += std::string(" [") + failure.detail.cStr() + "]";
  if (failure.rule.size() > 0) text += std::string(" [rule \"") + failure.rule.cStr() + "\"]";
  if (failure.instruction > 0) text += " [instruction " + std::to_string(failure.instruction) + "]";
  if (failure.share > 0) text += " [share " + std::to_string(failure.share) + "]";
  if (failure.retryAfter > 0) text += " [again in " + std::to_string((failure.retryAfter + 999) / 1000) + " s]";
  return text;
}

// Bad UTF-8 in a value is replaced rather than a reason to fail.
std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void Output::result(const Json& value, const std::function<void(std::ostream&)>& human) {
  if (json) {
    out << dump(value, 2) << "\n";
  } else {
    human(out);
  }
  out.flush();
}

void Output::error(const std::string& code, const std::string& sentence) {
  if (json) {
    err << dump({{"code", code}, {"message", sentence}}, -1) << "\n";
  } else {
    err << "waas: " << sentence << " (" << code << ")\n";
  }
}

void Output::error(const std::string& code, const std::string& sentence, const client::Failure& failure) {
  if (json) {
    err << dump(failureJson(failure), -1) << "\n";
  } else {
    error(code, withDetails(sentence, failure));
  }
}

void Output::note(const std::string& sentence) {
  if (!json) err << sentence << "\n";
}

Json failureJson(const client::Failure& failure) {
  auto info = client::describe(failure.code);
  Json value = {{"code", info.name.cStr()}, {"message", info.says.cStr()}};
  addDetails(value, failure);
  return value;
}

Json ownerJson(const OwnerId& owner) {
  return {{"kind", owner.kind == OwnerId::Kind::USER ? "user" : "service"}, {"id", hex(owner.id)}};
}

void printTable(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); i++) widths[i] = std::max(widths[i], widthOf(row[i]));
  }
  for (auto& row : rows) {
    for (size_t i = 0; i < row.size(); i++) {
      bool last = i + 1 == row.size();
      out << row[i] << (last ? "\n" : std::string(widths[i] - widthOf(row[i]) + 2, ' '));
    }
  }
}

}  // namespace waas::cli
