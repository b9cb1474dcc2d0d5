#include "domain/validation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/domain/support.h"

namespace orc {
namespace {

constexpr auto kValidate = [](const auto& message) { return Validate(message); };

const std::string kKeyField = std::string("key: \"") + kKey + "\" ";
const std::string kNulField = R"(: "a\000b")";
const std::string kNulText = "must not contain the character U+0000";
const std::string kNoAddress = "(checksum: cannot be blank; storage_address: cannot be blank.)";

// The rules of every update that changes a name.
const std::vector<FieldCase> kRenameRows = {
    {"key", "", "key: cannot be blank."},
    {"", "key: 'x'", "key: must be a valid UUID."},
    {"name", "", "name: cannot be blank."},
    {"", "name: " + Long(100), ""},
    {"", "name: " + Long(101), "name: the length must be between 1 and 100."},
    {"", "name" + kNulField, "name: " + kNulText + "."},
    {"", "key: '' name: ''", "key: cannot be blank; name: cannot be blank."},
};

TEST(Validation, behaviour_5_register_organization) {
  const auto validate = [](const auto& message) { return Validate(message, "org"); };
  const std::string url = "address: must be a valid request URL.";
  ExpectFieldTexts<orchestrator::RegisterOrganizationParam>(
      "organization", "address: 'http://foo'",
      std::vector<FieldCase>{
          {"address", "", ""},
          {"", "address: 'localhost:8000'", ""},
          {"", "address: 'foo'", url},
          {"", "address" + kNulField, url},
          {"", "address: 'http://a\\000'", url},
          {"", "address: '" + UrlOf(200, 50) + "'", ""},
          {"", "address: '" + UrlOf(201) + "'", "address: the length must be no more than 200."},
      },
      validate);
}

TEST(Validation, organization_id) {
  const std::string prefix = "OE0101: organization is not valid: ";
  const orchestrator::RegisterOrganizationParam request;
  std::string wide;
  for (int i = 0; i < 64; ++i) wide += "é";
  EXPECT_EQ(TextOf(Validate(request, wide)), "");
  EXPECT_EQ(TextOf(Validate(request, wide + "x")), prefix + "id: the length must be no more than 64.");
  EXPECT_EQ(TextOf(Validate(request, "")), prefix + "id: cannot be blank.");
  EXPECT_EQ(TextOf(Validate(request, std::string("o\0", 2))), prefix + "id: " + kNulText + ".");
}

TEST(Validation, behaviour_8_register_data_manager) {
  ExpectFieldTexts<orchestrator::NewDataManager>(
      "datamanager",
      kKeyField + "name: 'n' type: 'any' new_permissions {} logs_permission {} description " + kAddress + " opener " +
          kAddress,
      std::vector<FieldCase>{
          {"key", "", "key: cannot be blank."},
          {"", "key: '{'", "key: must be a valid UUID."},
          {"name", "", "name: cannot be blank."},
          {"", "name: " + Long(101), "name: the length must be between 1 and 100."},
          {"", "name" + kNulField, "name: " + kNulText + "."},
          {"new_permissions", "", "new_permissions: cannot be blank."},
          {"logs_permission", "", "logs_permission: cannot be blank."},
          {"", "new_permissions {authorized_ids" + kNulField + "}",
           "new_permissions: (authorized_ids: " + kNulText + ".)."},
          {"", "logs_permission {public: true authorized_ids" + kNulField + "}",
           "logs_permission: (authorized_ids: " + kNulText + ".)."},
          {"description", "", "description: cannot be blank."},
          {"description", "description {}", "description: " + kNoAddress + "."},
          {"opener", "", "opener: cannot be blank."},
          {"opener", "opener {}", "opener: " + kNoAddress + "."},
          {"", "opener {checksum: '0'}", "opener: (checksum: the length must be exactly 64.)."},
          {"", "metadata {key: 'a' value: 'b'}", ""},
          {"", "metadata {key: 'a' value: " + Long(101) + "}",
           R"(metadata: OE0101: metadata value for key "a" is too long.)"},
          {"", "metadata {key" + kNulField + "}", "metadata: " + kNulText + "."},
      },
      kValidate);
  EXPECT_EQ(TextOf(Validate(orchestrator::NewDataManager())),
            "OE0101: datamanager is not valid: description: cannot be blank; key: cannot be blank; logs_permission: "
            "cannot be blank; name: cannot be blank; new_permissions: cannot be blank; opener: cannot be blank.");
}

TEST(Validation, behaviour_8_update_data_manager) {
  ExpectFieldTexts<orchestrator::UpdateDataManagerParam>("datamanager", kKeyField + "name: 'n'", kRenameRows,
                                                         kValidate);
}

TEST(Validation, behaviour_9_register_data_samples) {
  const std::string keys = std::string("data_manager_keys: ['', \"") + kKey + "\", 'x']";
  ExpectFieldTexts<orchestrator::NewDataSample>(
      "datasample", kKeyField + "checksum: '" + kChecksum + "'",
      std::vector<FieldCase>{
          {"key", "", "key: cannot be blank."},
          {"", "key: 'x'", "key: must be a valid UUID."},
          {"checksum", "", "checksum: cannot be blank."},
          {"", "checksum: 'ab'", "checksum: the length must be exactly 64."},
          {"", "checksum: '" + std::string(64, 'z') + "'", "checksum: must be a valid hexadecimal number."},
          {"", "data_manager_keys: ['', '']", ""},
          {"", keys, "data_manager_keys: (2: must be a valid UUID.)."},
      },
      kValidate);
}

TEST(Validation, behaviour_9_update_data_samples) {
  const std::string key = std::string("keys: \"") + kKey + "\"";
  ExpectFieldTexts<orchestrator::UpdateDataSamplesParam>(
      "datasample", key,
      std::vector<FieldCase>{
          {"keys", "", "keys: cannot be blank."},
          {"", "keys: ''", ""},
          {"", "keys: 'x'", "keys: (1: must be a valid UUID.)."},
          {"", "data_manager_keys: 'x'", "data_manager_keys: (0: must be a valid UUID.)."},
          {"keys", "data_manager_keys: 'x'", "data_manager_keys: (0: must be a valid UUID.); keys: cannot be blank."},
      },
      kValidate);
}

TEST(Validation, behaviour_11_1_register_plan) {
  std::vector<FieldCase> rows = kRenameRows;
  rows.push_back({"", "tag: " + Long(100), ""});
  rows.push_back({"", "tag: " + Long(101), "tag: the length must be no more than 100."});
  rows.push_back({"", "tag" + kNulField, "tag: " + kNulText + "."});
  rows.push_back({"", "metadata {key: 'a' value" + kNulField + "}", "metadata: " + kNulText + "."});
  ExpectFieldTexts<orchestrator::NewComputePlan>("computeplan", kKeyField + "name: 'n'", rows, kValidate);
}

TEST(Validation, behaviour_11_3_and_11_4_change_plan) {
  ExpectFieldTexts<orchestrator::UpdateComputePlanParam>("computeplan", kKeyField + "name: 'n'", kRenameRows,
                                                         kValidate);
  ExpectFieldTexts<orchestrator::ApplyPlanActionParam>(
      "computeplan", kKeyField,
      std::vector<FieldCase>{{"key", "", "key: cannot be blank."},
                             {"", "key: '{0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0}'", ""},
                             {"", "key: 'x'", "key: must be a valid UUID."}},
      kValidate);
}

TEST(Validation, behaviour_15_failure_report) {
  const std::string with_logs = "logs_address " + kAddress;
  const std::string type = "error_type: must be a valid value";
  const std::string blank = "logs_address: must be blank";
  ExpectFieldTexts<orchestrator::NewFailureReport>(
      "failurereport",
      std::string("asset_key: \"") + kKey + "\" error_type: ERROR_TYPE_BUILD asset_type: FAILED_ASSET_FUNCTION " +
          with_logs,
      std::vector<FieldCase>{
          {"asset_key", "", "asset_key: cannot be blank."},
          {"", "asset_key: 'x'", "asset_key: must be a valid UUID."},
          {"", "error_type: ERROR_TYPE_EXECUTION asset_type: FAILED_ASSET_COMPUTE_TASK", ""},
          {"logs_address", "", "logs_address: cannot be blank."},
          {"logs_address", "error_type: ERROR_TYPE_EXECUTION", "logs_address: cannot be blank."},
          {"logs_address", "logs_address {}", "logs_address: " + kNoAddress + "."},
          {"logs_address", "error_type: ERROR_TYPE_INTERNAL", ""},
          {"", "error_type: ERROR_TYPE_INTERNAL", blank + "."},
          {"logs_address", "error_type: ERROR_TYPE_UNSPECIFIED", type + "."},
          {"logs_address", "error_type: 99", type + "."},
          {"", "error_type: 99", type + "; " + blank + "."},
          {"", "asset_type: 99", "asset_type: must be a valid value."},
          {"", "asset_type: FAILED_ASSET_UNKNOWN asset_key: ''", "asset_key: cannot be blank."},
      },
      kValidate);
}

TEST(Validation, behaviour_15_asset_type_0) {
  const auto request = FromText<orchestrator::NewFailureReport>(std::string("asset_key: \"") + kKey +
                                                                "\" error_type: ERROR_TYPE_INTERNAL");
  const auto result = Validate(request);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kBadRequest);
  EXPECT_EQ(result.error().text, "OE0003: can only register failure for asset_kind values function and compute task");
}

TEST(Validation, behaviour_16_profiling_step) {
  ExpectFieldTexts<orchestrator::ProfilingStep>(
      "profiling_step", std::string("asset_key: \"") + kKey + "\" step: 's' duration: 1",
      std::vector<FieldCase>{
          {"asset_key", "", "asset_key: cannot be blank."},
          {"", "asset_key: 'x'", "asset_key: must be a valid UUID."},
          {"step", "", "step: cannot be blank."},
          {"", "step: " + Long(101), "step: the length must be between 1 and 100."},
          {"", "step" + kNulField, "step: " + kNulText + "."},
          {"duration", "", "duration: cannot be blank."},
      },
      kValidate);
}

}  // namespace
}  // namespace orc
