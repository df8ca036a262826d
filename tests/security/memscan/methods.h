#pragma once
// The ways in which root can read another process. Each notes in the search's coverage what it could not read.
#include <sys/types.h>

#include <string>

#include "search.h"

namespace waas::memscan {

// /proc/PID/mem, every mapping. `method`: the name to record it under.
void readMemory(Search& search, pid_t process, const std::string& method);
// The same while the process is stopped by SIGSTOP: a consistent snapshot, without ptrace.
void readStopped(Search& search, pid_t process);
// process_vm_readv, readable mappings.
void readByVector(Search& search, pid_t process);
// environ, cmdline, auxv, status, stat, syscall.
void readProc(Search& search, pid_t process);
// A copy of each descriptor: secret memory mapped, files read, what waits in sockets and pipes looked at.
void readDescriptors(Search& search, pid_t process);
// PTRACE_SEIZE of each thread, `samples` looks at its registers.
void readRegisters(Search& search, pid_t process, int samples);
// gcore, whose file (in `folder`, deleted at once) is read as memory and registers.
void readCore(Search& search, pid_t process, const std::string& folder);
// perf_event_open samples of user stacks; runs in the process's own context, so secret memory is no help. Known limit.
void samplePerf(Search& search, pid_t process);
// A file; a core by its segments.
void readFile(Search& search, const std::string& path);

// Sleeps a random time below `microseconds`, so that rounds do not fall into step with what is watched.
void nap(unsigned microseconds);

}  // namespace waas::memscan
