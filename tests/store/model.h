// A store for comparison: the rows of one channel in plain vectors, every question answered by looking at all of them.
// Too slow for anything but tests, and too simple to be wrong. Not thread-safe; never fails.
//
// Functions answer what the functions of the same name of Snapshot answer (store/store.h), look-ups in the order of
// keys.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace orc {

class Model {
 public:
  void Apply(const ChangeSet& changes);

  Head head;
  std::map<orchestrator::AssetKind, std::map<int64_t, AssetRow>> assets;  // by order
  std::map<int64_t, FullTaskRow> tasks;                                   // by order
  std::vector<ParentEdge> edges;
  std::vector<OutputRow> outputs;
  std::map<std::pair<Key, int64_t>, Key> samples;
  std::set<std::pair<Key, int64_t>> plan_functions;
  std::vector<EventRow> events;

  std::vector<AssetRow> ListAssets(orchestrator::AssetKind kind, const AssetFilter& filter, const Page& page) const;
  std::vector<AssetRow> ListPlanFunctions(const Key& plan, const Page& page) const;
  std::vector<Key> ListManagerSamples(const Key& manager) const;
  std::vector<FullTaskRow> ListTasks(const TaskFilter& filter, const Page& page) const;
  std::vector<TaskRef> ListFunctionTasks(const Key& function, orchestrator::ComputeTaskStatus status) const;
  std::vector<Key> ListChildren(const Key& parent) const;
  std::vector<OutputRow> FindOutputs(const Key& task) const;
  bool HasUnfinishedTask(const Key& plan) const;
  std::vector<EventRow> ListEvents(const EventFilter& filter, const Page& page) const;

 private:
  FullTaskRow* FindTask(const Key& key);
};

// Rows as text, all fields, for comparison and for the messages of failing tests.
std::string Show(const Key& key);
std::string Show(const AssetRow& row);
std::string Show(const TaskRow& row);
std::string Show(const FullTaskRow& row);
std::string Show(const TaskRef& row);
std::string Show(const OutputRow& row);
std::string Show(const EventRow& row);

template <class Row>
std::vector<std::string> Show(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(Show(row));
  return texts;
}

}  // namespace orc
