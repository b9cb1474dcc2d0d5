#include "rpc/organization_shares.h"

#include <utility>

#include "domain/text.h"

namespace orc {

// Guarded by the owner's mutex, but for the name.
struct OrganizationShares::Use {
  const std::string organization;
  int calls = 0;
  int subscriptions = 0;
  int64_t bytes = 0;
};

OrganizationShares::OrganizationShares(OrganizationLimits limits) : limits_(limits) {}

OrganizationShares::~OrganizationShares() = default;

OrganizationShares::Share::~Share() {
  if (use_ != nullptr) owner_->GiveBack(*this);
}

OrganizationShares::Share::Share(Share&& other) noexcept {
  *this = std::move(other);
}

OrganizationShares::Share& OrganizationShares::Share::operator=(Share&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(use_, other.use_);
  std::swap(calls_, other.calls_);
  std::swap(subscriptions_, other.subscriptions_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

bool OrganizationShares::Share::Hold(int64_t bytes) {
  if (use_ == nullptr) return true;  // the call was refused before it had a share
  const std::lock_guard lock(owner_->mutex_);
  bytes_ += bytes;
  use_->bytes += bytes;
  return use_->bytes <= owner_->limits_.max_bytes;
}

tl::unexpected<Error> OrganizationShares::Share::TooManyBytes() const {
  return owner_->TooManyBytes(use_->organization);
}

tl::unexpected<Error> OrganizationShares::TooManyBytes(const std::string& organization) const {
  return Fail(ErrorKind::kExhausted, "the open calls of organization " + Quote(organization) + " hold more than " +
                                         std::to_string(limits_.max_bytes) +
                                         " bytes; take the answers, or make fewer or smaller calls at a time");
}

Result<OrganizationShares::Share> OrganizationShares::TakeCall(const std::string& organization, int64_t request_bytes) {
  return Take(organization, 1, 0, request_bytes);
}

Result<OrganizationShares::Share> OrganizationShares::TakeSubscription(const std::string& organization) {
  return Take(organization, 0, 1, 0);
}

Result<OrganizationShares::Share> OrganizationShares::Take(const std::string& organization, int calls,
                                                           int subscriptions, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  auto& place = uses_[organization];
  if (place == nullptr) place = std::make_shared<Use>(Use{organization});
  Use& use = *place;
  if (use.calls + calls > limits_.max_calls) {
    return Fail(ErrorKind::kExhausted, "organization " + Quote(organization) + " has " + std::to_string(use.calls) +
                                           " open calls, as many as it may; try again when some have ended");
  }
  if (use.subscriptions + subscriptions > limits_.max_subscriptions) {
    return Fail(ErrorKind::kExhausted, "organization " + Quote(organization) + " has " +
                                           std::to_string(use.subscriptions) +
                                           " subscriptions, as many as it may; end some of them first");
  }
  // A single request always fits.
  if (use.bytes > 0 && use.bytes + bytes > limits_.max_bytes) return TooManyBytes(organization);
  use.calls += calls;
  use.subscriptions += subscriptions;
  use.bytes += bytes;
  return Share(*this, place, calls, subscriptions, bytes);
}

void OrganizationShares::GiveBack(const Share& share) {
  const std::lock_guard lock(mutex_);
  Use& use = *share.use_;
  use.calls -= share.calls_;
  use.subscriptions -= share.subscriptions_;
  use.bytes -= share.bytes_;
  if (use.calls == 0 && use.subscriptions == 0) uses_.erase(use.organization);
}

}  // namespace orc
