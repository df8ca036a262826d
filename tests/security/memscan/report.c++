#include "report.h"

#include <cstdio>
#include <fstream>

namespace waas::memscan {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return out + "\"";
}

// Elements joined by commas.
template <typename All, typename One>
std::string joined(const All& all, One one) {
  std::string text;
  for (const auto& each : all) text += (text.empty() ? "" : ",") + one(each);
  return text;
}

std::string number(uint64_t value) { return std::to_string(value); }

}  // namespace

std::vector<std::string> blindMethods(const Search& search, const Forms& forms,
                                      const std::set<std::string>& processes) {
  std::vector<std::string> blind;
  if (forms.canary() < 0) return blind;
  for (const std::string& process : processes) {
    for (const char* method : {"mem", "stopmem", "vmreadv", "gcore"}) {
      auto covered = search.coverages().find({method, process});
      if (covered == search.coverages().end() || covered->second.whole == 0) continue;
      if (covered->second.canary == 0) blind.push_back(std::string(method) + " on " + process);
    }
  }
  return blind;
}

void printReport(const Search& search, const Forms& forms, const Summary& summary) {
  uint64_t bytes = 0;
  for (const auto& [key, coverage] : search.coverages()) bytes += coverage.bytes;
  printf("memscan: %zu secrets, %zu forms, %d rounds, %.1f s, %.1f MB read\n", forms.secrets().size(),
         forms.needles().size(), summary.rounds, summary.seconds, static_cast<double>(bytes) / 1e6);
  printf("%-8s %-22s %10s %10s %8s %8s  %s\n", "method", "process", "MB read", "refused", "blocked", "canary", "note");
  for (const auto& [key, c] : search.coverages()) {
    std::string note = c.why;
    for (const auto& [where, size] : c.refusedAt) note += " refused: " + where + ";";
    printf("%-8s %-22s %10.1f %9luK %8lu %8lu  %.90s\n", key.first.c_str(), key.second.c_str(),
           static_cast<double>(c.bytes) / 1e6, c.refused / 1024, c.blocked, c.canary, note.c_str());
  }
  for (const auto& [hit, count] : search.hits()) {
    printf("FOUND %-8s %-22s %-36s %-14s %-26s %6lu times (%lu complete, longest %zu of %zu), %zu secrets, at 0x%lx\n",
           hit.method.c_str(), hit.process.c_str(), hit.where.c_str(), hit.kind.c_str(), hit.form.c_str(), count.count,
           count.complete, count.longest, count.length, count.secrets.size(), count.address);
  }
  for (const std::string& method : summary.blind) printf("BLIND: %s (the canary was not seen)\n", method.c_str());
  const char* result = search.total() != 0 ? "SECRETS FOUND" : summary.blind.empty() ? "clean" : "INCONCLUSIVE";
  printf("RESULT: %s (%lu hits)\n", result, search.total());
}

bool writeJson(const std::string& path, const Search& search, const Forms& forms, const Summary& summary) {
  std::ofstream out(path);
  out << "{\"secrets\":" << forms.secrets().size() << ",\"forms\":" << forms.needles().size()
      << ",\"rounds\":" << summary.rounds << ",\"seconds\":" << summary.seconds << ",\"total_hits\":" << search.total();
  out << ",\n\"hits\":[" << joined(search.hits(), [&](const auto& entry) {
    const auto& [hit, count] = entry;
    return "\n{\"method\":" + quoted(hit.method) + ",\"process\":" + quoted(hit.process) +
           ",\"where\":" + quoted(hit.where) + ",\"kind\":" + quoted(hit.kind) + ",\"form\":" + quoted(hit.form) +
           ",\"count\":" + number(count.count) + ",\"complete\":" + number(count.complete) +
           ",\"longest\":" + number(count.longest) + ",\"length\":" + number(count.length) + ",\"secrets\":[" +
           joined(count.secrets, [&](size_t secret) { return quoted(forms.secrets()[secret].name); }) + "]}";
  }) << "]";
  out << ",\n\"coverage\":[" << joined(search.coverages(), [&](const auto& entry) {
    const auto& [key, c] = entry;
    return "\n{\"method\":" + quoted(key.first) + ",\"process\":" + quoted(key.second) + ",\"runs\":" + number(c.runs) +
           ",\"bytes\":" + number(c.bytes) + ",\"refused\":" + number(c.refused) + ",\"blocked\":" + number(c.blocked) +
           ",\"canary\":" + number(c.canary) + ",\"why\":" + quoted(c.why) + ",\"refused_at\":{" +
           joined(c.refusedAt, [](const auto& at) { return quoted(at.first) + ":" + number(at.second); }) + "}}";
  }) << "]";
  out << ",\n\"blind\":[" << joined(summary.blind, [](const std::string& each) { return quoted(each); }) << "]}\n";
  return out.good();
}

}  // namespace waas::memscan
