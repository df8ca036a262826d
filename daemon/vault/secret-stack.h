#pragma once
// Running code on a stack that is secret memory.
//
// Libraries leave pieces of keys on the stack that they ran on. The main thread's stack is ordinary memory, so start-up
// work with secrets (reading the root credential, unwrapping the keyring, making keys) goes through
// `callOnSecretStack`, and workers are started with `startOnSecretStack`.
#include "daemon/vault/secret-memory.h"

namespace waas::vault {

// Large enough for everything that the vault does, with libsodium's deepest call.
constexpr size_t SECRET_STACK_BYTES = size_t{256} << 10;

// Calls `run(argument)` in this thread, but on `stack`, and returns when it has returned; then wipes the stack and the
// vector registers. `run` must not throw. Throws nothing; false when the kernel refuses. Under sanitizers, which follow
// stacks themselves, it calls `run` directly. Uses rt_sigprocmask: call it before the system call filter is in place.
[[nodiscard]] bool callOnSecretStack(SecretRegion& stack, void (*run)(void*), void* argument);

// The same for a lambda: `callOnSecretStack(stack, [&] { … })`.
template <typename Run>
[[nodiscard]] bool callOnSecretStack(SecretRegion& stack, Run run) {
  return callOnSecretStack(
      stack, [](void* r) { (*static_cast<Run*>(r))(); }, &run);
}

// Starts a detached thread on `stack`, with all signals blocked. Its thread-local storage lies in the region, too. The
// region must outlive the process, and nobody can join such a thread: glibc waits for the end of a thread with a shared
// futex on its stack, which the kernel refuses for secret memory. Signal the end through a word in ordinary memory.
// False when no thread could be made. Under sanitizers the stack is an ordinary one.
[[nodiscard]] bool startOnSecretStack(SecretRegion& stack, void* (*run)(void*), void* argument);

}  // namespace waas::vault
