#include "policy/limits.h"

#include <algorithm>

#include "policy/policy.h"

namespace waas::policy {
namespace {

std::uint64_t addSaturated(std::uint64_t a, std::uint64_t b) noexcept {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

const Limit* findLimit(const Policy& policy, std::uint64_t id) noexcept {
  auto found = std::ranges::find(policy.limits, id, &Limit::id);
  return found == policy.limits.end() ? nullptr : &*found;
}

Window* findWindow(LimitState& state, std::uint64_t limit) noexcept {
  auto windows = std::span(state.windows).first(state.count);
  auto found = std::ranges::find(windows, limit, &Window::limit);
  return found == windows.end() ? nullptr : &*found;
}

/// Moves the window on to `now`. A clock that went back leaves it where it is.
void advance(Window& window, std::uint64_t now) noexcept {
  if (window.bucket == 0) return;
  std::uint64_t number = now / window.bucket;
  if (number <= window.newest) return;
  std::uint64_t steps = number - window.newest;
  for (std::size_t i = window.used.size(); i-- > 0;) window.used[i] = i >= steps ? window.used[i - steps] : 0;
  window.newest = number;
}

std::uint64_t sum(const Window& window) noexcept {
  std::uint64_t total = 0;
  for (std::uint64_t used : window.used) total = addSaturated(total, used);
  return total;
}

std::uint64_t usedAt(Window window, std::uint64_t now) noexcept {
  advance(window, now);
  return sum(window);
}

/// Whether what the charges ask of one limit in all is at most `room`.
bool asksAtMost(std::span<const Charge> charges, std::uint64_t limit, std::uint64_t room) noexcept {
  for (const Charge& charge : charges) {
    if (charge.limit != limit) continue;
    if (charge.amount > room) return false;
    room -= charge.amount;
  }
  return true;
}

/// Takes windows away that are over.
void dropEnded(LimitState& state, std::uint64_t now) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < state.count; ++i) {
    if (usedAt(state.windows[i], now) > 0) state.windows[kept++] = state.windows[i];
  }
  state.count = kept;
}

/// A place for a new window. With all places taken, one that the policy does not speak of any more has to go: there are
/// no more limits in a policy than places.
Window* makeRoom(const Policy& policy, LimitState& state) noexcept {
  if (state.count < state.windows.size()) return &state.windows[state.count++];
  for (Window& window : state.windows) {
    if (findLimit(policy, window.limit) == nullptr) return &window;
  }
  return nullptr;
}

}  // namespace

std::uint64_t usedOf(const LimitState& state, std::uint64_t limit, std::uint64_t now) noexcept {
  for (const Window& window : state.all()) {
    if (window.limit == limit) return usedAt(window, now);
  }
  return 0;
}

bool fits(const Policy& policy, const LimitState& state, std::span<const Charge> charges, std::uint64_t now) noexcept {
  for (const Charge& charge : charges) {
    const Limit* limit = findLimit(policy, charge.limit);
    if (limit == nullptr) return false;
    std::uint64_t used = usedOf(state, charge.limit, now);
    if (used > limit->most || !asksAtMost(charges, charge.limit, limit->most - used)) return false;
  }
  return true;
}

bool charge(const Policy& policy, LimitState& state, std::span<const Charge> charges, std::uint64_t now) noexcept {
  if (!fits(policy, state, charges, now)) return false;
  LimitState next = state;
  dropEnded(next, now);
  for (const Charge& charge : charges) {
    const Limit* limit = findLimit(policy, charge.limit);
    Window* window = findWindow(next, charge.limit);
    if (window == nullptr) {
      window = makeRoom(policy, next);
      if (window == nullptr) return false;
      std::uint64_t bucket = limit->window / BUCKETS;
      *window = Window{limit->id, now / bucket, bucket, {}};
    }
    advance(*window, now);
    window->used[0] = addSaturated(window->used[0], charge.amount);
  }
  state = next;
  return true;
}

bool isSound(const LimitState& state) noexcept {
  if (state.count > state.windows.size()) return false;
  for (std::size_t i = 0; i < state.count; ++i) {
    const Window& window = state.windows[i];
    if (window.limit == 0 || window.bucket == 0) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (state.windows[j].limit == window.limit) return false;
    }
  }
  return true;
}

}  // namespace waas::policy
