#include "signer.h"

#include "../version.h"
#include "guarded.h"
#include "login.h"
#include "maintenance.h"
#include "operator.h"
#include "owner.h"
#include "session.h"

namespace waas::broker {

kj::Promise<void> SignerServer::enter(EnterContext context) {
  auto result = [context]() mutable { return context.getResults().initRoles(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    return peer->enter().then([this, context]() mutable { writeRoles(context.getResults().initRoles().initOk()); });
  });
}

void SignerServer::writeRoles(protocol::Signer::Roles::Builder out) {
  auto& roles = peer->roles();
  if (roles.login) {
    if (login == nullptr) login = protocol::Login::Client(kj::heap<LoginServer>(parts, kj::addRef(*peer)));
    KJ_IF_MAYBE (it, login) out.setLogin(*it);
  }
  KJ_IF_MAYBE (owner, roles.service) {
    if (service == nullptr) {
      auto made = kj::refcounted<Owner>(parts, kj::addRef(*peer), *owner);
      service = protocol::Session::Client(kj::heap<SessionServer>(kj::mv(made)));
    }
    KJ_IF_MAYBE (it, service) out.setService(*it);
    out.setServiceName(roles.serviceName);
  }
  if (roles.isOperator) {
    if (operatorView == nullptr) {
      operatorView = protocol::Operator::Client(kj::heap<OperatorServer>(parts, kj::addRef(*peer)));
    }
    KJ_IF_MAYBE (it, operatorView) out.setOperator(*it);
  }
  if (roles.login || roles.isOperator) {
    if (maintenance == nullptr) {
      maintenance = protocol::Maintenance::Client(kj::heap<MaintenanceServer>(parts, kj::addRef(*peer)));
    }
    KJ_IF_MAYBE (it, maintenance) out.setMaintenance(*it);
  }
  out.setVersion(VERSION);
}

}  // namespace waas::broker
