#include "vault-request.h"

#include "limits.h"

namespace waas::broker {
namespace {

capnp::ReaderOptions replyOptions() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 64 * limits::RECORD_BYTES / sizeof(capnp::word);
  options.nestingLimit = 16;
  return options;
}

}  // namespace

VaultReply::VaultReply(kj::Array<capnp::word> wordsParam)
    : words(kj::mv(wordsParam)), message(words, replyOptions()), reply(message.getRoot<inner::Reply>()) {}

void VaultQueue::pushBack(VaultRequest& request) {
  request.queued = true;
  request.previous = last;
  request.next = nullptr;
  (last != nullptr ? last->next : first) = &request;
  last = &request;
  length++;
  load += weightOf(request);
}

void VaultQueue::pushFront(VaultRequest& request) {
  request.queued = true;
  request.previous = nullptr;
  request.next = first;
  (first != nullptr ? first->previous : last) = &request;
  first = &request;
  length++;
  load += weightOf(request);
}

void VaultQueue::remove(VaultRequest& request) {
  request.queued = false;
  (request.previous != nullptr ? request.previous->next : first) = request.next;
  (request.next != nullptr ? request.next->previous : last) = request.previous;
  length--;
  load -= weightOf(request);
}

uint64_t VaultSlots::take(VaultRequest& request) {
  if (unused.empty()) {
    unused.push_back(static_cast<uint32_t>(slots.size()));
    slots.emplace_back();
  }
  uint32_t index = unused.back();
  unused.pop_back();
  slots[index] = {&request, slots[index].generation + 1, true};
  request.slot = index;
  return numberOf(index);
}

bool VaultSlots::holds(uint64_t number) const {
  auto index = static_cast<uint32_t>(number);
  return index < slots.size() && slots[index].inFlight && numberOf(index) == number;
}

VaultRequest* VaultSlots::release(uint64_t number) {
  auto index = static_cast<uint32_t>(number);
  VaultRequest* request = slots[index].request;
  slots[index].request = nullptr;
  slots[index].inFlight = false;
  unused.push_back(index);
  return request;
}

}  // namespace waas::broker
