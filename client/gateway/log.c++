#include "log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <ctime>
#include <string>

#include "client/lib/error.h"

namespace waas::gateway {
namespace {

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> it;
  return it;
}

// A flood of one kind of line must not fill the disk: each second has a number of lines, what was left out is counted.
class Flood {
 public:
  explicit Flood(uint32_t most) : most(most) {}
  bool admits() {
    time_t now = time(nullptr);
    if (now != second) {
      if (left > 0) logger()->warn("G9000 log lines left out count={}", left);
      second = now;
      lines = left = 0;
    }
    if (++lines <= most) return true;
    left++;
    return false;
  }

 private:
  uint32_t most;
  time_t second = 0;
  uint32_t lines = 0, left = 0;
};

void line(spdlog::level::level_enum level, const char* code, const char* message,
          std::initializer_list<LogField> fields) {
  if (logger() == nullptr || !logger()->should_log(level)) return;
  static Flood flood(200);
  if (!flood.admits()) return;
  std::string text = std::string(code) + " " + message;
  for (auto& field : fields) text += std::string(" ") + field.key + "=" + std::to_string(field.value);
  logger()->log(level, text);
}

}  // namespace

void startLog(bool verbose) {
  auto made = std::make_shared<spdlog::logger>("gateway", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // UTC, because local time would have the C library open /etc/localtime under the sandbox.
  made->set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
  made->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  logger() = made;
}

void QuietCallback::logMessage(kj::LogSeverity severity, const char* file, int lineNumber, int, kj::String&&) {
  auto level = severity == kj::LogSeverity::INFO ? spdlog::level::debug : spdlog::level::warn;
  kj::StringPtr path = file;
  KJ_IF_MAYBE (slash, path.findLast('/')) path = path.slice(*slash + 1);
  line(level, "G9002", kj::str("library message from ", path).cStr(), {{"line", lineNumber}});
}

void logInfo(const char* code, const char* message, std::initializer_list<LogField> fields) {
  line(spdlog::level::info, code, message, fields);
}
void logWarning(const char* code, const char* message, std::initializer_list<LogField> fields) {
  line(spdlog::level::warn, code, message, fields);
}
void logError(const char* code, const char* message, std::initializer_list<LogField> fields) {
  line(spdlog::level::err, code, message, fields);
}

void logFault(const char* code, const char* message, const kj::Exception& exception) {
  kj::StringPtr path = exception.getFile();
  KJ_IF_MAYBE (slash, path.findLast('/')) path = path.slice(*slash + 1);
  line(spdlog::level::warn, code, kj::str(message, " at ", path).cStr(),
       {{"line", exception.getLine()},
        {"kind", static_cast<int64_t>(exception.getType())},
        {"failure", static_cast<int64_t>(client::failureOf(exception).code)}});
}

void logAccess(const Access& a) {
  if (logger() == nullptr || !logger()->should_log(spdlog::level::info)) return;
  static Flood flood(1000);
  if (!flood.admits()) return;
  logger()->info("G1000 request id={} method={} route={} status={} code={} us={} in={} out={} from={} user={}",
                 a.requestId, a.method, a.route, a.status, a.problem.empty() ? "-" : a.problem, a.microseconds,
                 a.bytesIn, a.bytesOut, a.address, a.user.empty() ? "-" : a.user);
}

}  // namespace waas::gateway
