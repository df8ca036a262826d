#include "password-source.h"

#include <fcntl.h>
#include <kj/common.h>
#include <kj/io.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "command.h"
#include "input.h"

namespace waas::cli {
namespace {

// Restores the terminal when it ends. A signal in between leaves the echo off, as with every such prompt; the shell's
// line editor turns it on again.
class Silence {
 public:
  explicit Silence(int fd) : fd(fd) {
    silenced = tcgetattr(fd, &before) == 0;
    if (!silenced) return;
    termios without = before;
    without.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(fd, TCSAFLUSH, &without);
  }
  ~Silence() {
    if (silenced) tcsetattr(fd, TCSAFLUSH, &before);
  }
  KJ_DISALLOW_COPY(Silence);

 private:
  int fd;
  bool silenced = false;
  termios before{};
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
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || *c == '\n') break;
    if (!line.append(kj::arrayPtr(c, 1))) throw CommandError(EXIT_USAGE, "usage", "The password is too long.");
  }
  say(terminal, "\n");
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

client::SecretText readPassword(const std::string& file, Asking asking) {
  if (!file.empty()) return fromFile(file);
  kj::AutoCloseFd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (terminal.get() < 0) {
    throw CommandError(EXIT_USAGE, "usage", "There is no terminal to ask for the password: give --password-file.");
  }
  auto password = askTerminal(terminal.get(), "Password: ");
  if (asking == Asking::TWICE && !same(password, askTerminal(terminal.get(), "Again: "))) {
    throw CommandError(EXIT_USAGE, "usage", "The two passwords differ.");
  }
  return password;
}

}  // namespace waas::cli
