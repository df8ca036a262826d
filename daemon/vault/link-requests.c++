#include "daemon/vault/link-requests.h"

#include "daemon/vault/key-requests.h"
#include "daemon/vault/passed-socket.h"
#include "daemon/vault/policy-requests.h"
#include "daemon/vault/secret-memory.h"

namespace waas::vault {
namespace {

rpc::Health::SecretMemory inSchema(SecretMemoryKind kind) {
  switch (kind) {
    case SecretMemoryKind::SECRET: return rpc::Health::SecretMemory::SECRET;
    case SecretMemoryKind::LOCKED: return rpc::Health::SecretMemory::LOCKED;
    case SecretMemoryKind::UNPROTECTED: break;
  }
  return rpc::Health::SecretMemory::UNPROTECTED;
}

}  // namespace

Refusal hello(Context& context, const Caller&, rpc::Request::Reader, rpc::Answer::Builder answer) {
  const Service& service = context.service;
  auto position = service.audit.position();
  VaultPublicKeys keys = service.keyring.publicKeys();
  auto hello = answer.initHello();
  hello.setInstance(reader(service.instance));
  hello.setNextSequence(position.next);
  hello.setFirstUnacknowledged(position.firstUnacknowledged);
  hello.setSealingKey(reader(keys.sealing));
  hello.setAnswerKey(reader(keys.answers));
  hello.setAuditKey(reader(keys.audit));
  context.helloSaid = true;
  return std::nullopt;
}

Refusal presentPeer(Context& context, const Caller&, rpc::Request::Reader, rpc::Answer::Builder answer) {
  auto identity = readPeer(context.descriptor, context.service.config.socketPath);
  if (!identity) return Refused{ErrorCode::NOT_ALLOWED, "not a connection of the daemon's socket"};
  Peer peer{identity->uid, context.service.config.rolesOf(identity->uid, identity->allGroups())};
  if (!peer.roles.any()) return Refused{ErrorCode::NOT_ALLOWED, "the peer has no role"};
  auto handle = context.service.peers.add(peer);
  if (!handle) return Refused{ErrorCode::OVERLOADED, "peer table is full"};

  auto out = answer.initPeer();
  out.setHandle(*handle);
  out.setUid(peer.uid);
  out.setLogin(peer.roles.login);
  out.setOperator(peer.roles.isOperator);
  if (peer.roles.service != nullptr) {
    out.setService(reader(peer.roles.service->owner.id));
    out.setServiceName(peer.roles.service->name);
  }
  return std::nullopt;
}

Refusal dropPeer(Context& context, const Caller&, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  context.service.peers.drop(request.getDropPeer());
  answer.setDone();
  return std::nullopt;
}

Refusal acknowledgeAudit(Context& context, const Caller&, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  if (!context.service.audit.acknowledge(request.getAcknowledgeAudit())) {
    return Refused{ErrorCode::INVALID_REQUEST, "there is no such audit record yet"};
  }
  answer.setDone();
  return std::nullopt;
}

Refusal replayAudit(Context& context, const Caller&, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  // 0 would mean "nothing asked for" further on, and there is no record 0.
  context.replayFrom = std::max<uint64_t>(request.getReplayAudit(), 1);
  answer.setDone();
  return std::nullopt;
}

Refusal health(Context& context, const Caller&, rpc::Request::Reader, rpc::Answer::Builder answer) {
  const Service& service = context.service;
  auto out = answer.initHealth();
  out.setSecretMemory(inSchema(worstSecretMemory()));
  out.setGuarded(service.facts.guarded);
  out.setWorkers(static_cast<uint16_t>(service.facts.workers));
  out.setStartedAt(service.facts.startedAt);
  out.setPeers(static_cast<uint32_t>(service.peers.size()));
  auto position = service.audit.position();
  out.setUnacknowledged(static_cast<uint32_t>(position.next - position.firstUnacknowledged));
  out.setRingSize(static_cast<uint32_t>(service.audit.capacity()));
  out.setRequests(service.counters.requests);
  out.setRefused(service.counters.refused);
  out.setDenied(service.counters.denied);
  out.setFailed(service.counters.failed);
  out.setSignatures(service.counters.signatures);
  writePolicy(out.initPolicy(), service.policy);
  writeKeyVersions(service.keyring, out.initKeys(static_cast<unsigned>(service.keyring.keys().size())));
  out.setRecoveryKey(service.keyring.newest(Purpose::RECOVERY).hasPrivate());
  return std::nullopt;
}

}  // namespace waas::vault
