#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/validation.h"
#include "tests/domain/support.h"

namespace orc {
namespace {

constexpr auto kValidate = [](const auto& message) { return Validate(message); };

const std::string kNulText = "must not contain the character U+0000";
const std::string kNul = "'a\\000'";
const std::string kQuotedKey = std::string("\"") + kKey + "\"";
const std::string kValidTask =
    "key: " + kQuotedKey + " function_key: " + kQuotedKey + " compute_plan_key: " + kQuotedKey + " ";

// Rows about one task, which is registered alone.
void ExpectTaskTexts(const std::vector<FieldCase>& rows) {
  const auto register_one = [](const orchestrator::NewComputeTask& task) {
    orchestrator::RegisterTasksParam request;
    *request.add_tasks() = task;
    return Validate(request);
  };
  ExpectFieldTexts<orchestrator::NewComputeTask>("computetask", kValidTask, rows, register_one);
}

TEST(Validation, behaviour_12_2_fields) {
  ExpectTaskTexts({
      {"key", "", "key: cannot be blank."},
      {"", "key: 'x'", "key: must be a valid UUID."},
      {"function_key", "", "function_key: cannot be blank."},
      {"", "function_key: 'x'", "function_key: must be a valid UUID."},
      {"compute_plan_key", "", "compute_plan_key: cannot be blank."},
      {"", "compute_plan_key: 'x'", "compute_plan_key: must be a valid UUID."},
      {"", "metadata {key: 'k' value: " + Long(101) + "}",
       R"(metadata: OE0101: metadata value for key "k" is too long.)"},
      {"", "worker: 'w' inputs {identifier: 'i' asset_key: " + kQuotedKey + "}", ""},
      {"", "inputs {identifier: 'i' parent_task_output {parent_task_key: " + kQuotedKey + " output_identifier: 'o'}}",
       ""},
  });
}

TEST(Validation, behaviour_12_2_observed_input_texts) {
  ExpectTaskTexts({
      {"", "inputs {}", "inputs: (Ref: cannot be blank; identifier: cannot be blank.)."},
      {"", "inputs {identifier: 'i'}", "inputs: (Ref: cannot be blank.)."},
      {"", "inputs {identifier: 'i' asset_key: 'x'}", "inputs: (Ref: (AssetKey: must be a valid UUID.).)."},
      {"", "inputs {identifier: 'i' asset_key: ''}", "inputs: (Ref: (AssetKey: cannot be blank.).)."},
      {"", "inputs {asset_key: 'x'}",
       "inputs: (Ref: (AssetKey: must be a valid UUID.); identifier: cannot be blank.)."},
      {"", "inputs {identifier: 'i' parent_task_output {}}",
       "inputs: (output_identifier: cannot be blank; parent_task_key: cannot be blank.)."},
  });
}

TEST(Validation, behaviour_12_2_inputs) {
  const std::string sound = "inputs {identifier: 'i' asset_key: " + kQuotedKey + "} ";
  ExpectTaskTexts({
      {"", "inputs {parent_task_output {}}", "inputs: (identifier: cannot be blank.)."},
      {"", "inputs {identifier: 'i' parent_task_output {parent_task_key: 'x' output_identifier: 'o'}}",
       "inputs: (parent_task_key: must be a valid UUID.)."},
      {"", sound + "inputs {identifier: 'j'} inputs {}", "inputs: (Ref: cannot be blank.)."},
      {"", "inputs {identifier: " + kNul + " asset_key: " + kQuotedKey + "}",
       "inputs: (identifier: " + kNulText + ".)."},
      {"",
       "inputs {identifier: 'i' parent_task_output {parent_task_key: " + kQuotedKey + " output_identifier: " + kNul +
           "}}",
       "inputs: (output_identifier: " + kNulText + ".)."},
  });
}

TEST(Validation, behaviour_12_2_outputs) {
  const std::string sound = "outputs {key: 'a' value {permissions {} transient: true}} ";
  ExpectTaskTexts({
      {"", sound, ""},
      {"", "outputs {key: '' value {permissions {}}}", "outputs: cannot be blank."},
      {"", "outputs {key: 'o' value {}}", "outputs: (permissions: cannot be blank.)."},
      {"", sound + "outputs {key: 'b' value {}} outputs {key: '' value {permissions {}}}", "outputs: cannot be blank."},
      {"", "outputs {key: " + kNul + " value {permissions {}}}", "outputs: " + kNulText + "."},
      {"", "outputs {key: 'o' value {permissions {authorized_ids: " + kNul + "}}}",
       "outputs: (permissions: (authorized_ids: " + kNulText + ".).)."},
  });
}

TEST(Validation, behaviour_12_1_register_tasks) {
  orchestrator::RegisterTasksParam request;
  const auto empty = Validate(request);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().kind, ErrorKind::kBadRequest);
  EXPECT_EQ(empty.error().text, "OE0003: no task to register");

  const auto task = FromText<orchestrator::NewComputeTask>(kValidTask);
  *request.add_tasks() = task;
  *request.add_tasks() = task;
  request.mutable_tasks(0)->set_key(kOtherKey);
  EXPECT_EQ(TextOf(Validate(request)), "");

  *request.add_tasks() = task;
  const auto twice = Validate(request);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(twice.error().text, std::string("OE0006: computetask with key \"") + kKey + "\" already exists");

  request.add_tasks()->CopyFrom(task);
  request.mutable_tasks(3)->clear_key();
  EXPECT_EQ(TextOf(Validate(request)), "OE0101: computetask is not valid: key: cannot be blank.");
}

TEST(Validation, behaviour_12_10_apply_task_action) {
  ExpectFieldTexts<orchestrator::ApplyTaskActionParam>(
      "computetask", "compute_task_key: " + kQuotedKey,
      std::vector<FieldCase>{
          {"compute_task_key", "", "compute_task_key: cannot be blank."},
          {"", "compute_task_key: '0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'", ""},
          {"", "compute_task_key: 'x'", "compute_task_key: must be a valid UUID."},
          {"", "log: " + Long(1000), ""},
          {"", "log: " + kNul, "log: " + kNulText + "."},
          {"", "compute_task_key: 'x' log: " + kNul, "compute_task_key: must be a valid UUID; log: " + kNulText + "."},
      },
      kValidate);
}

TEST(Validation, behaviour_12_13_disable_output) {
  ExpectFieldTexts<orchestrator::DisableOutputParam>(
      "computetask", "compute_task_key: " + kQuotedKey,
      std::vector<FieldCase>{
          {"compute_task_key", "", "compute_task_key: cannot be blank."},
          {"", "compute_task_key: '{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}'", ""},
          {"", "compute_task_key: '0f1e2d3c'", "compute_task_key: must be a valid UUID."},
      },
      kValidate);
}

const std::string kValidModel = "key: " + kQuotedKey + " compute_task_key: " + kQuotedKey +
                                " compute_task_output_identifier: 'o' address " + kAddress;

TEST(Validation, behaviour_13_register_model) {
  ExpectFieldTexts<orchestrator::NewModel>(
      "model", kValidModel,
      std::vector<FieldCase>{
          {"key", "", "key: cannot be blank."},
          {"", "key: 'x'", "key: must be a valid UUID."},
          {"compute_task_key", "", "compute_task_key: cannot be blank."},
          {"", "compute_task_key: '0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'", "compute_task_key: must be a valid UUID."},
          {"compute_task_output_identifier", "", "compute_task_output_identifier: cannot be blank."},
          {"", "compute_task_output_identifier: " + kNul, "compute_task_output_identifier: " + kNulText + "."},
          {"address", "", "address: cannot be blank."},
          {"address", "address {}", "address: (checksum: cannot be blank; storage_address: cannot be blank.)."},
      },
      kValidate);
}

TEST(Validation, behaviour_13_register_models) {
  orchestrator::RegisterModelsParam request;
  const auto empty = Validate(request);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().kind, ErrorKind::kBadRequest);
  EXPECT_EQ(empty.error().text, "OE0003: no model to register");

  for (int i = 0; i < 3; ++i) *request.add_models() = FromText<orchestrator::NewModel>(kValidModel);
  EXPECT_EQ(TextOf(Validate(request)), "");

  request.mutable_models(1)->set_compute_task_key(kOtherKey);
  const auto mixed = Validate(request);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().kind, ErrorKind::kBadRequest);
  EXPECT_EQ(mixed.error().text, "OE0003: All models should be part of the same task");

  // Field rules of all elements come first.
  request.mutable_models(2)->set_key("x");
  EXPECT_EQ(TextOf(Validate(request)), "OE0101: model is not valid: key: must be a valid UUID.");
}

TEST(Validation, behaviour_14_register_performance) {
  ExpectFieldTexts<orchestrator::NewPerformance>(
      "performance", "compute_task_key: " + kQuotedKey + " compute_task_output_identifier: 'o'",
      std::vector<FieldCase>{
          {"compute_task_key", "", "compute_task_key: cannot be blank."},
          {"", "compute_task_key: 'x'", "compute_task_key: must be a valid UUID."},
          {"compute_task_output_identifier", "", "compute_task_output_identifier: cannot be blank."},
          {"", "compute_task_output_identifier: " + Long(100), ""},
          {"", "compute_task_output_identifier: " + kNul, "compute_task_output_identifier: " + kNulText + "."},
          {"", "performance_value: nan", ""},
      },
      kValidate);
}

}  // namespace
}  // namespace orc
