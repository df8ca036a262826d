#include "log.h"

#include <kj/exception.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

#include "fault.h"

namespace waas::broker {
namespace {

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> it;
  return it;
}

// A flood of one event must not fill the disk: each second has a number of lines, and what was left out is counted.
class Flood {
 public:
  // False: leave this line out.
  bool admits() {
    time_t now = time(nullptr);
    if (now != second) {
      if (left > 0) logger()->warn("B9000 log lines left out count={}", left);
      second = now;
      lines = left = 0;
    }
    if (++lines <= MAX_LINES) return true;
    left++;
    return false;
  }

 private:
  static constexpr uint32_t MAX_LINES = 200;
  time_t second = 0;
  uint32_t lines = 0;
  uint32_t left = 0;
};

void line(spdlog::level::level_enum level, const char* code, const char* message,
          std::initializer_list<LogField> fields) {
  if (logger() == nullptr || !logger()->should_log(level)) return;
  static Flood flood;
  if (!flood.admits()) return;
  std::string text = std::string(code) + " " + message;
  for (auto& field : fields) text += std::string(" ") + field.key + "=" + std::to_string(field.value);
  logger()->log(level, text);
}

}  // namespace

void startLog(bool verbose) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  auto made = std::make_shared<spdlog::logger>("broker", sink);
  // UTC, because local time would have the C library open /etc/localtime under the sandbox.
  made->set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
  made->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  made->flush_on(spdlog::level::debug);
  logger() = made;
}

void QuietCallback::logMessage(kj::LogSeverity severity, const char* file, int lineNumber, int, kj::String&&) {
  auto level = severity == kj::LogSeverity::INFO ? spdlog::level::debug : spdlog::level::warn;
  kj::StringPtr path = file;
  KJ_IF_MAYBE (slash, path.findLast('/')) path = path.slice(*slash + 1);
  line(level, "B9002", kj::str("library message from ", path).cStr(), {{"line", lineNumber}});
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
void logDebug(const char* code, const char* message, std::initializer_list<LogField> fields) {
  line(spdlog::level::debug, code, message, fields);
}

void logFault(const char* code, const char* message, const kj::Exception& exception) {
  kj::StringPtr path = exception.getFile();
  KJ_IF_MAYBE (slash, path.findLast('/')) path = path.slice(*slash + 1);
  line(spdlog::level::warn, code, kj::str(message, " at ", path).cStr(),
       {{"line", exception.getLine()},
        {"kind", static_cast<int64_t>(exception.getType())},
        {"fault", static_cast<int64_t>(faultOf(exception).code)}});
}

}  // namespace waas::broker
