// guarded-threads: four threads besides the main one that work without end; says "ready" when all run.
#include <atomic>
#include <cstdio>
#include <thread>

#include <unistd.h>

int main() {
  std::atomic<int> running = 0;
  for (int i = 0; i < 4; i++) {
    std::thread([&running] {
      running++;
      for (;;) usleep(1000);
    }).detach();
  }
  while (running != 4) usleep(100);
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
