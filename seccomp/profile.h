#pragma once
// What a seccomp table is made of. Tables are data: vault.c++, broker.c++ and guard.c++ hold one each; install.c++ is
// the only file that knows how a filter is loaded, and it knows no process.
#include <sys/syscall.h>

#include <array>
#include <cstdint>
#include <vector>

namespace waas::seccomp {

// One test on one argument of a call: (argument & mask) compared with value.
//
// The kernel reads most arguments as `int` and ignores the upper half of the register, so tests on such arguments must
// ignore it too: else `close(0x100000003)` would pass a test "at least 5" and close 3. The makers below do that.
struct Condition {
  enum class Test : uint8_t { NONE, EQUAL, AT_LEAST };
  Test test = Test::NONE;
  uint8_t argument = 0;  // 0..5
  uint64_t mask = 0;     // AT_LEAST: 0xffffffff, the only mask it can have
  uint64_t value = 0;
  bool operator==(const Condition&) const = default;
};

// The argument, read as a 32-bit int, is `value`.
constexpr Condition intIs(uint8_t argument, int value) {
  return {Condition::Test::EQUAL, argument, 0xffffffffu, static_cast<uint32_t>(value)};
}
// The argument, read as an unsigned 32-bit int, is `value` or more. For descriptors: -1 passes, and is EBADF.
constexpr Condition intAtLeast(uint8_t argument, uint32_t value) {
  return {Condition::Test::AT_LEAST, argument, 0xffffffffu, value};
}
// The argument, all 64 bits of it, is `value`.
constexpr Condition longIs(uint8_t argument, uint64_t value) {
  return {Condition::Test::EQUAL, argument, ~uint64_t(0), value};
}
// None of `bits` is set in the argument.
constexpr Condition without(uint8_t argument, uint32_t bits) { return {Condition::Test::EQUAL, argument, bits, 0}; }
// Of `mask`, exactly `bits` are set in the argument.
constexpr Condition bitsAre(uint8_t argument, uint32_t mask, uint32_t bits) {
  return {Condition::Test::EQUAL, argument, mask, bits};
}

// What happens to a call that a row matches.
struct Action {
  int error = 0;  // 0: the call is allowed; else the call is not made and fails with this errno ("soft" row)
};
constexpr Action ALLOW{};
constexpr Action fail(int error) { return Action{error}; }

// One line of a table. A call matches when its number and all conditions do; the first row that matches decides. A call
// that no row matches ends the process (SECCOMP_RET_KILL_PROCESS).
struct Row {
  const char* name;  // of the call, for people
  uint32_t number;
  std::array<Condition, 3> conditions;
  Action action;
  const char* heading;  // the need that the row serves
  const char* reason;   // why this process can't do without it
};

// A process's table.
struct Profile {
  const char* process;
  std::vector<Row> rows;
};

// Starts a row: `{CALL(recvmsg), {{intIs(0, 4)}}, ALLOW, "link", "…"}`.
#define WAAS_CALL(name) #name, __NR_##name

}  // namespace waas::seccomp
