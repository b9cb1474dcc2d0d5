// OrganizationShares: how much of the server one organization may use at a time, so that none starves the others: calls
// and subscriptions that are open, and the bytes that its calls hold. An organization is the `mspid` of a call that has
// been identified; without the check of certificates that is what the caller claims.
//
// Thread-safe. Outlives the shares it gives.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "domain/error.h"

namespace orc {

struct OrganizationLimits {
  int max_calls = 1'000;
  int max_subscriptions = 512;
  int64_t max_bytes = 256 << 20;  // of requests, and of answers that were not taken yet
};

class OrganizationShares {
 private:
  struct Use;

 public:
  explicit OrganizationShares(OrganizationLimits limits);
  ~OrganizationShares();

  // What one call or subscription uses; given back when it is destroyed. Empty when made by default. Not thread-safe.
  class Share {
   public:
    Share() = default;
    ~Share();
    Share(Share&& other) noexcept;
    Share& operator=(Share&& other) noexcept;
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Counts `bytes` more, whatever the limit; false when they are beyond it.
    bool Hold(int64_t bytes);
    // What a call is told when Hold was false.
    tl::unexpected<Error> TooManyBytes() const;

   private:
    friend class OrganizationShares;
    Share(OrganizationShares& owner, std::shared_ptr<Use> use, int calls, int subscriptions, int64_t bytes)
        : owner_(&owner), use_(std::move(use)), calls_(calls), subscriptions_(subscriptions), bytes_(bytes) {}

    OrganizationShares* owner_ = nullptr;
    std::shared_ptr<Use> use_;
    int calls_ = 0;
    int subscriptions_ = 0;
    int64_t bytes_ = 0;
  };

  // The share of one call whose request has so many bytes, or of one subscription. Failure: kExhausted, with a text
  // that says what to do.
  Result<Share> TakeCall(const std::string& organization, int64_t request_bytes);
  Result<Share> TakeSubscription(const std::string& organization);

 private:
  Result<Share> Take(const std::string& organization, int calls, int subscriptions, int64_t bytes);
  tl::unexpected<Error> TooManyBytes(const std::string& organization) const;
  void GiveBack(const Share& share);

  const OrganizationLimits limits_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Use>> uses_;  // those that use something; guarded by mutex_
};

}  // namespace orc
