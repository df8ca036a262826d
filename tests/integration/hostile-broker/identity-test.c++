// V6: the broker can't invent a local identity.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "person.h"

namespace waas::hostile {
namespace {

sockaddr_un nameOf(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  memcpy(name.sun_path, path.data(), path.size());
  return name;
}

Fd boundSocket(int type, const std::string& path) {
  unlink(path.c_str());
  Fd fd(socket(AF_UNIX, type, 0));
  sockaddr_un name = nameOf(path);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&name),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1)),
            0);
  return fd;
}

void connectTo(int fd, const std::string& path) {
  sockaddr_un name = nameOf(path);
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
}

class Identity : public testing::Test {
 protected:
  ErrorCode presented(int fd) { return refusalOf(scene.link->present(fd).answer()); }
  std::string path() const { return scene.vault.publicSocket(); }
  Scene scene;
};

TEST_F(Identity, AnHonestConnectionGetsItsRoles) {
  auto c = scene.door.connect();
  auto reply = scene.link->present(c.server.get());
  auto peer = reply.answer().getPeer();
  EXPECT_EQ(peer.getUid(), getuid());
  EXPECT_TRUE(peer.getLogin());
  EXPECT_TRUE(peer.getOperator());
  EXPECT_EQ(peer.getServiceName(), "payouts");
  EXPECT_EQ(peer.getService().size(), 16u);
  EXPECT_NE(peer.getHandle(), 0u);
}

TEST_F(Identity, V6RefusesASocketpair) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Fd a(pair[0]), b(pair[1]);
  EXPECT_EQ(presented(a.get()), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(presented(b.get()), ErrorCode::NOT_ALLOWED);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Identity, V6RefusesTheClientEndOfAConnection) {
  // To the daemon's own listener, and to a listener at another path.
  auto c = scene.door.connect();
  EXPECT_EQ(presented(c.client.get()), ErrorCode::NOT_ALLOWED);

  Fd other = boundSocket(SOCK_STREAM, scene.vault.inFolder("other.sock"));
  ASSERT_EQ(listen(other.get(), 4), 0);
  Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
  connectTo(client.get(), scene.vault.inFolder("other.sock"));
  EXPECT_EQ(presented(client.get()), ErrorCode::NOT_ALLOWED);
  Fd accepted(accept(other.get(), nullptr, nullptr));
  EXPECT_EQ(presented(accepted.get()), ErrorCode::NOT_ALLOWED) << "the daemon's end, but of another socket";
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Identity, V6RefusesAClientSocketBoundToOurPath) {
  // SO_PEERCRED of a client's end names who made the listener: root, often. The client socket takes our name before it
  // connects to it.
  Fd listener = boundSocket(SOCK_STREAM, scene.vault.inFolder("root-made.sock"));
  ASSERT_EQ(listen(listener.get(), 4), 0);
  Fd client = boundSocket(SOCK_STREAM, path());
  connectTo(client.get(), scene.vault.inFolder("root-made.sock"));
  EXPECT_EQ(presented(client.get()), ErrorCode::NOT_ALLOWED);
  Fd accepted(accept(listener.get(), nullptr, nullptr));
  EXPECT_EQ(presented(client.get()), ErrorCode::NOT_ALLOWED) << "accepted";
  accepted = Fd();
  EXPECT_EQ(presented(client.get()), ErrorCode::NOT_ALLOWED) << "its other end closed";
}

TEST_F(Identity, V6RefusesWhatIsNoConnectedStream) {
  Fd tcp(socket(AF_INET, SOCK_STREAM, 0)), tcpListener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof any;
  ASSERT_EQ(bind(tcpListener.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(listen(tcpListener.get(), 4), 0);
  ASSERT_EQ(getsockname(tcpListener.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
  ASSERT_EQ(connect(tcp.get(), reinterpret_cast<sockaddr*>(&any), size), 0);
  EXPECT_EQ(presented(tcp.get()), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(presented(tcpListener.get()), ErrorCode::NOT_ALLOWED);

  Fd fresh(socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_EQ(presented(fresh.get()), ErrorCode::NOT_ALLOWED);
  Fd bound = boundSocket(SOCK_STREAM, path());
  EXPECT_EQ(presented(bound.get()), ErrorCode::NOT_ALLOWED);
  ASSERT_EQ(listen(bound.get(), 4), 0);
  EXPECT_EQ(presented(bound.get()), ErrorCode::NOT_ALLOWED) << "listening";
  Fd datagram = boundSocket(SOCK_DGRAM, path());
  EXPECT_EQ(presented(datagram.get()), ErrorCode::NOT_ALLOWED);
  Fd packets = boundSocket(SOCK_SEQPACKET, path());
  EXPECT_EQ(presented(packets.get()), ErrorCode::NOT_ALLOWED);

  ASSERT_EQ(listen(packets.get(), 4), 0);
  Fd client(socket(AF_UNIX, SOCK_SEQPACKET, 0));
  connectTo(client.get(), path());
  Fd accepted(accept(packets.get(), nullptr, nullptr));
  EXPECT_EQ(presented(accepted.get()), ErrorCode::NOT_ALLOWED) << "connected, named, but no stream";

  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Fd in(ends[0]), out(ends[1]), memory(memfd_create("m", 0)), null(open("/dev/null", O_RDWR)),
      folder(open("/", O_PATH));
  for (const Fd* fd : {&in, &out, &memory, &null, &folder}) EXPECT_EQ(presented(fd->get()), ErrorCode::NOT_ALLOWED);
}

TEST_F(Identity, V6ASocketpairWithOurNameShowsOnlyWhoMadeIt) {
  VaultOptions options;
  options.lines = "allow uid 54321 operator login service payouts\n";
  Scene elsewhere(options);
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Fd a(pair[0]), b(pair[1]);
  std::string path = elsewhere.vault.publicSocket();
  unlink(path.c_str());
  sockaddr_un name = nameOf(path);
  ASSERT_EQ(bind(a.get(), reinterpret_cast<sockaddr*>(&name),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1)),
            0);
  EXPECT_EQ(refusalOf(elsewhere.link->present(a.get()).answer()), ErrorCode::NOT_ALLOWED);
}

TEST_F(Identity, V6AConnectionShowsTheUserWhoMadeIt) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  VaultOptions options;
  options.lines = "allow uid 54321 operator\nallow gid 54400 service payouts\n";
  Scene mixed(options);
  auto uidOnly = mixed.door.connectAs(54321, 54321);
  auto operatorReply = mixed.link->present(uidOnly.server.get());
  EXPECT_EQ(operatorReply.answer().getPeer().getUid(), 54321u);
  EXPECT_TRUE(operatorReply.answer().getPeer().getOperator());
  EXPECT_FALSE(operatorReply.answer().getPeer().getLogin());
  EXPECT_EQ(operatorReply.answer().getPeer().getServiceName(), "");

  auto byGroup = mixed.door.connectAs(54322, 54400);
  auto serviceReply = mixed.link->present(byGroup.server.get());
  EXPECT_FALSE(serviceReply.answer().getPeer().getOperator());
  EXPECT_EQ(serviceReply.answer().getPeer().getServiceName(), "payouts");

  auto nobody = mixed.door.connectAs(54323, 54323);
  EXPECT_EQ(refusalOf(mixed.link->present(nobody.server.get()).answer()), ErrorCode::NOT_ALLOWED);

  // An operator signs nothing, and makes no wallet.
  uint64_t handle = operatorReply.answer().getPeer().getHandle();
  WalletCopy wallet = serviceWallet(*mixed.link, serviceReply.answer().getPeer().getHandle(), "w");
  EXPECT_EQ(serviceSigns(*mixed.link, handle, wallet), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(serviceSigns(*mixed.link, serviceReply.answer().getPeer().getHandle(), wallet), NOT_REFUSED);
  auto made = mixed.link->ask([&](auto request) {
    request.initCreateWallet().setName("x");
    request.getCreateWallet().initCaller().setPeer(handle);
  });
  EXPECT_EQ(refusalOf(made.answer()), ErrorCode::NOT_ALLOWED);
  // Without the login role nobody brings people in.
  Person person(mixed.vault.publicKeys(), handle, "a@b.c");
  EXPECT_EQ(refusalOf(person.challengeFrom(*mixed.link).answer()), ErrorCode::NOT_ALLOWED);
}

TEST_F(Identity, V6ServicesOfTwoNamesDontShareWallets) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  VaultOptions options;
  options.lines = "allow uid 54321 service one\nallow uid 54322 service two\n";
  Scene two(options);
  auto a = two.door.connectAs(54321, 54321), b = two.door.connectAs(54322, 54322);
  uint64_t one = two.link->present(a.server.get()).answer().getPeer().getHandle();
  uint64_t other = two.link->present(b.server.get()).answer().getPeer().getHandle();
  WalletCopy wallet = serviceWallet(*two.link, one, "w");
  EXPECT_EQ(serviceSigns(*two.link, other, wallet), ErrorCode::UNKNOWN_WALLET);
  EXPECT_EQ(serviceSigns(*two.link, one, wallet), NOT_REFUSED);
}

TEST_F(Identity, V6HandlesCantBeGuessedAndEndWithTheLink) {
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  uint64_t old = scene.peer;
  for (uint64_t guess : {uint64_t(0), uint64_t(1), old + 1, old ^ (uint64_t(1) << 40), ~uint64_t(0), old & 0xffff}) {
    EXPECT_EQ(serviceSigns(*scene.link, guess, wallet), ErrorCode::NOT_ALLOWED) << guess;
  }
  scene.reconnect();
  EXPECT_EQ(serviceSigns(*scene.link, old, wallet), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, wallet), NOT_REFUSED);
  scene.link->ask([&](auto request) { request.setDropPeer(scene.peer); });
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, wallet), ErrorCode::NOT_ALLOWED);
}

TEST_F(Identity, V9DescriptorsWhereNoneBelongEndTheLinkOnly) {
  capnp::MallocMessageBuilder present, health;
  present.initRoot<rpc::Record>().initRequests(1)[0].setPresentPeer();
  health.initRoot<rpc::Record>().initRequests(1)[0].setHealth();
  auto c = scene.door.connect();
  int fd = c.server.get();
  EXPECT_EQ(refusalOf(scene.link->ask([](auto request) { request.setPresentPeer(); }).answer()),
            ErrorCode::INVALID_REQUEST)
      << "none at all";
  for (const auto& [record, fds] : std::vector<std::pair<Octets, std::vector<int>>>{
           {encode(health), {fd}}, {encode(present), {fd, fd}}, {encode(present), std::vector<int>(253, fd)}}) {
    BrokerLink& link = *scene.link;
    ASSERT_TRUE(link.send(record, fds));
    EXPECT_FALSE(link.receive().has_value());
    EXPECT_TRUE(scene.stillHonest());
  }
}

// A TCP socket with unsent data that nobody will read: closing its last reference waits for an hour.
class Lingering {
 public:
  Lingering() : listener(socket(AF_INET, SOCK_STREAM, 0)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    int small = 4096;
    setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    auto name = reinterpret_cast<sockaddr*>(&any);
    EXPECT_EQ(bind(listener.get(), name, sizeof any), 0);
    EXPECT_EQ(listen(listener.get(), 4), 0);
    EXPECT_EQ(getsockname(listener.get(), name, &size), 0);
    EXPECT_EQ(connect(socket_.get(), name, size), 0);
    Octets much(1 << 20);
    while (::send(socket_.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) continue;
    linger on{1, 3600};
    EXPECT_EQ(setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &on, sizeof on), 0);
  }
  // A test that fails must not linger itself.
  ~Lingering() {
    linger off{0, 0};
    if (socket_) setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &off, sizeof off);
  }
  Lingering(Lingering&&) = default;

  int get() const { return socket_.get(); }
  // Closes ours, once another reference is on its way.
  void letGo() { socket_ = Fd(); }

 private:
  Fd listener, socket_;
};

TEST_F(Identity, V9ASocketThatLingersHoldsNobody) {
  // As many as there are workers, alone and in company.
  capnp::MallocMessageBuilder present;
  present.initRoot<rpc::Record>().initRequests(1)[0].setPresentPeer();
  for (size_t company : {1u, 2u, 1u, 2u}) {
    std::vector<Lingering> lingering(company);
    std::vector<int> fds;
    for (const auto& l : lingering) fds.push_back(l.get());
    scene.link->send(encode(present), fds);
    for (auto& l : lingering) l.letGo();
    EXPECT_EQ(scene.link->receive().has_value(), company == 1);
    EXPECT_TRUE(scene.stillHonest());
  }
}

TEST_F(Identity, V9ASocketThatLingersBehindTheEndOfALinkHoldsNobody) {
  // What is queued behind a broken record, and behind empty ones that look like the end, is taken out, too. The vault
  // is stopped while it is put there.
  capnp::MallocMessageBuilder present;
  present.initRoot<rpc::Record>().initRequests(1)[0].setPresentPeer();
  Lingering lingering;
  scene.vault.stop();
  scene.link->widen();
  scene.link->send(Octets(24, 0xee));
  for (int i = 0; i < 3000; i++) scene.link->send({});
  bool sent = scene.link->send(encode(present), {lingering.get()});
  scene.vault.goOn();
  ASSERT_TRUE(sent);
  lingering.letGo();
  EXPECT_FALSE(scene.link->receive().has_value());
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Identity, V9ASocketThatLingersFromAStrangerHoldsNobody) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  capnp::MallocMessageBuilder present;
  present.initRoot<rpc::Record>().initRequests(1)[0].setPresentPeer();
  Octets record = encode(present);
  Lingering lingering;
  pid_t pid = fork();
  if (pid == 0) {
    if (setresuid(54321, 54321, 54321) != 0) _exit(2);
    BrokerLink stranger(scene.vault, BrokerLink::Hello::LATER);
    bool sent = stranger.send(record, {lingering.get()});
    lingering.letGo();
    // Not looked at before the broker goes.
    _exit(sent ? 0 : 1);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  lingering.letGo();
  EXPECT_TRUE(scene.stillHonest());
}

}  // namespace
}  // namespace waas::hostile
