#pragma once
// What a Redis server says about itself (INFO), as far as it matters for shares.
#include <kj/string.h>

#include <cstdint>

namespace waas::broker {

// A value; everything is empty or false when the server did not say.
struct RedisServerInfo {
  kj::String version, runId, replicationId;  // printable ASCII, at most 64 bytes
  bool known = false;
  bool loading = false;
  bool replica = false;
  bool mayEvict = false;        // memory limit with a policy that drops keys
  bool appendOnlyFile = false;  // writes are logged, so that a restart keeps them
  bool writeFailed = false;     // the last attempt to save or to log did not succeed
  enum class Fsync : uint8_t { UNKNOWN, LATER, ALWAYS };
  Fsync fsync = Fsync::UNKNOWN;  // when the log is on disk; asked for apart
};

// Reads the text of INFO. Unknown lines are left alone.
RedisServerInfo parseRedisInfo(kj::ArrayPtr<const char> text);

}  // namespace waas::broker
