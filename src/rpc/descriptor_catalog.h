// The services of the server and the definition files they are made of, as reflection shows them (deployment.md 2.11):
// the 13 of the orchestrator, health, and reflection in both versions. Files that are linked into the program but that
// no service needs are not shown. Built once, immutable, thread-safe; lives as long as the process.
#pragma once

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace orc {

class DescriptorCatalog {
 public:
  static const DescriptorCatalog& Get();

  // Full names, sorted.
  const std::set<std::string, std::less<>>& Services() const { return services_; }

  // Each answers null when there is no such thing among the catalog's files.
  const google::protobuf::FileDescriptor* FileByName(const std::string& name) const;
  const google::protobuf::FileDescriptor* FileOfSymbol(const std::string& symbol) const;
  const google::protobuf::FileDescriptor* FileOfExtension(const std::string& extended_type, int number) const;
  const google::protobuf::Descriptor* Type(const std::string& name) const;

  // Sorted.
  std::vector<int> ExtensionNumbers(const google::protobuf::Descriptor& type) const;

  // `file` and then all it imports, directly or not, each once; serialized google.protobuf.FileDescriptorProto.
  static std::vector<std::string> WithImports(const google::protobuf::FileDescriptor& file);

 private:
  DescriptorCatalog();
  const google::protobuf::FileDescriptor* IfShown(const google::protobuf::FileDescriptor* file) const;

  std::set<std::string, std::less<>> services_;
  std::set<const google::protobuf::FileDescriptor*> files_;
};

}  // namespace orc
