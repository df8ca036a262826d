#pragma once
// Keeps the keyring still while it is used, and unused while it changes.
#include <pthread.h>

namespace waas::vault {

// Many readers or one writer, who is not kept waiting by readers that come after him. In ordinary or secret memory: its
// futexes are private. A resource.
class KeyLock {
 public:
  KeyLock() {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
  }
  ~KeyLock() { pthread_rwlock_destroy(&lock); }
  KeyLock(const KeyLock&) = delete;
  KeyLock& operator=(const KeyLock&) = delete;

  enum class For : unsigned char { USE, CHANGE };

  // Holds it as long as the object lives. Never twice in one thread.
  class Held {
   public:
    Held(KeyLock& of, For what) : lock(of.lock) {
      if (what == For::CHANGE) {
        pthread_rwlock_wrlock(&lock);
      } else {
        pthread_rwlock_rdlock(&lock);
      }
    }
    ~Held() { pthread_rwlock_unlock(&lock); }
    Held(const Held&) = delete;

   private:
    pthread_rwlock_t& lock;
  };

 private:
  pthread_rwlock_t lock;
};

}  // namespace waas::vault
