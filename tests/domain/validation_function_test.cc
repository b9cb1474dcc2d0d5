#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/validation.h"
#include "tests/domain/support.h"

namespace orc {
namespace {

constexpr auto kValidate = [](const auto& message) { return Validate(message); };

const std::string kNulText = "must not contain the character U+0000";
const std::string kValidFunction =
    std::string("key: \"") + kKey + "\" name: 'n' new_permissions {} description " + kAddress + " archive " + kAddress;

std::string Input(const std::string& identifier, const std::string& fields) {
  return "inputs {key: '" + identifier + "' value {" + fields + "}} ";
}

std::string Output(const std::string& identifier, const std::string& fields) {
  return "outputs {key: '" + identifier + "' value {" + fields + "}} ";
}

void ExpectFunctionTexts(const std::vector<FieldCase>& rows) {
  ExpectFieldTexts<orchestrator::NewFunction>("function", kValidFunction, rows, kValidate);
}

TEST(Validation, behaviour_7_1_fields) {
  ExpectFunctionTexts({
      {"key", "", "key: cannot be blank."},
      {"", "key: 'X'", "key: must be a valid UUID."},
      {"name", "", "name: cannot be blank."},
      {"", "name: " + Long(101), "name: the length must be between 1 and 100."},
      {"", "name: '\\000'", "name: " + kNulText + "."},
      {"description", "", "description: cannot be blank."},
      {"description", "description {}", "description: (checksum: cannot be blank; storage_address: cannot be blank.)."},
      {"archive", "", "archive: cannot be blank."},
      {"", "archive {storage_address: 'foo'}", "archive: (storage_address: must be a valid URL.)."},
      {"new_permissions", "", "new_permissions: cannot be blank."},
      {"", "new_permissions {authorized_ids: 'a\\000'}", "new_permissions: (authorized_ids: " + kNulText + ".)."},
      {"", "metadata {key: 'k' value: " + Long(101) + "}",
       R"(metadata: OE0101: metadata value for key "k" is too long.)"},
  });
}

TEST(Validation, behaviour_7_1_inputs) {
  const std::string manager = "kind: ASSET_DATA_MANAGER";
  const std::string sample = "kind: ASSET_DATA_SAMPLE";
  const std::string model = "kind: ASSET_MODEL";
  const std::string kind = "inputs: (kind: must be a valid value.).";
  const std::string pair =
      "inputs: OE0101: cannot have an input of type ASSET_DATA_MANAGER without an input of type ASSET_DATA_SAMPLE, and "
      "vice versa.";
  const auto flags = [](const std::string& id) {
    return "inputs: OE0101: function input \"" + id + "\" of kind DATA_MANAGER cannot be Multiple or Optional.";
  };
  ExpectFunctionTexts({
      {"", Input("m", model + " multiple: true optional: true"), ""},
      {"", Input("d", manager) + Input("s", sample) + Input("t", sample + " multiple: true"), ""},
      {"", Input("", model), "inputs: cannot be blank."},
      {"", Input(std::string(100, 'i'), model), ""},
      {"", Input(std::string(101, 'i'), model), "inputs: the length must be between 1 and 100."},
      {"", Input("i\\000", model), "inputs: " + kNulText + "."},
      {"", Input("i", ""), kind},
      {"", Input("i", "kind: ASSET_PERFORMANCE"), kind},
      {"", Input("i", "kind: 2"), kind},
      {"", Input("i", "kind: 99"), kind},
      {"", Input("s", sample) + Input("d", manager + " multiple: true"), flags("d")},
      {"", Input("s", sample) + Input("d\\n\\\"", manager + " optional: true"), flags("d\n\"")},
      {"", Input("s", sample) + Input("d", manager) + Input("e", manager),
       "inputs: OE0101: cannot have multiple inputs of type ASSET_DATA_MANAGER."},
      {"", Input("d", manager), pair},
      {"", Input("s", sample) + Input("m", model), pair},
  });
}

TEST(Validation, decisions_D28_smallest_input_and_output_first) {
  const std::string manager = "kind: ASSET_DATA_MANAGER";
  const std::string multiple = "OE0101: cannot have multiple inputs of type ASSET_DATA_MANAGER.";
  ExpectFunctionTexts({
      {"", Input("b", "") + Input("a", manager + " multiple: true"),
       "inputs: OE0101: function input \"a\" of kind DATA_MANAGER cannot be Multiple or Optional."},
      {"", Input("a", "") + Input("b", manager + " multiple: true"), "inputs: (kind: must be a valid value.)."},
      {"", Input("a", manager) + Input("b", manager) + Input("c", ""), "inputs: " + multiple},
      {"", Input("a", manager) + Input("c", manager) + Input("b", ""), "inputs: (kind: must be a valid value.)."},
      {"", Output("b", "") + Output("a", "kind: ASSET_PERFORMANCE multiple: true"),
       "outputs: OE0101: Function output of kind PERFORMANCE cannot be Multiple. Invalid output: a."},
  });
}

TEST(Validation, behaviour_7_1_outputs) {
  const std::string kind = "outputs: (kind: must be a valid value.).";
  ExpectFunctionTexts({
      {"", Output("m", "kind: ASSET_MODEL multiple: true") + Output("p", "kind: ASSET_PERFORMANCE"), ""},
      {"", Output("", "kind: ASSET_MODEL"), "outputs: cannot be blank."},
      {"", Output(std::string(101, 'i'), "kind: ASSET_MODEL"), "outputs: the length must be between 1 and 100."},
      {"", Output("\\000", "kind: ASSET_MODEL"), "outputs: " + kNulText + "."},
      {"", Output("o", ""), kind},
      {"", Output("o", "kind: ASSET_DATA_SAMPLE"), kind},
      {"", Output("o", "kind: ASSET_FUNCTION multiple: true"), kind},
      {"", Output("o\\n", "kind: ASSET_PERFORMANCE multiple: true"),
       "outputs: OE0101: Function output of kind PERFORMANCE cannot be Multiple. Invalid output: o\n."},
      {"", Input("", "") + Output("", ""), "inputs: cannot be blank; outputs: cannot be blank."},
  });
}

TEST(Validation, behaviour_7_3_update_function) {
  ExpectFieldTexts<orchestrator::UpdateFunctionParam>(
      "function", std::string("key: \"") + kKey + "\" name: 'n'",
      std::vector<FieldCase>{
          {"key", "", "key: cannot be blank."},
          {"", "key: 'x'", "key: must be a valid UUID."},
          {"name", "", "name: cannot be blank."},
          {"", "name: " + Long(101), "name: the length must be between 1 and 100."},
          {"", "image {}", ""},
          {"", "image " + kAddress, ""},
          {"", "image {checksum: 'aa' storage_address: 'zz'}",
           "image: (checksum: the length must be exactly 64; storage_address: must be a valid URL.)."},
          {"", "image {checksum: '" + kChecksum + "'}", "image: (storage_address: cannot be blank.)."},
          {"", "image {storage_address: 'http://foo'}", "image: (checksum: cannot be blank.)."},
          {"", "image {storage_address: '" + UrlOf(201) + "' checksum: '" + kChecksum + "'}",
           "image: (storage_address: the length must be no more than 200.)."},
      },
      kValidate);
}

TEST(Validation, behaviour_7_4_apply_function_action) {
  ExpectFieldTexts<orchestrator::ApplyFunctionActionParam>(
      "function", std::string("function_key: \"") + kKey + "\"",
      std::vector<FieldCase>{
          {"function_key", "", "function_key: cannot be blank."},
          {"", "function_key: '0F1E2D3C4B5A69788796A5B4C3D2E1F0'", ""},
          {"", "function_key: 'x' action: FUNCTION_ACTION_READY", "function_key: must be a valid UUID."},
      },
      kValidate);
}

}  // namespace
}  // namespace orc
