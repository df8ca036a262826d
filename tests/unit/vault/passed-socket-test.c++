// The attacks on it are in tests/integration/hostile-broker/identity-test.c++; here is what it reads.
#include "daemon/vault/passed-socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace waas::vault {
namespace {

TEST(PassedSocket, V6ReadsUserAndGroupsOfAConnection) {
  std::string path = "/tmp/waas-passed-" + std::to_string(getpid());
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  memcpy(name.sun_path, path.data(), path.size());
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  unlink(path.c_str());
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  int accepted = accept(listener, nullptr, nullptr);
  unlink(path.c_str());

  auto peer = readPeer(accepted, path);
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->uid, geteuid());
  ASSERT_GE(peer->groupCount, 1u);
  EXPECT_EQ(peer->groups[0], getegid());
  EXPECT_EQ(peer->groupCount, 1u + static_cast<size_t>(getgroups(0, nullptr)));

  for (std::string other : {path + "x", path.substr(0, path.size() - 1), std::string("/"), std::string()}) {
    EXPECT_FALSE(readPeer(accepted, other)) << other;
  }
  EXPECT_FALSE(readPeer(client, path));
  EXPECT_FALSE(readPeer(listener, path));
  EXPECT_FALSE(readPeer(-1, path));
  { PassedDescriptor closed(accepted); }
  EXPECT_EQ(fcntl(accepted, F_GETFD), -1) << "closed with its object";
  close(client);
  close(listener);
}

}  // namespace
}  // namespace waas::vault
