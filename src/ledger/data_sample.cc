// DataSampleService (behaviour.md 9).
#include <unordered_set>

#include "domain/text.h"
#include "ledger/commands.h"
#include "ledger/common.h"

namespace orc {

namespace pb = ::orchestrator;

namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;

// Keys that may not be keys: Prefetch sees samples before their fields are checked.
template <class T>
void AddIfKey(const std::string& text, Needs& needs) {
  if (const std::optional<Key> key = Key::FromCanonical(text)) needs.Add<T>(*key);
}

tl::unexpected<Error> ManagerNotFound(const std::string& text) {
  tl::unexpected<Error> error = NotFound(AssetType<pb::DataManager>::kName, text);
  error.value().text += ": " + error.value().text;
  return error;
}

// 9, rows 2 and 3: every data manager exists and belongs to the caller.
Result<void> CheckManagers(const Caller& caller, const Texts& keys, Workspace& workspace) {
  for (const std::string& text : keys) {
    if (text.empty()) return ManagerNotFound(text);
    ORC_ASSIGN(const auto* const manager, workspace.Find<pb::DataManager>(StoreKeyOf(text)));
    if (manager == nullptr) return ManagerNotFound(text);
    ORC_TRY(RequireOwner(caller, manager->asset, "requester does not own the datamanager " + Quote(text)));
  }
  return {};
}

// Attaches the data managers that the sample does not have yet.
void Attach(Workspace& workspace, pb::DataSample& sample, int64_t order, const Texts& managers) {
  Texts& attached = *sample.mutable_data_manager_keys();
  std::unordered_set<std::string_view> known(attached.begin(), attached.end());
  for (const std::string& manager : managers) {
    if (!known.insert(manager).second) continue;
    *attached.Add() = manager;
    workspace.AddSampleLink(SampleLink{KeyOf(manager), order, KeyOf(sample.key())});
  }
}

}  // namespace

// Elements are checked one after another by Execute: the specification lets their checks alternate with look-ups.
Result<void> Check(const Caller&, const pb::RegisterDataSamplesParam&) {
  return {};
}

void Prefetch(const pb::RegisterDataSamplesParam& request, Needs& needs) {
  for (const pb::NewDataSample& sample : request.samples()) {
    AddIfKey<pb::DataSample>(sample.key(), needs);
    for (const std::string& manager : sample.data_manager_keys()) AddIfKey<pb::DataManager>(manager, needs);
  }
}

Result<void> Execute(const Caller& caller, const pb::RegisterDataSamplesParam& request, Workspace& workspace,
                     pb::RegisterDataSamplesResponse& response) {
  if (request.samples().empty()) return {};
  std::vector<Key> keys;
  for (const pb::NewDataSample& wanted : request.samples()) {
    ORC_TRY(Validate(wanted));
    ORC_TRY(CheckManagers(caller, wanted.data_manager_keys(), workspace));
    ORC_TRY(RequireUnused<pb::DataSample>(workspace, wanted.key()));
    keys.push_back(KeyOf(wanted.key()));
  }
  ORC_TRY(workspace.RequireRegistered(caller));
  const std::vector<int64_t> orders = workspace.OrdersFor(keys, 1);
  for (int i = 0; i < request.samples_size(); ++i) {
    const pb::NewDataSample& wanted = request.samples(i);
    ORC_TRY(RequireUnused<pb::DataSample>(workspace, wanted.key()));  // the same key twice in the request
    pb::DataSample sample;
    sample.set_key(wanted.key());
    sample.set_owner(caller.organization);
    sample.set_checksum(wanted.checksum());
    *sample.mutable_creation_date() = workspace.Now();
    Attach(workspace, sample, orders[i], wanted.data_manager_keys());
    *response.add_data_samples() = sample;
    const pb::DataSample& stored = workspace.Insert(orders[i], std::move(sample));
    ORC_TRY(workspace.Emit(pb::EVENT_ASSET_CREATED, stored.key(), stored));
  }
  return {};
}

void Prefetch(const pb::UpdateDataSamplesParam& request, Needs& needs) {
  for (const std::string& key : request.keys()) AddIfKey<pb::DataSample>(key, needs);
  for (const std::string& key : request.data_manager_keys()) AddIfKey<pb::DataManager>(key, needs);
}

Result<void> Execute(const Caller& caller, const pb::UpdateDataSamplesParam& request, Workspace& workspace,
                     pb::UpdateDataSamplesResponse&) {
  ORC_TRY(CheckManagers(caller, request.data_manager_keys(), workspace));
  for (const std::string& text : request.keys()) {
    if (text.empty()) return NotFound(AssetType<pb::DataSample>::kName, text);
    const std::string key = StoreKeyOf(text);
    ORC_ASSIGN(const auto* const found, workspace.Get<pb::DataSample>(key, text));
    ORC_TRY(RequireOwner(caller, found->asset, "requester does not own the datasample"));
    const int64_t order = found->order;
    pb::DataSample& sample = workspace.Change<pb::DataSample>(key);
    Attach(workspace, sample, order, request.data_manager_keys());
    ORC_TRY(workspace.Emit(pb::EVENT_ASSET_UPDATED, sample.key(), sample));
  }
  return {};
}

}  // namespace orc
