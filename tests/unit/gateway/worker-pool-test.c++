#include "client/gateway/worker-pool.h"

#include <gtest/gtest.h>
#include <kj/async-io.h>

#include <atomic>

namespace waas::gateway {
namespace {

TEST(WorkerPool, RunsJobsElsewhereAndBringsTheirResultsBack) {
  auto io = kj::setupAsyncIo();
  WorkerPool pool(2, 16);
  auto here = std::this_thread::get_id();
  auto elsewhere = pool.run<bool>([here](uint32_t) { return std::this_thread::get_id() != here; });
  EXPECT_TRUE(elsewhere.wait(io.waitScope));
}

TEST(WorkerPool, WhatAJobThrowsBreaksItsPromise) {
  auto io = kj::setupAsyncIo();
  WorkerPool pool(1, 16);
  auto failing = pool.run<int>(
      [](uint32_t) -> int { kj::throwFatalException(client::makeFailure(client::ErrorCode::NOT_ALLOWED, "no")); });
  auto code = failing
                  .then([](int) { return client::ErrorCode::UNKNOWN; },
                        [](kj::Exception&& exception) { return client::failureOf(exception).code; })
                  .wait(io.waitScope);
  EXPECT_EQ(code, client::ErrorCode::NOT_ALLOWED);
}

TEST(WorkerPool, RefusesAtOnceWhenItsQueueIsFull) {
  auto io = kj::setupAsyncIo();
  WorkerPool pool(1, 1);
  std::mutex gate;
  gate.lock();
  std::atomic<bool> started = false;
  auto running = pool.run<int>([&](uint32_t) {
    started = true;
    std::lock_guard wait(gate);
    return 1;
  });
  while (!started) std::this_thread::yield();
  auto waiting = pool.run<int>([](uint32_t) { return 2; });
  auto refused = pool.run<int>([](uint32_t) { return 3; });
  auto code = refused
                  .then([](int) { return client::ErrorCode::UNKNOWN; },
                        [](kj::Exception&& exception) { return client::failureOf(exception).code; })
                  .wait(io.waitScope);
  EXPECT_EQ(code, client::ErrorCode::OVERLOADED);
  gate.unlock();
  EXPECT_EQ(running.wait(io.waitScope), 1);
  EXPECT_EQ(waiting.wait(io.waitScope), 2);
}

TEST(WorkerPool, AJobWhosePromiseWasDroppedHarmsNobody) {
  auto io = kj::setupAsyncIo();
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(1, 16);
    {
      auto dropped = pool.run<int>([&](uint32_t) { return ++ran; });
    }
    EXPECT_EQ(pool.run<int>([&](uint32_t) { return ++ran; }).wait(io.waitScope), 2);
  }
}

}  // namespace
}  // namespace waas::gateway
