#include "daemon/vault/secret-stack.h"

#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <sodium.h>

#include "daemon/vault/vector-registers.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WAAS_STACKS_ARE_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WAAS_STACKS_ARE_WATCHED 1
#endif
#endif

namespace waas::vault {

#ifdef WAAS_STACKS_ARE_WATCHED

bool callOnSecretStack(SecretRegion&, void (*run)(void*), void* argument) {
  run(argument);
  return true;
}

#else

namespace {

struct Call {
  void (*run)(void*);
  void* argument;
};

// makecontext passes ints only, so the pointer comes in halves.
void enter(unsigned high, unsigned low) {
  auto* call = reinterpret_cast<Call*>(static_cast<uintptr_t>(high) << 32 | low);
  call->run(call->argument);
  wipeVectorRegisters();
}

}  // namespace

bool callOnSecretStack(SecretRegion& stack, void (*run)(void*), void* argument) {
  Call call{run, argument};
  // Both contexts hold registers as they are before the first secret is touched: returning through uc_link saves none.
  ucontext_t back, there;
  if (getcontext(&there) != 0) return false;
  there.uc_stack.ss_sp = stack.begin();
  there.uc_stack.ss_size = stack.size();
  there.uc_link = &back;
  auto address = reinterpret_cast<uintptr_t>(&call);
  makecontext(&there, reinterpret_cast<void (*)()>(enter), 2, static_cast<unsigned>(address >> 32),
              static_cast<unsigned>(address));
  bool done = swapcontext(&back, &there) == 0;
  sodium_memzero(stack.begin(), stack.size());
  return done;
}

#endif

bool startOnSecretStack([[maybe_unused]] SecretRegion& stack, void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  wipeVectorRegisters();  // a new thread begins with its maker's registers
  pthread_t thread;
  bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
#ifndef WAAS_STACKS_ARE_WATCHED  // a sanitizer puts a megabyte of its own on each stack
                 pthread_attr_setstack(&attributes, stack.begin(), stack.size()) == 0 &&
#endif
                 pthread_create(&thread, &attributes, run, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace waas::vault
