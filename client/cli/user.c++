// waas user: sign up, sign in, sign out.
#include <memory>

#include "connection.h"
#include "password-source.h"
#include "protocol/email.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

struct SignInOptions {
  std::string email;
  std::string passwordFile;
};

using SignInCall = kj::Promise<client::Login::SignedIn> (client::Login::*)(kj::StringPtr, const client::Challenge&,
                                                                           const Secret<32>&);

Json signedInJson(const client::Login::SignedIn& made, const std::string& email) {
  auto token = made.answer.token->text();
  auto text = token.reveal(SecretAccess::here());
  // From here on the token is on its way to standard output; the process ends right after.
  return {{"userId", hex(made.answer.userId)},
          {"email", email},
          {"token", std::string(text.begin(), text.size())},
          {"expiresAt", made.answer.expiresAt},
          {"wallet",
           {{"walletId", hex(made.wallet.walletId)},
            {"publicKey", base58(made.wallet.publicKey)},
            {"name", made.wallet.name.cStr()}}}};
}

int signIn(Invocation& invocation, const SignInOptions& options, Asking asking, SignInCall call, Output& output) {
  std::string email = canonicalEmail(options.email);
  if (!isCanonicalEmail(email)) throw CommandError(EXIT_USAGE, "usage", "That is no e-mail address.");
  Connection connection(invocation.globals, output);
  auto& login = connection.login();
  // The password first: a challenge lives a minute.
  auto password = readPassword(options.passwordFile, asking);
  auto challenge = connection.wait(login.challenge(email.c_str()));
  Secret<32> stretched;
  client::stretch(password, challenge, stretched);
  auto made = connection.wait((login.*call)(email.c_str(), challenge, stretched));

  Json value = output.isJson() ? signedInJson(made, email) : Json();
  std::string address = base58(made.wallet.publicKey);
  KeptSession session{made.answer.userId, email, made.answer.expiresAt, kj::mv(made.answer.token)};
  connection.state().saveSession(session, *session.token);
  output.result(value, [&](std::ostream& out) {
    out << "Signed in as " << email << ".\nWallet \"" << made.wallet.name.cStr() << "\": " << address << "\n";
  });
  return EXIT_DONE;
}

CLI::App* addSignIn(CLI::App& group, Invocation& invocation, const std::string& name, const std::string& help,
                    Asking asking, SignInCall call) {
  auto options = std::make_shared<SignInOptions>();
  auto* command = addCommand(group, invocation, name, help, [&invocation, options, asking, call](Output& output) {
    return signIn(invocation, *options, asking, call, output);
  });
  command->add_option("email,--email", options->email, "E-mail address")->required();
  command->add_option("--password-file", options->passwordFile, "File with the password, - for standard input");
  return command;
}

int signOut(Invocation& invocation, bool everywhere, Output& output) {
  Connection connection(invocation.globals, output);
  bool hadEnded = false;  // whether the session had ended before
  try {
    using Extent = client::UserSession::Extent;
    connection.wait(connection.userSession().signOut(everywhere ? Extent::EVERYWHERE : Extent::HERE));
  } catch (const kj::Exception& e) {
    // A session that has ended is gone here, too; but other sessions may live on, and nobody may believe otherwise.
    hadEnded = client::failureOf(e).code == client::ErrorCode::SESSION_INVALID && connection.state().hasSession();
    if (!hadEnded || everywhere) throw;
  }
  connection.state().removeSession();
  output.result({{"signedOut", everywhere ? "everywhere" : "here"}, {"hadEnded", hadEnded}}, [&](std::ostream& out) {
    out << (hadEnded ? "The session had ended before; it is removed here.\n" : "Signed out.\n");
  });
  return EXIT_DONE;
}

void addSignOut(CLI::App& group, Invocation& invocation) {
  auto everywhere = std::make_shared<bool>(false);
  auto* command =
      addCommand(group, invocation, "signout", "End this session",
                 [&invocation, everywhere](Output& output) { return signOut(invocation, *everywhere, output); });
  command->add_flag("--everywhere", *everywhere, "End all sessions of the account");
}

}  // namespace

void addUser(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "user", "Sign up, sign in, sign out");
  addSignIn(*group, invocation, "signup", "Make an account and its first wallet, and sign in", Asking::TWICE,
            &client::Login::signUp);
  addSignIn(*group, invocation, "signin", "Sign in", Asking::ONCE, &client::Login::signIn);
  addSignOut(*group, invocation);
}

}  // namespace waas::cli
