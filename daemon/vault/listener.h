#pragma once
// The socket that the broker connects to, and the word to the service manager that all is ready.
#include <string>

namespace waas::vault {

// Puts the listening SOCK_SEQPACKET socket on descriptor `at`: the one that the service manager passed (LISTEN_FDS=1,
// meant for this process or for the guard above it), else a new one bound to `path`, whose mode follows the umask. A
// socket file that nobody listens on is replaced. Its connections inherit SO_PASSCRED, by which an empty datagram can
// be told from the end. Empty when all went well, else a sentence.
std::string openListener(const std::string& path, int at);

// Whether the service manager passed a socket.
bool isSocketPassed();

// Tells the service manager (NOTIFY_SOCKET) that the vault is ready; does nothing without one. Opens and closes a
// descriptor.
void notifyReady();

}  // namespace waas::vault
