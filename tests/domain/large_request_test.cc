// Requests as large as a message may be: the same answers, in a time that only a linear cost allows.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "domain/validation.h"
#include "tests/domain/support.h"

namespace orc {
namespace {

constexpr size_t kMessageBytes = size_t{4} << 20;
constexpr int kEntries = 100'000;
// A quadratic cost takes minutes; the machine may be slow and the build instrumented.
constexpr std::chrono::seconds kEnough{20};

template <class Message>
std::string TimedText(const Message& message) {
  const auto start = std::chrono::steady_clock::now();
  const std::string text = TextOf(Validate(message));
  EXPECT_LT(std::chrono::steady_clock::now() - start, kEnough);
  return text;
}

std::string KeyText(int number) {
  std::string digits = std::to_string(number);
  return "00000000-0000-0000-0000-" + std::string(12 - digits.size(), '0') + digits;
}

TEST(LargeRequest, name_of_4_mib) {
  orchestrator::NewComputePlan plan;
  plan.set_key(kKey);
  plan.set_name(std::string(kMessageBytes, 'n'));
  EXPECT_EQ(TimedText(plan), "OE0101: computeplan is not valid: name: the length must be between 1 and 100.");
}

TEST(LargeRequest, storage_address_of_4_mib) {
  orchestrator::UpdateFunctionParam update;
  update.set_key(kKey);
  update.set_name("n");
  update.mutable_image()->set_checksum(kChecksum);
  update.mutable_image()->set_storage_address(UrlOf(kMessageBytes));
  EXPECT_EQ(TimedText(update), "OE0101: function is not valid: image: (storage_address: must be a valid URL.).");
}

TEST(LargeRequest, metadata_of_100000_entries) {
  orchestrator::NewComputePlan plan;
  plan.set_key(kKey);
  plan.set_name("n");
  for (int i = 0; i < kEntries; ++i) (*plan.mutable_metadata())[KeyText(i)] = "v";
  EXPECT_EQ(TimedText(plan), "");
  for (auto& entry : *plan.mutable_metadata()) entry.second = std::string(101, 'v');
  EXPECT_EQ(TimedText(plan), "OE0101: computeplan is not valid: metadata: OE0101: metadata value for key \"" +
                                 KeyText(0) + "\" is too long.");
}

TEST(LargeRequest, function_of_100000_inputs_and_outputs) {
  orchestrator::NewFunction function;
  function.set_key(kKey);
  function.set_name("n");
  function.mutable_new_permissions();
  for (auto* address : {function.mutable_description(), function.mutable_archive()}) {
    address->set_checksum(kChecksum);
    address->set_storage_address("http://foo");
  }
  for (int i = 0; i < kEntries; ++i) {
    (*function.mutable_inputs())[KeyText(i)].set_kind(orchestrator::ASSET_MODEL);
    (*function.mutable_outputs())[KeyText(i)].set_kind(orchestrator::ASSET_MODEL);
  }
  EXPECT_EQ(TimedText(function), "");
  (*function.mutable_inputs())[KeyText(kEntries - 1)].set_kind(orchestrator::ASSET_UNKNOWN);
  EXPECT_EQ(TimedText(function), "OE0101: function is not valid: inputs: (kind: must be a valid value.).");
}

TEST(LargeRequest, task_of_100000_inputs_and_100000_tasks) {
  orchestrator::RegisterTasksParam request;
  for (int i = 0; i < kEntries; ++i) {
    auto* task = request.add_tasks();
    task->set_key(KeyText(i));
    task->set_function_key(kKey);
    task->set_compute_plan_key(kKey);
    auto* input = request.mutable_tasks(0)->add_inputs();
    input->set_identifier("i");
    input->mutable_parent_task_output()->set_parent_task_key(kKey);
    input->mutable_parent_task_output()->set_output_identifier("o");
  }
  EXPECT_EQ(TimedText(request), "");
  request.mutable_tasks(kEntries - 1)->set_key(KeyText(0));
  EXPECT_EQ(TimedText(request), "OE0006: computetask with key \"" + KeyText(0) + "\" already exists");
}

TEST(LargeRequest, reported_elements_are_bounded) {
  orchestrator::UpdateDataSamplesParam request;
  for (int i = 0; i < kEntries; ++i) request.add_keys("x");
  const std::string text = TimedText(request);
  EXPECT_TRUE(text.starts_with("OE0101: datasample is not valid: keys: (0: must be a valid UUID; 1: "));
  EXPECT_TRUE(text.ends_with("; 99: must be a valid UUID.)."));
  EXPECT_LT(text.size(), 4000U);
}

}  // namespace
}  // namespace orc
