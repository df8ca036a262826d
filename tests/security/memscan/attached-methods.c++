// The methods that need a tracer or a file of gcore's.
#include <elf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "methods.h"
#include "process.h"

namespace waas::memscan {
namespace {

constexpr size_t VECTOR_STATE_BYTES = 32768;
constexpr unsigned SAMPLE_PAUSE = 200;  // microseconds, at most

bool stop(pid_t thread, int& status) {
  return ptrace(PTRACE_INTERRUPT, thread, 0, 0) == 0 && waitpid(thread, &status, __WALL) == thread &&
         WIFSTOPPED(status);
}

// One look at a stopped thread.
void lookAtRegisters(Search& search, pid_t thread, Place place, Bytes& vectors) {
  Coverage& coverage = search.coverage(place.method, place.process);
  user_regs_struct general{};
  if (ptrace(PTRACE_GETREGS, thread, 0, &general) != 0) return;
  std::string state = static_cast<long>(general.orig_rax) >= 0 ? " registers (in a call)" : " registers (running)";
  place.where = "general" + state;
  coverage.bytes += sizeof general;
  search.registers(reinterpret_cast<uint8_t*>(&general), sizeof general, place);
  iovec into{vectors.data(), vectors.size()};
  if (ptrace(PTRACE_GETREGSET, thread, NT_X86_XSTATE, &into) != 0) return;
  place.where = "vector" + state;
  coverage.bytes += into.iov_len;
  search.registers(vectors.data(), into.iov_len, place);
}

// Memory as memory, notes as registers.
void searchCore(Search& search, const uint8_t* core, size_t size, Place place, const std::vector<Mapping>& mappings) {
  Coverage& coverage = search.coverage(place.method, place.process);
  Elf64_Ehdr header;
  memcpy(&header, core, sizeof header);
  for (size_t i = 0; i < header.e_phnum; i++) {
    size_t at = header.e_phoff + i * header.e_phentsize;
    if (at + sizeof(Elf64_Phdr) > size) break;
    Elf64_Phdr segment;
    memcpy(&segment, core + at, sizeof segment);
    if (segment.p_offset + segment.p_filesz > size) continue;
    const uint8_t* bytes = core + segment.p_offset;
    if (segment.p_type == PT_NOTE) {
      place.where = "core notes (registers of all threads)";
      search.registers(bytes, segment.p_filesz, place);
    } else if (segment.p_type == PT_LOAD) {
      place.where = "[core memory]";
      for (const Mapping& mapping : mappings) {
        if (segment.p_vaddr >= mapping.begin && segment.p_vaddr < mapping.end) place.where = mapping.label();
      }
      search.memory(bytes, segment.p_filesz, segment.p_vaddr, place);
    } else {
      continue;
    }
    coverage.bytes += segment.p_filesz;
  }
}

bool isCore(const std::string& text) {
  if (text.size() < sizeof(Elf64_Ehdr) || memcmp(text.data(), ELFMAG, SELFMAG) != 0) return false;
  Elf64_Ehdr header;
  memcpy(&header, text.data(), sizeof header);
  return header.e_type == ET_CORE;
}

// Runs gcore with its output in a file. Debian's gdb is a dynamic program of its own: no path of ours for it.
void runGcore(pid_t process, const std::string& prefix, const std::string& log) {
  pid_t child = fork();
  if (child == 0) {
    int output = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    unsetenv("LD_LIBRARY_PATH");
    std::string id = std::to_string(process);
    execlp("gcore", "gcore", "-a", "-o", prefix.c_str(), id.c_str(), nullptr);
    _exit(127);
  }
  waitpid(child, nullptr, 0);
}

int openPerf(pid_t thread) {
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_SOFTWARE;
  wanted.config = PERF_COUNT_SW_CPU_CLOCK;
  wanted.freq = 1;
  wanted.sample_freq = 2000;
  wanted.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
  wanted.sample_regs_user = 0xff0fff;
  wanted.sample_stack_user = 16384;
  wanted.exclude_kernel = 1;
  wanted.wakeup_events = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &wanted, thread, -1, -1, 0));
}

}  // namespace

void readRegisters(Search& search, pid_t process, int samples) {
  Place place{"regs", processName(process), ""};
  Coverage& coverage = search.coverage("regs", place.process);
  Bytes vectors(VECTOR_STATE_BYTES);
  for (int thread : numbersIn(procPath(process, "task"))) {
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0) {
      coverage.blocked++;
      coverage.why = std::string("PTRACE_SEIZE: ") + strerror(errno);
      continue;
    }
    int status = 0;
    for (int i = 0; i < samples; i++) {
      nap(SAMPLE_PAUSE);
      if (!stop(thread, status)) break;
      coverage.runs++;
      lookAtRegisters(search, thread, place, vectors);
      int signal = WSTOPSIG(status);
      bool ours = (status >> 16) != 0 || signal == SIGTRAP;
      ptrace(PTRACE_CONT, thread, 0, static_cast<long>(ours ? 0 : signal));
    }
    stop(thread, status);
    ptrace(PTRACE_DETACH, thread, 0, 0);
  }
}

void readCore(Search& search, pid_t process, const std::string& folder) {
  Place place{"gcore", processName(process), ""};
  Coverage& coverage = search.coverage("gcore", place.process);
  std::string prefix = folder + "/memscan." + std::to_string(getpid());
  std::string core = prefix + "." + std::to_string(process), log = prefix + ".log";
  runGcore(process, prefix, log);
  std::string bytes = slurp(core);
  if (isCore(bytes)) {
    coverage.runs++;
    coverage.whole++;
    searchCore(search, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), place, mappingsOf(process));
  } else {
    std::string text = slurp(log);
    size_t reason = text.find("ptrace:");
    coverage.blocked++;
    coverage.why = reason == std::string::npos ? "no core made" : text.substr(reason, text.find('\n', reason) - reason);
  }
  unlink(core.c_str());
  unlink(log.c_str());
}

void samplePerf(Search& search, pid_t process) {
  constexpr size_t PAGE = 4096, RING = 256 * PAGE;
  Place place{"perf", processName(process), "sampled user stack"};
  Coverage& coverage = search.coverage("perf", place.process);
  for (int thread : numbersIn(procPath(process, "task"))) {
    int counter = openPerf(thread);
    void* mapped =
        counter < 0 ? MAP_FAILED : mmap(nullptr, RING + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, counter, 0);
    if (mapped == MAP_FAILED) {
      coverage.blocked++;
      coverage.why = strerror(errno);
      if (counter >= 0) close(counter);
      continue;
    }
    auto* header = static_cast<perf_event_mmap_page*>(mapped);
    const uint8_t* ring = static_cast<const uint8_t*>(mapped) + PAGE;
    for (int i = 0; i < 40; i++) {
      usleep(5000);
      uint64_t head = __atomic_load_n(&header->data_head, __ATOMIC_ACQUIRE);
      Bytes samples;
      for (uint64_t at = header->data_tail; at < head; at++) samples.push_back(ring[at % RING]);
      coverage.runs++;
      coverage.bytes += samples.size();
      search.memory(samples.data(), samples.size(), 0, place);
      __atomic_store_n(&header->data_tail, head, __ATOMIC_RELEASE);
    }
    munmap(mapped, RING + PAGE);
    close(counter);
  }
}

void readFile(Search& search, const std::string& path) {
  Place place{"file", path, "contents"};
  Coverage& coverage = search.coverage("file", path);
  coverage.runs++;
  std::string text = slurp(path);
  if (isCore(text)) {
    searchCore(search, reinterpret_cast<const uint8_t*>(text.data()), text.size(), place, {});
    return;
  }
  coverage.bytes += text.size();
  search.memory(reinterpret_cast<const uint8_t*>(text.data()), text.size(), 0, place);
}

}  // namespace waas::memscan
