#include "operator.h"

namespace waas::client {
namespace {

kj::ArrayPtr<const kj::byte> dataOf(const Id& id) { return kj::arrayPtr(id.data(), id.size()); }

Operator::Policy policyOf(protocol::Operator::Policy::Reader policy) {
  return {policy.getNumber(), policy.getNotAfter(), kj::heapArray<kj::byte>(policy.getBundle())};
}

}  // namespace

kj::Promise<Operator::HealthResponse> Operator::health() {
  return context.within<HealthResponse>(remote.healthRequest().send());
}

kj::Promise<Operator::StatusPage> Operator::shareStatus(const Whose& whose, kj::Maybe<const Id&> after,
                                                        uint32_t limit) {
  auto request = remote.shareStatusRequest();
  auto target = request.initWhose();
  switch (whose.kind) {
    case Whose::Kind::ALL: target.setAll(); break;
    case Whose::Kind::USER: target.setUser(dataOf(whose.userId)); break;
    case Whose::Kind::EMAIL: target.setEmail(whose.text); break;
    case Whose::Kind::SERVICE: target.setService(whose.text); break;
  }
  KJ_IF_MAYBE (id, after) request.setAfter(dataOf(*id));
  request.setLimit(limit);
  return context.within<StatusPage>(request.send().then([](auto response) {
    auto page = okOf(response.getPage());
    auto rows = kj::heapArrayBuilder<ShareStatus>(page.getRows().size());
    for (auto row : page.getRows()) rows.add(readShareStatus(row));
    return StatusPage{rows.finish(), page.getMore()};
  }));
}

kj::Promise<kj::Array<AuditRow>> Operator::auditTail(kj::Maybe<const Id&> instance, uint64_t after, uint32_t limit) {
  auto request = remote.auditTailRequest();
  KJ_IF_MAYBE (id, instance) request.setInstance(dataOf(*id));
  request.setAfter(after);
  request.setLimit(limit);
  return context.within<kj::Array<AuditRow>>(request.send().then([](auto response) {
    auto records = okOf(response.getPage()).getRecords();
    auto rows = kj::heapArrayBuilder<AuditRow>(records.size());
    for (auto row : records) {
      rows.add(AuditRow{kj::heapArray<kj::byte>(row.getRecord()), kj::heapArray<kj::byte>(row.getHeadSignature())});
    }
    return rows.finish();
  }));
}

kj::Promise<kj::Array<AuditInstance>> Operator::auditInstances() {
  return context.within<kj::Array<AuditInstance>>(remote.auditInstancesRequest().send().then([](auto response) {
    auto list = okOf(response.getInstances());
    auto instances = kj::heapArrayBuilder<AuditInstance>(list.size());
    for (auto i : list) {
      instances.add(
          AuditInstance{exactly<16>(i.getInstance(), "instance of the audit log"), i.getFirst(), i.getLast()});
    }
    return instances.finish();
  }));
}

kj::Promise<Operator::Policy> Operator::loadPolicy(kj::ArrayPtr<const kj::byte> bundle) {
  auto request = remote.loadPolicyRequest();
  request.setBundle(bundle);
  return context.within<Policy>(
      request.send().then([](auto response) { return policyOf(okOf(response.getPolicy())); }));
}

kj::Promise<Operator::Policy> Operator::policy() {
  return context.within<Policy>(
      remote.policyRequest().send().then([](auto response) { return policyOf(okOf(response.getPolicy())); }));
}

}  // namespace waas::client
