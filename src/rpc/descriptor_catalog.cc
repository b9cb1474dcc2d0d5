#include "rpc/descriptor_catalog.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "computeplan.pb.h"
#include "computetask.pb.h"
#include "datamanager.pb.h"
#include "datasample.pb.h"
#include "dataset.pb.h"
#include "event.pb.h"
#include "failure_report.pb.h"
#include "function.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "info.pb.h"
#include "model.pb.h"
#include "organization.pb.h"
#include "performance.pb.h"
#include "profiling.pb.h"

namespace orc {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

namespace {

// The file of each service, found through a message of it: unlike a name, that makes the linker keep the file.
std::vector<const FileDescriptor*> ServiceFiles() {
  return {
      orchestrator::NewComputePlan::descriptor()->file(),
      orchestrator::NewComputeTask::descriptor()->file(),
      orchestrator::NewDataManager::descriptor()->file(),
      orchestrator::NewDataSample::descriptor()->file(),
      orchestrator::Dataset::descriptor()->file(),
      orchestrator::Event::descriptor()->file(),
      orchestrator::NewFailureReport::descriptor()->file(),
      orchestrator::NewFunction::descriptor()->file(),
      orchestrator::QueryVersionParam::descriptor()->file(),
      orchestrator::NewModel::descriptor()->file(),
      orchestrator::RegisterOrganizationParam::descriptor()->file(),
      orchestrator::NewPerformance::descriptor()->file(),
      orchestrator::ProfilingStep::descriptor()->file(),
      grpc::health::v1::HealthCheckRequest::descriptor()->file(),
      grpc::reflection::v1::ServerReflectionRequest::descriptor()->file(),
      grpc::reflection::v1alpha::ServerReflectionRequest::descriptor()->file(),
  };
}

// Depth first, importers before what they import, each file once.
void Collect(const FileDescriptor* file, std::vector<const FileDescriptor*>& files) {
  if (std::find(files.begin(), files.end(), file) != files.end()) return;
  files.push_back(file);
  for (int i = 0; i < file->dependency_count(); ++i) Collect(file->dependency(i), files);
}

}  // namespace

const DescriptorCatalog& DescriptorCatalog::Get() {
  static const auto* const catalog = new DescriptorCatalog;
  return *catalog;
}

DescriptorCatalog::DescriptorCatalog() {
  std::vector<const FileDescriptor*> files;
  for (const FileDescriptor* file : ServiceFiles()) {
    Collect(file, files);
    for (int i = 0; i < file->service_count(); ++i) services_.insert(file->service(i)->full_name());
  }
  files_.insert(files.begin(), files.end());
}

const FileDescriptor* DescriptorCatalog::IfShown(const FileDescriptor* file) const {
  return files_.contains(file) ? file : nullptr;
}

const FileDescriptor* DescriptorCatalog::FileByName(const std::string& name) const {
  return IfShown(DescriptorPool::generated_pool()->FindFileByName(name));
}

const FileDescriptor* DescriptorCatalog::FileOfSymbol(const std::string& symbol) const {
  const FileDescriptor* const file = IfShown(DescriptorPool::generated_pool()->FindFileContainingSymbol(symbol));
  // A package is a symbol too, but of many files: the pool would name an arbitrary one.
  if (file != nullptr && (file->package() + ".").starts_with(symbol + ".")) return nullptr;
  return file;
}

const FileDescriptor* DescriptorCatalog::FileOfExtension(const std::string& extended_type, int number) const {
  const Descriptor* const type = Type(extended_type);
  if (type == nullptr) return nullptr;
  const FieldDescriptor* const extension = DescriptorPool::generated_pool()->FindExtensionByNumber(type, number);
  return extension == nullptr ? nullptr : IfShown(extension->file());
}

const Descriptor* DescriptorCatalog::Type(const std::string& name) const {
  const Descriptor* const type = DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  return type != nullptr && IfShown(type->file()) != nullptr ? type : nullptr;
}

std::vector<int> DescriptorCatalog::ExtensionNumbers(const Descriptor& type) const {
  std::vector<const FieldDescriptor*> extensions;
  DescriptorPool::generated_pool()->FindAllExtensions(&type, &extensions);
  std::vector<int> numbers;
  for (const FieldDescriptor* extension : extensions) {
    if (IfShown(extension->file()) != nullptr) numbers.push_back(extension->number());
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::vector<std::string> DescriptorCatalog::WithImports(const FileDescriptor& file) {
  std::vector<const FileDescriptor*> files;
  Collect(&file, files);
  std::vector<std::string> serialized;
  for (const FileDescriptor* each : files) {
    google::protobuf::FileDescriptorProto proto;
    each->CopyTo(&proto);
    serialized.push_back(proto.SerializeAsString());
  }
  return serialized;
}

}  // namespace orc
