#include "tests/store/postgres_support.h"

#include <atomic>
#include <thread>

namespace orc {

PostgresOptions Options(const std::string& target) {
  PostgresOptions options;
  options.target = target;
  options.migrate = true;
  return options;
}

ChangeSet OneTask(const Head& head) {
  static std::atomic<uint32_t> calls = 0;
  Changes changes(head);
  changes.AddTask(MakeTask(head.position + 1));
  EventRow& event = changes.set.events[0];
  event.id = MakeEventId(event.timestamp_us, event.position, ++calls);
  event.body = std::make_shared<const std::string>(EventBody(event));
  return changes.Take();
}

Result<void> WriteOne(ChannelStore& channel, std::string* event_id) {
  {
    ORC_ASSIGN(const std::unique_ptr<Transaction> transaction, channel.Begin());
    ORC_ASSIGN(const Head head, transaction->GetHead());
    const ChangeSet changes = OneTask(head);
    if (event_id != nullptr) *event_id = changes.events[0].id;
    ORC_TRY(transaction->Apply(changes));
    ORC_TRY(transaction->Commit());
  }
  channel.Maintain();
  return {};
}

Result<Head> ReadHead(ChannelStore& channel) {
  ORC_ASSIGN(const std::unique_ptr<Snapshot> snapshot, channel.Read());
  return snapshot->GetHead();
}

bool Eventually(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace orc
