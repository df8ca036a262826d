// memscan-specimen FILE: holds given bytes in given places, says READY, waits. Only there to test memscan.
//
// FILE has lines `PLACE HEX`. Places: heap freed stack thread bss anon none shared memfd fdonly file socket pipe
// secretmem secretfd xmm zmm gpr.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t REGION = 1 << 20;
constexpr size_t MOST_ITEMS = 20000;

// One thing to hold. All lie in a mapping of their own, which is gone before READY.
struct Item {
  char place[16];
  uint8_t bytes[512];
  size_t size;
  bool in(const char* wanted) const { return strcmp(place, wanted) == 0; }
  bool inThread() const { return in("thread") || in("xmm") || in("zmm") || in("gpr"); }
};

uint8_t staticPlace[REGION];
pthread_barrier_t placed;

[[noreturn]] void fail(const char* what) {
  perror(what);
  exit(2);
}

uint8_t* map(int protection, int flags, int file = -1) {
  void* pages = mmap(nullptr, REGION, protection, flags, file, 0);
  if (pages == MAP_FAILED) fail("mmap");
  return static_cast<uint8_t*>(pages);
}

// Puts items into a region at odd places, with zeros between.
struct Region {
  uint8_t* begin;
  size_t used = 0;
  void put(const Item& item) {
    memcpy(begin + used + 37, item.bytes, item.size);
    used += item.size + 91;
  }
};

[[noreturn]] void spinXmm(const uint8_t* bytes) {
  uint8_t copy[16];
  memcpy(copy, bytes, 16);
  asm volatile("movdqu (%0),%%xmm5" : : "r"(copy) : "xmm5");
  explicit_bzero(copy, sizeof copy);
  for (;;) asm volatile("pause" : : : "memory");
}

[[noreturn]] void spinZmm(const uint8_t* bytes) {
  uint8_t copy[64] = {};
  memcpy(copy, bytes, 32);
  asm volatile("vmovdqu64 (%0),%%zmm21" : : "r"(copy));
  explicit_bzero(copy, sizeof copy);
  for (;;) asm volatile("pause" : : : "memory");
}

[[noreturn]] void spinGeneral(const uint8_t* bytes) {
  uint64_t value;
  memcpy(&value, bytes, 8);
  asm volatile("mov %0,%%r13\n mov $0,%0\n1: pause\n jmp 1b" : "+a"(value) : : "r13");
  __builtin_unreachable();
}

// Keeps its item on its own stack, or in a register of its own.
void* hold(void* argument) {
  auto* item = static_cast<Item*>(argument);
  Item mine = *item;
  if (mine.in("thread")) {
    pthread_barrier_wait(&placed);
    for (;;) {
      asm volatile("" : : "r"(&mine) : "memory");
      pause();
    }
  }
  uint8_t bytes[64];
  memcpy(bytes, mine.bytes, sizeof bytes);
  explicit_bzero(&mine, sizeof mine);
  pthread_barrier_wait(&placed);
  if (item->in("xmm")) spinXmm(bytes);
  if (item->in("zmm")) spinZmm(bytes);
  spinGeneral(bytes);
}

size_t readItems(const char* path, Item* items) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about {};
  if (file < 0 || fstat(file, &about) != 0) fail(path);
  auto size = static_cast<size_t>(about.st_size);
  auto* text =
      static_cast<char*>(mmap(nullptr, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (read(file, text, size) != about.st_size) fail("read");
  close(file);
  size_t count = 0;
  for (char* line = strtok(text, "\n"); line != nullptr; line = strtok(nullptr, "\n")) {
    Item& item = items[count++];
    char* space = strchr(line, ' ');
    memcpy(item.place, line, static_cast<size_t>(space - line));
    for (char* hex = space + 1; hex[0] != 0 && hex[1] != 0; hex += 2) {
      char pair[3] = {hex[0], hex[1], 0};
      item.bytes[item.size++] = static_cast<uint8_t>(strtoul(pair, nullptr, 16));
    }
  }
  munmap(text, size + 4096);
  return count;
}

int secretMemory() {
  constexpr long MEMFD_SECRET = 447;
  int file = static_cast<int>(syscall(MEMFD_SECRET, 0));
  if (file < 0 || ftruncate(file, REGION) != 0) fail("memfd_secret");
  return file;
}

int temporaryFile() {
  char name[] = "/var/tmp/memscan-specimen-XXXXXX";
  int file = mkstemp(name);
  unlink(name);
  if (file < 0 || ftruncate(file, REGION) != 0) fail("mkstemp");
  return file;
}

// All the places besides the stack.
struct Places {
  Region anonymous{map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)};
  Region none{map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)};
  Region shared{map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS)};
  int memfd = memfd_create("specimen", 0), unmapped = memfd_create("fdonly", 0);
  int grown = ftruncate(memfd, REGION);
  Region inMemfd{map(PROT_READ | PROT_WRITE, MAP_SHARED, memfd)};
  int closedSecret = secretMemory(), openSecret = secretMemory();
  uint8_t* secret = map(PROT_READ | PROT_WRITE, MAP_SHARED, closedSecret);
  Region inOpenSecret{map(PROT_READ | PROT_WRITE, MAP_SHARED, openSecret)};
  Region bss{staticPlace};
  int file = temporaryFile();
  size_t fileUsed = 0;
  int sockets[2], pipes[2];

  void put(const Item& item);
};

void Places::put(const Item& item) {
  if (item.in("heap")) {
    auto* block = static_cast<uint8_t*>(calloc(1, item.size + 64));
    memcpy(block + 29, item.bytes, item.size);
    asm volatile("" : : "r"(block) : "memory");  // else a store that nobody reads is left out
  } else if (item.in("freed")) {
    auto* block = static_cast<uint8_t*>(calloc(1, 900));
    memcpy(block + 500, item.bytes, item.size);
    asm volatile("" : : "r"(block) : "memory");
    free(block);
  } else if (item.in("bss")) {
    bss.put(item);
  } else if (item.in("anon")) {
    anonymous.put(item);
  } else if (item.in("none")) {
    none.put(item);
  } else if (item.in("shared")) {
    shared.put(item);
  } else if (item.in("memfd")) {
    inMemfd.put(item);
  } else if (item.in("secretfd")) {
    inOpenSecret.put(item);
  } else if (item.in("secretmem")) {
    // Byte by byte: memcpy leaves its last bytes in a vector register, from where they reach other stacks.
    for (size_t i = 0; i < item.size; i++) const_cast<volatile uint8_t*>(secret)[37 + i] = item.bytes[i];
  } else if (item.in("file")) {
    if (pwrite(file, item.bytes, item.size, static_cast<off_t>(fileUsed) + 11) < 0) fail("pwrite");
    fileUsed += item.size + 50;
  } else {
    int into = item.in("fdonly") ? unmapped : item.in("socket") ? sockets[0] : item.in("pipe") ? pipes[1] : -1;
    if (write(into, item.bytes, item.size) < 0) fail(item.place);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  size_t itemBytes = sizeof(Item) * MOST_ITEMS;
  auto* items =
      static_cast<Item*>(mmap(nullptr, itemBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  size_t number = readItems(arguments[1], items);
  uint8_t onStack[65536];
  memset(onStack, 0, sizeof onStack);
  Region stack{onStack};
  Places places;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, places.sockets) != 0 || pipe(places.pipes) != 0) fail("pipe");
  unsigned threads = 0;
  for (size_t i = 0; i < number; i++) threads += items[i].inThread() ? 1u : 0u;
  pthread_barrier_init(&placed, nullptr, threads + 1);
  for (size_t i = 0; i < number; i++) {
    pthread_t thread;
    if (items[i].inThread())
      pthread_create(&thread, nullptr, hold, &items[i]);
    else if (items[i].in("stack"))
      stack.put(items[i]);
    else
      places.put(items[i]);
  }
  pthread_barrier_wait(&placed);
  // Threads read the name of their place once more before they spin.
  usleep(50000);
  explicit_bzero(items, itemBytes);
  munmap(items, itemBytes);
  close(places.closedSecret);
  mprotect(places.none.begin, REGION, PROT_NONE);
  munmap(places.inOpenSecret.begin, REGION);
  uint8_t* mappedFile = map(PROT_READ, MAP_PRIVATE, places.file);
  puts("READY");
  fflush(stdout);
  for (;;) {
    asm volatile("" : : "r"(onStack), "r"(mappedFile), "r"(&places) : "memory");
    pause();
  }
}
