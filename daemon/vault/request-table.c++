#include "daemon/vault/request-table.h"

#include <algorithm>

#include "daemon/vault/advance-request.h"
#include "daemon/vault/key-requests.h"
#include "daemon/vault/link-requests.h"
#include "daemon/vault/login.h"
#include "daemon/vault/policy-requests.h"
#include "daemon/vault/session-requests.h"
#include "daemon/vault/sign-request.h"
#include "daemon/vault/transfer-requests.h"
#include "daemon/vault/wallet-requests.h"

namespace waas::vault {
namespace {

using R = rpc::Request;
constexpr When FIRST = When::BEFORE_HELLO, LATER = When::AFTER_HELLO;
constexpr Company ANY = Company::ANY, ALONE = Company::ALONE, SOCKET = Company::ALONE_WITH_DESCRIPTOR;
constexpr Covered NOTHING{};

// clang-format off
constexpr Row TABLE[] = {
  // request             when   who          company  proof covers                               handler           audit reply
  {R::HELLO,             FIRST, Who::BROKER, ALONE,   NOTHING,                                   hello,            0,    256},
  {R::PRESENT_PEER,      LATER, Who::BROKER, SOCKET,  NOTHING,                                   presentPeer,      0,    128},
  {R::DROP_PEER,         LATER, Who::BROKER, ANY,     NOTHING,                                   dropPeer,         0,    0},
  {R::ACKNOWLEDGE_AUDIT, LATER, Who::BROKER, ANY,     NOTHING,                                   acknowledgeAudit, 0,    0},
  {R::REPLAY_AUDIT,      LATER, Who::BROKER, ALONE,   NOTHING,                                   replayAudit,      0,    0},
  {R::HEALTH,            LATER, Who::BROKER, ANY,     NOTHING,                                   health,           0,    2432},
  {R::CHALLENGE,         LATER, Who::LOGIN,  ANY,     NOTHING,                                   challenge,        0,    192},
  {R::SIGN_UP,           LATER, Who::LOGIN,  ANY,     NOTHING,                                   signUp,           2,    2688},
  {R::SIGN_IN,           LATER, Who::LOGIN,  ANY,     NOTHING,                                   signIn,           1,    768},
  {R::REFRESH,           LATER, Who::PERSON, ANY,     {Call::REFRESH, nullptr},                  refresh,          0,    768},
  {R::AUTHORIZE,         LATER, Who::PERSON, ANY,     {Call::RESUME, authorizeFields},           authorize,        0,    32},
  {R::SIGN_OUT,          LATER, Who::PERSON, ANY,     {Call::SIGN_OUT, signOutFields},           signOut,          1,    896},
  {R::CREATE_WALLET,     LATER, Who::OWNER,  ANY,     {Call::CREATE_WALLET, createWalletFields}, createWallet,     1,    1024},
  {R::SIGN,              LATER, Who::OWNER,  ANY,     {Call::SIGN, signFields},                  sign,             1,    256},
  {R::LOAD_POLICY,       LATER, Who::ANYBODY, ANY,    NOTHING,                                   loadPolicy,       1,    128},
  {R::IMPORT_WALLET,     LATER, Who::OWNER,  ANY,     {Call::IMPORT_WALLET, importWalletFields}, importWallet,     1,    1024},
  {R::EXPORT_WALLET,     LATER, Who::OWNER,  ANY,     {Call::EXPORT_WALLET, exportWalletFields}, exportWallet,     1,    192},
  {R::DELETE_WALLET,     LATER, Who::OWNER,  ANY,     {Call::DELETE_WALLET, deleteWalletFields}, deleteWallet,     1,    512},
  {R::ADVANCE,           LATER, Who::ANYBODY, ANY,    {Call::ROTATE, advanceFields},             advance,          1,    1024},
  {R::KEYS,              LATER, Who::OPERATOR, ANY,   NOTHING,                                   keys,             1,    7680},
  {R::CUSTODY,           LATER, Who::OPERATOR, ANY,   NOTHING,                                   custody,          1,    9216},
};
// clang-format on

}  // namespace

const Row* rowOf(rpc::Request::Which which) {
  auto row = std::ranges::find(TABLE, which, &Row::which);
  return row == std::end(TABLE) ? nullptr : row;
}

}  // namespace waas::vault
