#include "limit-turns.h"

#include <algorithm>

namespace waas::broker {

class LimitTurns::Waiting {
 public:
  Waiting(kj::PromiseFulfiller<kj::Own<Turn>>& fulfiller, LimitTurns& turns, const Id& wallet)
      : fulfiller(fulfiller), turns(turns), wallet(wallet) {
    turns.lines[wallet].push_back(this);
  }
  ~Waiting() noexcept(false) {
    if (!inLine) return;
    auto& line = turns.lines[wallet];
    line.erase(std::remove(line.begin(), line.end(), this), line.end());
  }
  KJ_DISALLOW_COPY(Waiting);

  void go() {
    inLine = false;
    fulfiller.fulfill(kj::heap<Turn>(turns, wallet));
  }

 private:
  kj::PromiseFulfiller<kj::Own<Turn>>& fulfiller;
  LimitTurns& turns;
  Id wallet;
  bool inLine = true;
};

kj::Promise<kj::Own<LimitTurns::Turn>> LimitTurns::take(const Id& wallet) {
  if (lines.count(wallet) > 0) return kj::newAdaptedPromise<kj::Own<Turn>, Waiting>(*this, wallet);
  lines.emplace(wallet, std::deque<Waiting*>());
  return kj::heap<Turn>(*this, wallet);
}

// A promise that was given up after it was kept takes its turn along, whose end passes it on.
void LimitTurns::passOn(const Id& wallet) {
  auto line = lines.find(wallet);
  if (line->second.empty()) {
    lines.erase(line);
    return;
  }
  Waiting* next = line->second.front();
  line->second.pop_front();
  next->go();
}

}  // namespace waas::broker
