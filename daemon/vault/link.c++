#include "daemon/vault/link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/vault/passed-socket.h"
#include "daemon/vault/vector-registers.h"

namespace waas::vault {
namespace {

// As many as one datagram can carry (SCM_MAX_FD). All are taken, although at most one is expected: what the kernel
// can't deliver it closes itself, in this thread, and its sender decides how long that takes.
constexpr size_t MAX_DESCRIPTORS = 253;

// The descriptors that came with one datagram; closed with the object.
class Descriptors {
 public:
  void take(const msghdr& message) {
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(c))) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < n && count < MAX_DESCRIPTORS; i++) {
        memcpy(&fds[count++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      }
    }
  }
  ~Descriptors() {
    for (size_t i = 0; i < count; i++) PassedDescriptor closed(fds[i]);
  }
  size_t size() const { return count; }
  int only() const { return count == 1 ? fds[0] : -1; }

 private:
  int fds[MAX_DESCRIPTORS];
  size_t count = 0;
};

}  // namespace

class Link::Sink final : public ReplySink {
 public:
  explicit Sink(int link) : link(link) {}

  void send(Bytes reply) override {
    iovec part{const_cast<uint8_t*>(reply.data()), reply.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    wipeVectorRegisters();
    ssize_t n;
    do n = sendmsg(link, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(reply.size())) failed = true;
  }

  bool failed = false;

 private:
  int link;
};

Link::Link(Service& service, int listener, int link, unsigned workers)
    : service(service), listener(listener), link(link), workers(workers) {}

bool Link::isBroker(int fd) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer &&
         peer.uid == service.config.brokerUid;
}

void Link::awaitWorkers() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return parked == workers; });
}

void Link::serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    lock.unlock();
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK || errno == EOPNOTSUPP) {
        lastWords("waas-vault: the listening socket is of no use\n");
        _exit(1);
      }
      lock.lock();
      continue;
    }
    bool welcome = isBroker(fd);
    // The number of the link is taken over from the last one, whose socket closes with that: it is empty. So that
    // others than the broker find it no different, the workers empty theirs, too, instead of a close here.
    bool taken = dup3(fd, link, O_CLOEXEC) == link;
    close(fd);
    lock.lock();
    if (!taken) continue;
    lastWords(welcome ? "waas-vault: broker connected\n"
                      : "waas-vault: a connection was refused: not the broker's user\n");
    helloSaid = false;
    ended = !welcome;
    links++;
    parked = 0;
    changed.notify_all();
    changed.wait(lock, [this] { return parked == workers; });
    // Handles end with the link that gave them out.
    service.peers.clear();
    if (welcome) lastWords("waas-vault: broker gone\n");
  }
}

void Link::work(WorkerScratch& scratch) {
  uint64_t served = 0;
  std::unique_lock lock(mutex);
  for (;;) {
    parked++;
    changed.notify_all();
    wipeVectorRegisters();
    changed.wait(lock, [&] { return links != served; });
    served = links;
    lock.unlock();
    serveLink(scratch);
    lock.lock();
  }
}

void Link::serveLink(WorkerScratch& scratch) {
  RecordHandler handler(service, scratch, helloSaid);
  Sink sink(link);
  if (ended) shutdown(link, SHUT_RDWR);
  while (handleOne(scratch, handler, sink)) continue;
}

bool Link::handleOne(WorkerScratch& scratch, RecordHandler& handler, Sink& sink) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(MAX_DESCRIPTORS * sizeof(int))];
  iovec part{scratch.in.data(), scratch.in.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  wipeVectorRegisters();
  ssize_t n = recvmsg(link, &message, MSG_CMSG_CLOEXEC);
  if (n < 0 && errno == EINTR) return true;
  Descriptors descriptors;
  if (n >= 0) descriptors.take(message);
  size_t size = n > 0 ? static_cast<size_t>(n) : 0;
  // Each datagram brings its sender's credentials (SO_PASSCRED), so that an empty one is not taken for the end.
  bool arrived = n >= 0 && message.msg_controllen > 0;

  bool wasEnded = ended;
  bool sound = size > 0 && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && descriptors.size() <= 1;
  if (sound && !wasEnded) {
    sound = handler.handle(size, descriptors.only(), sink) == RecordHandler::Verdict::GO_ON && !sink.failed;
  }
  sodium_memzero(scratch.in.data(), size);
  if (sound && !wasEnded) return true;

  // From here on nothing new can come in. What is still in the socket is taken out and thrown away: else the kernel
  // would close it in the main thread, at the sender's pace.
  if (!ended.exchange(true)) shutdown(link, SHUT_RDWR);
  return arrived;
}

void lastWords(std::string_view literal) {
  // There is nobody to tell that nobody could be told.
  if (write(STDERR_FILENO, literal.data(), literal.size()) < 0) return;
}

}  // namespace waas::vault
