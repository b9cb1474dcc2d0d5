// Follower: learns what other processes commit. One connection listens for their hints and, at every interval, looks at
// the heads of all channels, which finds what a lost hint would have told.
//
// Thread-safe. Owns a thread, which the destructor ends.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "store/postgres/pool.h"
#include "store/store.h"

namespace orc::postgres {

class Follower {
 public:
  // `connector` outlives the follower.
  Follower(Connector& connector, int32_t poll_ms);
  ~Follower();

  // From now on `events` is told; nobody is told twice of the same head. Once it returns, no call of what was followed
  // before is under way. The first call starts the thread.
  void Follow(StoreEvents events);

  // A channel whose head is worth telling.
  void Add(int64_t channel, std::string name);
  // This process has committed, and told its own feeds.
  void Committed(int64_t channel, const Head& head);

 private:
  struct Known {
    std::string name;
    Head head{-1, 0};
  };

  void Work();
  bool IsStopping();
  bool HasChannels();
  // Listens until the connection is lost; throws as it does.
  void Listen();
  // Looks at all heads and tells of the new ones.
  void Look(Connection& connection);
  void Tell(int64_t channel, const Head& head);
  void TellAvailable(bool available);
  // Whether a hint tells of something that is not known.
  bool IsNews(const std::string& payload);
  // At most `ms`, or until the follower is stopped.
  void Pause(int32_t ms) const;

  Connector& connector_;
  const int32_t poll_ms_;
  const int wake_;      // an eventfd: readable when stopping
  std::mutex telling_;  // held while events_ is called; taken before mutex_
  StoreEvents events_;  // guarded by telling_
  std::mutex mutex_;
  std::map<int64_t, Known> known_;  // guarded by mutex_, as is stopping_
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace orc::postgres
