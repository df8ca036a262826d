#include "seccomp/install.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "seccomp/process-limits.h"

namespace waas::seccomp {
namespace {

#if !defined(__x86_64__)
#error "the tables are written for x86-64; another architecture needs tables of its own"
#endif

constexpr uint32_t OUR_ARCHITECTURE = AUDIT_ARCH_X86_64;
constexpr uint32_t X32_BIT = 0x40000000;
constexpr size_t MOST_INSTRUCTIONS = BPF_MAXINSNS;

// The program as it grows; on the stack, so that loading needs no memory.
class Program {
 public:
  void add(uint16_t code, uint32_t k, uint8_t ifTrue = 0, uint8_t ifFalse = 0) {
    if (size == MOST_INSTRUCTIONS) {
      overflow = true;
      return;
    }
    code_[size++] = sock_filter{code, ifTrue, ifFalse, k};
  }

  void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  void give(uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }

  // Emits a jump that is taken to the end of the current row when the test fails.
  void elseNextRow(uint16_t test, uint32_t k) { add(static_cast<uint16_t>(BPF_JMP | test | BPF_K), k, 0, UNRESOLVED); }

  // Points the open jumps since `start` at what comes next.
  void endRow(size_t start) {
    for (size_t i = start; i < size; i++) {
      if (BPF_CLASS(code_[i].code) != BPF_JMP || code_[i].jf != UNRESOLVED) continue;
      size_t distance = size - i - 1;
      if (distance >= UNRESOLVED) overflow = true;
      code_[i].jf = static_cast<uint8_t>(distance);
    }
  }

  size_t size = 0;
  bool overflow = false;
  sock_filter* code() { return code_; }

 private:
  static constexpr uint8_t UNRESOLVED = 255;
  sock_filter code_[MOST_INSTRUCTIONS];
};

// Where the lower or upper half of an argument lies (little endian).
constexpr size_t lowHalf(uint8_t argument) { return offsetof(seccomp_data, args) + 8u * argument; }
constexpr size_t highHalf(uint8_t argument) { return lowHalf(argument) + 4; }

void emitHalf(Program& program, size_t offset, uint32_t mask, uint32_t value) {
  if (mask == 0) return;
  program.load(offset);
  if (mask != 0xffffffffu) program.add(BPF_ALU | BPF_AND | BPF_K, mask);
  program.elseNextRow(BPF_JEQ, value);
}

void emitCondition(Program& program, const Condition& condition) {
  auto low = [](uint64_t v) { return static_cast<uint32_t>(v); };
  auto high = [](uint64_t v) { return static_cast<uint32_t>(v >> 32); };
  switch (condition.test) {
    case Condition::Test::NONE: return;
    case Condition::Test::EQUAL:
      emitHalf(program, lowHalf(condition.argument), low(condition.mask), low(condition.value));
      emitHalf(program, highHalf(condition.argument), high(condition.mask), high(condition.value));
      return;
    case Condition::Test::AT_LEAST:
      program.load(lowHalf(condition.argument));
      program.elseNextRow(BPF_JGE, low(condition.value));
      return;
  }
}

// Architecture and x32 first, then row after row; what falls out at the end is killed.
void emit(Program& program, const Profile& profile) {
  program.load(offsetof(seccomp_data, arch));
  program.add(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCHITECTURE, 1, 0);
  program.give(SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  program.add(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  program.give(SECCOMP_RET_KILL_PROCESS);
  for (const Row& row : profile.rows) {
    size_t start = program.size;
    program.elseNextRow(BPF_JEQ, row.number);
    bool reloads = false;
    for (const Condition& condition : row.conditions) {
      emitCondition(program, condition);
      reloads |= condition.test != Condition::Test::NONE;
    }
    program.give(row.action.error == 0
                     ? SECCOMP_RET_ALLOW
                     : SECCOMP_RET_ERRNO | (static_cast<uint32_t>(row.action.error) & SECCOMP_RET_DATA));
    program.endRow(start);
    // A failed condition has left an argument in the accumulator.
    if (reloads) program.load(offsetof(seccomp_data, nr));
  }
  program.give(SECCOMP_RET_KILL_PROCESS);
}

std::string describeCondition(const Condition& condition) {
  char text[80];
  unsigned argument = condition.argument;
  unsigned long long mask = condition.mask, value = condition.value;
  if (condition.test == Condition::Test::AT_LEAST) {
    snprintf(text, sizeof text, "arg%u >= %llu", argument, value);
  } else if (mask == 0xffffffffu || mask == ~0ull) {
    snprintf(text, sizeof text, "arg%u == %lld", argument,
             mask == 0xffffffffu ? static_cast<int32_t>(value) : static_cast<long long>(value));
  } else {
    snprintf(text, sizeof text, "arg%u & 0x%llx == 0x%llx", argument, mask, value);
  }
  return text;
}

}  // namespace

Outcome install(const Profile& profile) {
  Program program;
  emit(program, profile);
  if (program.overflow) return failure("the system call table of the %s is too long for the kernel", profile.process);

  if (Outcome refused = renounceNewPrivileges()) return refused;
  sock_fprog filter{static_cast<unsigned short>(program.size), program.code()};
  long result = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
  if (result < 0) return failure("the kernel refused the %s's seccomp filter: %s", profile.process, strerror(errno));
  if (result > 0) return failure("thread %ld could not take the %s's seccomp filter", result, profile.process);
  return std::nullopt;
}

std::string describe(const Profile& profile) {
  std::string text = std::string("seccomp table of the ") + profile.process +
                     ": first matching row decides; any other call, architecture or x32 ends the process\n";
  const char* heading = "";
  for (const Row& row : profile.rows) {
    if (strcmp(heading, row.heading) != 0) {
      heading = row.heading;
      text += std::string("\n# ") + heading + "\n";
    }
    std::string conditions;
    for (const Condition& condition : row.conditions) {
      if (condition.test == Condition::Test::NONE) continue;
      if (!conditions.empty()) conditions += ", ";
      conditions += describeCondition(condition);
    }
    std::string action = row.action.error == 0 ? "allow" : std::string("fail ") + strerrorname_np(row.action.error);
    char line[400];
    snprintf(line, sizeof line, "%-18s %-44s %-16s %s\n", row.name, conditions.c_str(), action.c_str(), row.reason);
    text += line;
  }
  return text;
}

}  // namespace waas::seccomp
