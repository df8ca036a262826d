#include "methods.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <random>

#include "process.h"

namespace waas::memscan {
namespace {

constexpr size_t PAGE = 4096;
constexpr size_t MOST_PAGES_AT_ONCE = 4096;

// Reads `size` bytes at `address` of the process; as pread, -1 and errno.
using Reader = std::function<ssize_t(uint64_t address, void* into, size_t size)>;
enum class Which { ALL, READABLE };

// Which pages of a mapping exist (bit 63 present, bit 62 swapped); empty: not known, try them all.
std::vector<bool> presentPages(int pagemap, const Mapping& mapping) {
  bool anonymous = mapping.name[0] == '[' || mapping.name.rfind("/secretmem", 0) == 0;
  size_t pages = (mapping.end - mapping.begin) / PAGE;
  if (!anonymous || pagemap < 0) return {};
  std::vector<uint64_t> entries(pages, ~0ull);
  if (pread(pagemap, entries.data(), pages * 8, static_cast<off_t>(mapping.begin / PAGE * 8)) < 0) return {};
  std::vector<bool> present(pages);
  for (size_t i = 0; i < pages; i++) present[i] = (entries[i] >> 62) != 0;
  return present;
}

// Reads one mapping in runs of pages that exist. Runs overlap by a page, so that nothing hides on a border.
void readMapping(Search& search, const Mapping& mapping, const std::vector<bool>& present, const Reader& read,
                 const Place& place, std::vector<uint8_t>& buffer) {
  Coverage& coverage = search.coverage(place.method, place.process);
  size_t pages = (mapping.end - mapping.begin) / PAGE;
  auto exists = [&](size_t page) { return present.empty() || present[page]; };
  auto refuse = [&](size_t bytes) {
    coverage.refused += bytes;
    coverage.refusedAt[place.where] += bytes;
  };
  for (size_t i = 0; i < pages;) {
    if (!exists(i)) {
      i++;
      continue;
    }
    size_t j = i;
    while (j < pages && j - i < MOST_PAGES_AT_ONCE && exists(j)) j++;
    size_t size = (j - i) * PAGE;
    uint64_t address = mapping.begin + i * PAGE;
    buffer.resize(size);
    ssize_t got = read(address, buffer.data(), size);
    if (got <= 0) {
      if (errno == ESRCH) return;
      refuse(size);
      i = j;
      continue;
    }
    auto bytes = static_cast<size_t>(got);
    coverage.bytes += bytes;
    search.memory(buffer.data(), bytes, address, place);
    if (bytes < size) {
      i += std::max<size_t>(bytes / PAGE, 1) + 1;
      refuse(PAGE);
    } else {
      i = j;
      if (j < pages && j - i > 1 && exists(j)) i--;
    }
  }
}

void readMappings(Search& search, pid_t process, const std::string& method, Which which, const Reader& read) {
  Place place{method, processName(process), ""};
  Coverage& coverage = search.coverage(method, place.process);
  coverage.runs++;
  int pagemap = open(procPath(process, "pagemap").c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<uint8_t> buffer;
  for (const Mapping& mapping : mappingsOf(process)) {
    if (mapping.name == "[vsyscall]" || mapping.name.rfind("[vvar", 0) == 0) continue;
    if (which == Which::READABLE && mapping.permissions[0] != 'r') continue;
    place.where = mapping.label();
    readMapping(search, mapping, presentPages(pagemap, mapping), read, place, buffer);
  }
  if (pagemap >= 0) close(pagemap);
  if (isAlive(process) && !mappingsOf(process).empty()) coverage.whole++;
}

void searchFile(Search& search, const std::string& path, const Place& place) {
  std::string text = slurp(path);
  search.coverage(place.method, place.process).bytes += text.size();
  search.memory(reinterpret_cast<const uint8_t*>(text.data()), text.size(), 0, place);
}

void searchMapped(Search& search, int file, size_t size, uint64_t address, const Place& place) {
  void* pages = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  if (pages == MAP_FAILED) return;
  search.coverage(place.method, place.process).bytes += size;
  search.memory(static_cast<uint8_t*>(pages), size, address, place);
  munmap(pages, size);
}

// Looks at what waits in a pipe without taking it.
void searchPipe(Search& search, const std::string& path, const Place& place) {
  int copy[2];
  if (pipe2(copy, O_NONBLOCK | O_CLOEXEC) != 0) return;
  uint8_t buffer[65536];
  int source = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (source >= 0 && tee(source, copy[1], sizeof buffer, SPLICE_F_NONBLOCK) > 0) {
    ssize_t got = read(copy[0], buffer, sizeof buffer);
    if (got > 0) search.memory(buffer, static_cast<size_t>(got), 0, place);
  }
  if (source >= 0) close(source);
  close(copy[0]);
  close(copy[1]);
}

void readOneDescriptor(Search& search, pid_t process, int number, int copy, const std::string& name,
                       const Place& place) {
  struct stat about {};
  if (fstat(copy, &about) != 0) return;
  std::string path = procPath(process, "fd/" + std::to_string(number));
  if (name.find("secretmem") != std::string::npos) {
    searchMapped(search, copy, static_cast<size_t>(about.st_size), 0, place);
  } else if (S_ISREG(about.st_mode)) {
    searchFile(search, path, place);
  } else if (S_ISSOCK(about.st_mode)) {
    uint8_t buffer[65536];
    ssize_t got = recv(copy, buffer, sizeof buffer, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) search.memory(buffer, static_cast<size_t>(got), 0, place);
  } else if (S_ISFIFO(about.st_mode)) {
    searchPipe(search, path, place);
  }
}

// Whether a mapping can be opened anew by its entry in map_files.
void reopenMappings(Search& search, pid_t process, Place place) {
  for (const Mapping& mapping : mappingsOf(process)) {
    bool ofInterest =
        mapping.name.find("secretmem") != std::string::npos || mapping.name.find("memfd:") != std::string::npos;
    if (!ofInterest) continue;
    char file[96];
    snprintf(file, sizeof file, "map_files/%lx-%lx", mapping.begin, mapping.end);
    int opened = open(procPath(process, file).c_str(), O_RDONLY | O_CLOEXEC);
    place.where = "map_files " + mapping.name;
    if (opened < 0) {
      Coverage& coverage = search.coverage(place.method, place.process);
      coverage.blocked++;
      coverage.why = std::string("map_files: ") + strerror(errno);
      continue;
    }
    searchMapped(search, opened, mapping.end - mapping.begin, mapping.begin, place);
    close(opened);
  }
}

}  // namespace

void nap(unsigned microseconds) {
  static std::mt19937_64 random{std::random_device{}()};
  if (microseconds != 0) usleep(static_cast<useconds_t>(random() % microseconds));
}

void readMemory(Search& search, pid_t process, const std::string& method) {
  int memory = open(procPath(process, "mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) {
    Coverage& coverage = search.coverage(method, processName(process));
    coverage.blocked++;
    coverage.why = strerror(errno);
    return;
  }
  readMappings(search, process, method, Which::ALL, [&](uint64_t address, void* into, size_t size) {
    return pread(memory, into, size, static_cast<off_t>(address));
  });
  close(memory);
}

void readStopped(Search& search, pid_t process) {
  if (process == 1) return;
  nap(3000);
  kill(process, SIGSTOP);
  usleep(300);
  readMemory(search, process, "stopmem");
  kill(process, SIGCONT);
}

void readByVector(Search& search, pid_t process) {
  readMappings(search, process, "vmreadv", Which::READABLE, [&](uint64_t address, void* into, size_t size) {
    iovec here{into, size}, there{reinterpret_cast<void*>(address), size};
    return process_vm_readv(process, &here, 1, &there, 1, 0);
  });
}

void readProc(Search& search, pid_t process) {
  for (const char* file : {"environ", "cmdline", "auxv", "status", "stat", "syscall"}) {
    Place place{"env", processName(process), std::string("/proc/PID/") + file};
    search.coverage("env", place.process).runs++;
    searchFile(search, procPath(process, file), place);
  }
}

void readDescriptors(Search& search, pid_t process) {
  Place place{"fds", processName(process), ""};
  Coverage& coverage = search.coverage("fds", place.process);
  coverage.runs++;
  int handle = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  for (int number : numbersIn(procPath(process, "fd"))) {
    char link[512];
    ssize_t length = readlink(procPath(process, "fd/" + std::to_string(number)).c_str(), link, sizeof link);
    if (length < 0) continue;
    std::string name(link, static_cast<size_t>(length));
    place.where = "fd " + std::to_string(number) + " " + name.substr(0, name.find(":["));
    int copy = static_cast<int>(syscall(SYS_pidfd_getfd, handle, number, 0));
    if (copy < 0) {
      coverage.blocked++;
      coverage.why = strerror(errno);
      continue;
    }
    readOneDescriptor(search, process, number, copy, name, place);
    close(copy);
  }
  if (handle >= 0) close(handle);
  reopenMappings(search, process, place);
}

}  // namespace waas::memscan
