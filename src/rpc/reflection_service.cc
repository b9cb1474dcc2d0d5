#include "rpc/reflection_service.h"

#include <memory>
#include <string>

#include "rpc/descriptor_catalog.h"
#include "rpc/status.h"

namespace orc {
namespace {

template <class Response>
void SetError(grpc::StatusCode code, const std::string& text, Response& response) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(text);
}

template <class Response>
void SetFile(const google::protobuf::FileDescriptor* file, const char* not_found, Response& response) {
  if (file == nullptr) return SetError(grpc::StatusCode::NOT_FOUND, not_found, response);
  for (std::string& each : DescriptorCatalog::WithImports(*file)) {
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(std::move(each));
  }
}

template <class Response>
void SetExtensionNumbers(const std::string& type_name, Response& response) {
  const auto* const type = DescriptorCatalog::Get().Type(type_name);
  if (type == nullptr) return SetError(grpc::StatusCode::NOT_FOUND, "Type not found.", response);
  auto& answer = *response.mutable_all_extension_numbers_response();
  answer.set_base_type_name(type_name);
  for (const int number : DescriptorCatalog::Get().ExtensionNumbers(*type)) answer.add_extension_number(number);
}

template <class Request, class Response>
Response Answer(const Request& request) {
  const DescriptorCatalog& catalog = DescriptorCatalog::Get();
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      SetFile(catalog.FileByName(request.file_by_filename()), "File not found.", response);
      break;
    case Request::kFileContainingSymbol:
      SetFile(catalog.FileOfSymbol(request.file_containing_symbol()), "Symbol not found.", response);
      break;
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      SetFile(catalog.FileOfExtension(extension.containing_type(), extension.extension_number()),
              "Extension not found.", response);
      break;
    }
    case Request::kAllExtensionNumbersOfType:
      SetExtensionNumbers(request.all_extension_numbers_of_type(), response);
      break;
    case Request::kListServices:
      for (const std::string& name : catalog.Services()) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks no question", response);
      break;
  }
  return response;
}

}  // namespace

// Reads a request, writes its answer, and so on until the client ends its side.
template <class Service, class Request, class Response>
class ReflectionService<Service, Request, Response>::Stream final : public grpc::ServerBidiReactor<Request, Response>,
                                                                    public std::enable_shared_from_this<Stream> {
 public:
  Stream(ReflectionService& service, const Metadata& metadata)
      : service_(service), record_(service.method_, metadata) {}

  // The stream is not begun: the end that its client gets.
  grpc::Status Refuse(grpc::Status status) {
    record_.Finished(status);
    return status;
  }

  void Advance() {
    Run([] {});
  }

  void OnReadDone(bool ok) override {
    Run([&] {
      reading_ = false;
      if (ok) {
        record_.Received();
        response_ = Answer<Request, Response>(request_);
        answer_ready_ = true;
      } else {
        ended_ = true;
      }
    });
  }

  void OnWriteDone(bool ok) override {
    Run([&] {
      writing_ = false;
      if (ok) record_.Sent();
      ended_ = ended_ || !ok;
    });
  }

  void OnCancel() override {
    Run([&] { ended_ = true; });
  }

  void OnDone() override { service_.streams_.Remove(this); }

 private:
  template <class Change>
  void Run(Change change) {
    const auto self = this->shared_from_this();
    pump_.Run(change, [this] { return Next(); });
  }

  std::function<void()> Next() {
    if (finished_ || writing_) return nullptr;
    if (ended_ || service_.shut_down_) {
      finished_ = true;
      return [this, ended = ended_] {
        const grpc::Status status =
            ended ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is shutting down");
        record_.Finished(status, true);
        this->Finish(status);
      };
    }
    if (answer_ready_) {
      answer_ready_ = false;
      writing_ = true;
      return [this] { this->StartWrite(&response_); };
    }
    if (reading_) return nullptr;
    reading_ = true;
    return [this] { this->StartRead(&request_); };
  }

  ReflectionService& service_;
  StreamRecord record_;
  StreamPump pump_;
  Request request_;
  Response response_;
  bool reading_ = false;
  bool answer_ready_ = false;
  bool writing_ = false;
  bool ended_ = false;  // by the client
  bool finished_ = false;
};

template <class Service, class Request, class Response>
ReflectionService<Service, Request, Response>::ReflectionService(const Gate& gate, CallMetrics& metrics)
    : gate_(gate),
      method_(metrics.Named(std::string("/") + Service::service_full_name() + "/ServerReflectionInfo")),
      streams_(kMaxReflectionStreams) {}

template <class Service, class Request, class Response>
ReflectionService<Service, Request, Response>::~ReflectionService() = default;

template <class Service, class Request, class Response>
void ReflectionService<Service, Request, Response>::Shutdown() {
  shut_down_ = true;
  for (const auto& stream : streams_.All()) stream->Advance();
}

template <class Service, class Request, class Response>
grpc::ServerBidiReactor<Request, Response>* ReflectionService<Service, Request, Response>::ServerReflectionInfo(
    grpc::CallbackServerContext* context) {
  using Refused = Refusal<grpc::ServerBidiReactor<Request, Response>>;
  const auto stream = std::make_shared<Stream>(*this, context->client_metadata());
  const Result<Caller> caller = Identify(*context, gate_);
  if (!caller) return new Refused(stream->Refuse(ToStreamAdmissionStatus(caller.error())));
  if (!streams_.Add(stream)) {
    return new Refused(
        stream->Refuse({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many reflection streams; try again later"}));
  }
  stream->Advance();
  return stream.get();
}

template class ReflectionService<grpc::reflection::v1::ServerReflection, grpc::reflection::v1::ServerReflectionRequest,
                                 grpc::reflection::v1::ServerReflectionResponse>;
template class ReflectionService<grpc::reflection::v1alpha::ServerReflection,
                                 grpc::reflection::v1alpha::ServerReflectionRequest,
                                 grpc::reflection::v1alpha::ServerReflectionResponse>;

}  // namespace orc
