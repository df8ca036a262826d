#include "server-info.h"

#include <kj/vector.h>

namespace waas::broker {
namespace {

kj::String shortText(kj::ArrayPtr<const char> text) {
  kj::Vector<char> clean;
  for (char c : text) {
    if (clean.size() == 64) break;
    clean.add(c >= ' ' && c <= '~' ? c : '?');
  }
  return kj::heapString(clean);
}

void takeLine(kj::ArrayPtr<const char> line, RedisServerInfo& out, bool& limited, bool& evicts) {
  auto value = [&](kj::StringPtr key, kj::ArrayPtr<const char>& found) {
    if (line.size() <= key.size() || line.slice(0, key.size()) != key.asArray()) return false;
    found = line.slice(key.size(), line.size());
    return true;
  };
  kj::ArrayPtr<const char> v;
  auto is = [&](kj::StringPtr text) { return v == text.asArray(); };
  if (value("redis_version:", v)) {
    if (out.version.size() == 0) out.version = kj::str("Redis ", shortText(v));
  } else if (value("valkey_version:", v)) {
    out.version = kj::str("Valkey ", shortText(v));
  } else if (value("run_id:", v)) {
    out.runId = shortText(v);
  } else if (value("master_replid:", v)) {
    out.replicationId = shortText(v);
  } else if (value("role:", v)) {
    out.replica = is("slave") || is("replica");
  } else if (value("loading:", v)) {
    out.loading = !is("0");
  } else if (value("aof_enabled:", v)) {
    out.appendOnlyFile = is("1");
  } else if (value("aof_last_write_status:", v) || value("rdb_last_bgsave_status:", v)) {
    if (!is("ok")) out.writeFailed = true;
  } else if (value("maxmemory:", v)) {
    limited = !is("0");
  } else if (value("maxmemory_policy:", v)) {
    evicts = !is("noeviction");
  }
}

}  // namespace

RedisServerInfo parseRedisInfo(kj::ArrayPtr<const char> text) {
  RedisServerInfo out;
  bool limited = false, evicts = false;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); i++) {
    if (i < text.size() && text[i] != '\n') continue;
    size_t end = i > start && text[i - 1] == '\r' ? i - 1 : i;
    takeLine(text.slice(start, end), out, limited, evicts);
    start = i + 1;
  }
  out.known = out.runId.size() > 0;
  out.mayEvict = limited && evicts;
  return out;
}

}  // namespace waas::broker
