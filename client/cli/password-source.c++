#include "password-source.h"

#include <fcntl.h>
#include <kj/common.h>
#include <kj/io.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "command.h"
#include "input.h"

namespace waas::cli {
namespace {

constexpr size_t MAX_LINE_BYTES = 1024;
volatile sig_atomic_t signalSeen = 0;

kj::AutoCloseFd openTerminal(const char* otherwise) {
  kj::AutoCloseFd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (terminal.get() < 0) throw CommandError(EXIT_USAGE, "usage", otherwise);
  return terminal;
}

// Turns the echo off, and on again when it ends. A signal that would end the process meanwhile is held back
// until the echo is on.
class Silence {
 public:
  explicit Silence(int terminal) : terminal(terminal) {
    signalSeen = 0;
    struct sigaction note {};
    note.sa_handler = [](int number) { signalSeen = number; };  // without SA_RESTART: read() returns
    for (size_t i = 0; i < SIGNALS.size(); i++) sigaction(SIGNALS[i], &note, &handlers[i]);
    silenced = tcgetattr(terminal, &before) == 0;
    if (!silenced) return;
    termios without = before;
    without.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(terminal, TCSAFLUSH, &without);
  }
  ~Silence() {
    if (silenced) tcsetattr(terminal, TCSAFLUSH, &before);
    for (size_t i = 0; i < SIGNALS.size(); i++) sigaction(SIGNALS[i], &handlers[i], nullptr);
    if (signalSeen != 0) raise(signalSeen);
  }
  KJ_DISALLOW_COPY(Silence);

 private:
  static constexpr std::array SIGNALS = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

  int terminal;
  bool silenced = false;
  termios before{};
  std::array<struct sigaction, SIGNALS.size()> handlers{};
};

void say(int terminal, const char* text) {
  // A prompt that can't be shown is no reason to fail.
  if (write(terminal, text, strlen(text)) < 0) return;
}

client::SecretText askTerminal(int terminal, const char* prompt) {
  client::SecretText line;
  Silence silence(terminal);
  say(terminal, prompt);
  Secret<1> byte;
  char* c = reinterpret_cast<char*>(byte.fill(SecretAccess::here()).data());
  for (;;) {
    ssize_t n = read(terminal, c, 1);
    if (n < 0 && errno == EINTR && signalSeen == 0) continue;
    if (n <= 0 || *c == '\n') break;
    if (!line.append(kj::arrayPtr(c, 1))) throw CommandError(EXIT_USAGE, "usage", "The password is too long.");
  }
  say(terminal, "\n");
  // Where the signal is ignored otherwise, half a password must not be taken for a whole one.
  if (signalSeen != 0) throw CommandError(EXIT_FAILED, "interrupted", "Interrupted.");
  return line;
}

bool same(const client::SecretText& a, const client::SecretText& b) {
  auto left = a.reveal(SecretAccess::here()), right = b.reveal(SecretAccess::here());
  return left.size() == right.size() &&
         (left.size() == 0 || sodium_memcmp(left.begin(), right.begin(), left.size()) == 0);
}

client::SecretText fromFile(const std::string& file) {
  auto text = readSecret(openInput(file).get(), file);
  auto chars = text.reveal(SecretAccess::here());
  size_t size = chars.size();
  if (size > 0 && chars[size - 1] == '\n') size--;
  if (size > 0 && size < chars.size() && chars[size - 1] == '\r') size--;
  text.truncate(size);
  return text;
}

}  // namespace

client::SecretText readHidden(const std::string& file, const char* prompt) {
  if (!file.empty()) return fromFile(file);
  return askTerminal(openTerminal("There is no terminal to ask: give a file.").get(), prompt);
}

std::string askLine(const std::string& prompt) {
  auto terminal = openTerminal("There is no terminal to ask.");
  say(terminal.get(), prompt.c_str());
  std::string line;
  for (char c = 0; line.size() < MAX_LINE_BYTES;) {
    ssize_t n = read(terminal.get(), &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

client::SecretText readPassword(const std::string& file, Asking asking) {
  if (!file.empty()) return fromFile(file);
  auto terminal = openTerminal("There is no terminal to ask for the password: give --password-file.");
  auto password = askTerminal(terminal.get(), "Password: ");
  if (asking == Asking::TWICE && !same(password, askTerminal(terminal.get(), "Again: "))) {
    throw CommandError(EXIT_USAGE, "usage", "The two passwords differ.");
  }
  return password;
}

}  // namespace waas::cli
