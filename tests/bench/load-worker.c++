#include "load-worker.h"

#include <kj/debug.h>
#include <sodium.h>

#include <algorithm>

namespace waas::load {
namespace {

// After a failure a loop rests a little: a store that is away must not be met by a busy loop.
constexpr kj::Duration REST = 10 * kj::MILLISECONDS;
// Words of a request beside its transactions.
constexpr uint64_t CALL_WORDS = 32, ITEM_WORDS = 16 + TRANSACTION_SIZE / 8;

}  // namespace

Worker::Worker(kj::Own<kj::AsyncIoStream> inner, kj::Timer& timer, std::vector<LoadWallet>& wallets, Tally& tally,
               uint32_t many, uint64_t seed)
    : timer(timer), wallets(wallets), tally(tally), many(many), state(seed), stream(kj::mv(inner)), rpc(stream) {}

kj::Promise<void> Worker::enter() {
  return rpc.bootstrap().castAs<protocol::Signer>().enterRequest().send().then([this](auto response) {
    auto roles = response.getRoles();
    if (roles.isRefused()) kj::throwFatalException(client::makeFailure(client::failureOf(roles.getRefused())));
    KJ_REQUIRE(roles.getOk().hasService(), "this user is no local service of the daemon");
    session = roles.getOk().getService();
  });
}

kj::Promise<void> Worker::run(uint32_t depth) {
  auto loops = kj::heapArrayBuilder<kj::Promise<void>>(depth);
  for (uint32_t i = 0; i < depth; i++) loops.add(loop());
  return kj::joinPromises(loops.finish());
}

kj::Promise<void> Worker::loop() {
  if (!tally.goesOn()) return kj::READY_NOW;
  return once().then([this]() { return loop(); });
}

kj::Promise<void> Worker::once() {
  auto request = KJ_ASSERT_NONNULL(session).signRequest(capnp::MessageSize{CALL_WORDS + many * ITEM_WORDS, 0});
  auto list = request.initItems(many);
  std::vector<Item> items;
  items.reserve(many);
  for (auto to : list) items.push_back(fill(to));
  auto sent = Clock::now();
  return request.send().then(
      [this, items = std::move(items), sent](Response response) -> kj::Promise<void> {
        if (take(response, items, sent)) return kj::READY_NOW;
        return timer.afterDelay(REST);
      },
      [this](kj::Exception&& e) -> kj::Promise<void> {
        tally.failed(client::failureOf(e).code);
        return timer.afterDelay(REST);
      });
}

// A message of its own for each: another blockhash, another amount.
Worker::Item Worker::fill(protocol::SignItem::Builder to) {
  Item item;
  item.wallet = random() % wallets.size();
  auto& wallet = wallets[item.wallet];
  std::copy(wallet.transaction.begin(), wallet.transaction.end(), item.transaction.begin());
  uint64_t words[5] = {random(), random(), random(), random(), random() >> 20};
  memcpy(item.transaction.data() + BLOCKHASH, words, 32);
  memcpy(item.transaction.data() + LAMPORTS, words + 4, 8);
  to.initWallet().setId(kj::arrayPtr(wallet.id.data(), wallet.id.size()));
  to.setTransaction(kj::arrayPtr(item.transaction.data(), item.transaction.size()));
  return item;
}

bool Worker::take(Response& response, const std::vector<Item>& items, Clock::time_point sent) {
  auto result = response.getOutcomes();
  if (result.isRefused()) {
    tally.failed(result.getRefused().getCode());
    return false;
  }
  auto outcomes = result.getOk().getOutcomes();
  uint64_t made = 0;
  for (uint32_t i = 0; i < items.size(); i++) {
    if (i >= outcomes.size()) {
      tally.failed(client::ErrorCode::UNKNOWN);
    } else if (outcomes[i].isRefused()) {
      tally.failed(outcomes[i].getRefused().getCode());
    } else {
      made++;
      if (tally.wantsCheck()) check(items[i], outcomes[i]);
    }
  }
  tally.answered(sent, made);
  return made > 0;
}

void Worker::check(const Item& item, protocol::Signed::Outcome::Reader outcome) {
  auto signature = outcome.getSignature(), bytes = outcome.getSignedBytes();
  auto message = item.transaction.data() + MESSAGE;
  bool good =
      signature.size() == 64 && bytes.size() == TRANSACTION_SIZE &&
      std::equal(signature.begin(), signature.end(), bytes.begin() + SLOT) &&
      std::equal(bytes.begin() + MESSAGE, bytes.end(), message) &&
      crypto_sign_verify_detached(signature.begin(), message, MESSAGE_SIZE, wallets[item.wallet].publicKey.data()) == 0;
  tally.checked(good);
}

// xorshift64*: fast, and good enough to make messages differ.
uint64_t Worker::random() {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}

}  // namespace waas::load
