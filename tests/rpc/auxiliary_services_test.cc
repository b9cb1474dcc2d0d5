// Health, reflection and unknown methods as a client of a real server sees them.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "rpc/descriptor_catalog.h"
#include "rpc/health_service.h"
#include "rpc/reflection_service.h"
#include "rpc/status.h"
#include "rpc/unknown_methods.h"

namespace orc {
namespace {

using grpc::StatusCode;
using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::SizeIs;

class AuxiliaryServices : public testing::Test {
 protected:
  static constexpr size_t kMaxWatchers = 4;  // one more than the first test holds open: a late one finds room
  static constexpr const char* kWhyNot = "channels whose store takes no writes: 1";

  AuxiliaryServices() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&health_);
    builder.RegisterService(&reflection_);
    builder.RegisterService(&reflection_alpha_);
    builder.RegisterCallbackGenericService(&unknown_);
    server_ = builder.BuildAndStart();
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  }

  ~AuxiliaryServices() override {
    Shutdown();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    server_->Wait();
  }

  void Shutdown() {
    health_.Shutdown();
    reflection_.Shutdown();
    reflection_alpha_.Shutdown();
  }

  std::unique_ptr<grpc::ClientContext> Context(bool identified) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    if (identified) {
      context->AddMetadata("mspid", "org1");
      context->AddMetadata("channel", "mychannel");
    }
    return context;
  }

  grpc::Status Check(const std::string& service, HealthCheckResponse& response) {
    HealthCheckRequest request;
    request.set_service(service);
    const auto context = Context(false);
    return Health::NewStub(channel_)->Check(context.get(), request, &response);
  }

  HealthCheckResponse::ServingStatus CheckStatus(const std::string& service) {
    HealthCheckResponse response;
    const grpc::Status status = Check(service, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }

  grpc::Status CallUnknown(const std::string& path) {
    grpc::GenericStub stub(channel_);
    const auto context = Context(false);
    const grpc::Slice empty;
    grpc::ByteBuffer request(&empty, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(context.get(), path, {}, &request, &response,
                   [&](grpc::Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }

  ChannelDirectory directory_{*ParseChannels("channels: {mychannel: [org1]}")};
  CallMetrics metrics_;
  HealthService health_{metrics_, kMaxWatchers};
  ReflectionV1 reflection_{Gate{directory_}, metrics_};
  ReflectionV1Alpha reflection_alpha_{Gate{directory_}, metrics_};
  UnknownMethods unknown_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// One Watch call.
struct Watching {
  Watching(Health::Stub& stub, std::unique_ptr<grpc::ClientContext> with, const std::string& service)
      : context(std::move(with)) {
    HealthCheckRequest request;
    request.set_service(service);
    reader = stub.Watch(context.get(), request);
  }

  // UNKNOWN, which the server never sends, at the end of the stream.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return reader->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }

  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader;
};

TEST_F(AuxiliaryServices, SaysWhyItIsNotReady) {
  EXPECT_EQ(health_.WhyNotReady(), "the server is starting");
  health_.SetReady(kWhyNot);
  EXPECT_EQ(health_.WhyNotReady(), kWhyNot);
  health_.SetReady("");
  EXPECT_EQ(health_.WhyNotReady(), "");
  health_.Shutdown();
  EXPECT_EQ(health_.WhyNotReady(), "the server is stopping");
}

TEST_F(AuxiliaryServices, CheckAnswersLivenessAndReadinessWithoutIdentity) {
  EXPECT_EQ(CheckStatus(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(CheckStatus("readiness"), HealthCheckResponse::NOT_SERVING);
  health_.SetReady("");
  EXPECT_EQ(CheckStatus("readiness"), HealthCheckResponse::SERVING);
  health_.SetReady(kWhyNot);
  EXPECT_EQ(CheckStatus("readiness"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(CheckStatus(""), HealthCheckResponse::SERVING);
  health_.SetReady("");
  health_.Shutdown();
  EXPECT_EQ(CheckStatus(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(CheckStatus("readiness"), HealthCheckResponse::NOT_SERVING);
}

TEST_F(AuxiliaryServices, CheckOfAnotherServiceIsNotFound) {
  for (const char* service : {"orchestrator.InfoService", "nonsense"}) {
    HealthCheckResponse response;
    const grpc::Status status = Check(service, response);
    EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
    EXPECT_EQ(status.error_message(), "unknown service");
  }
}

TEST_F(AuxiliaryServices, WatchFollowsChangesAndEndsAtShutdown) {
  const auto stub = Health::NewStub(channel_);
  Watching live(*stub, Context(false), "");
  Watching ready(*stub, Context(false), "readiness");
  Watching other(*stub, Context(false), "other");
  EXPECT_EQ(live.Next(), HealthCheckResponse::SERVING);
  EXPECT_EQ(ready.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(other.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  health_.SetReady("");
  EXPECT_EQ(ready.Next(), HealthCheckResponse::SERVING);
  health_.SetReady(kWhyNot);
  EXPECT_EQ(ready.Next(), HealthCheckResponse::NOT_SERVING);
  health_.SetReady("");
  EXPECT_EQ(ready.Next(), HealthCheckResponse::SERVING);
  health_.Shutdown();
  EXPECT_EQ(live.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(ready.Next(), HealthCheckResponse::NOT_SERVING);
  for (Watching* each : {&live, &ready, &other}) {
    EXPECT_EQ(each->Next(), HealthCheckResponse::UNKNOWN);
    EXPECT_EQ(each->reader->Finish().error_code(), StatusCode::UNAVAILABLE);
  }
  Watching late(*stub, Context(false), "");
  EXPECT_EQ(late.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(late.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(late.reader->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(AuxiliaryServices, WatchersAreBoundedAndAWatcherThatLeavesMakesRoom) {
  const auto stub = Health::NewStub(channel_);
  std::vector<std::unique_ptr<Watching>> watchers;
  for (size_t i = 0; i < kMaxWatchers; ++i) {
    watchers.push_back(std::make_unique<Watching>(*stub, Context(false), ""));
    EXPECT_EQ(watchers.back()->Next(), HealthCheckResponse::SERVING);
  }
  Watching refused(*stub, Context(false), "");
  EXPECT_EQ(refused.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(refused.reader->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);

  watchers[0]->context->TryCancel();
  EXPECT_EQ(watchers[0]->reader->Finish().error_code(), StatusCode::CANCELLED);
  bool room = false;
  for (int attempt = 0; attempt < 500 && !room; ++attempt) {
    room = Watching(*stub, Context(false), "").Next() == HealthCheckResponse::SERVING;
    if (!room) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(room);
}

// Changes, leaving clients and the shutdown at once: the sanitizers' food.
TEST_F(AuxiliaryServices, WatchSurvivesARace) {
  const auto stub = Health::NewStub(channel_);
  std::atomic<bool> stop{false};
  std::jthread changes([&] {
    for (bool ready = true; !stop; ready = !ready) health_.SetReady(ready ? "" : kWhyNot);
  });
  for (int i = 0; i < 200; ++i) {
    Watching watching(*stub, Context(false), "readiness");
    if (i % 2 == 0) watching.Next();
    watching.context->TryCancel();
    watching.reader->Finish();
  }
  stop = true;
  changes.join();
  EXPECT_EQ(CheckStatus(""), HealthCheckResponse::SERVING);
}

template <class Service, class Request, class Response>
struct Conversation {
  Conversation(const std::shared_ptr<grpc::Channel>& channel, std::unique_ptr<grpc::ClientContext> with)
      : stub(Service::NewStub(channel)), context(std::move(with)), stream(stub->ServerReflectionInfo(context.get())) {}

  Response Ask(const Request& request) {
    Response response;
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response));
    return response;
  }

  grpc::Status End() {
    stream->WritesDone();
    return stream->Finish();
  }

  std::unique_ptr<typename Service::Stub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream;
};

using V1Request = grpc::reflection::v1::ServerReflectionRequest;
using V1 =
    Conversation<grpc::reflection::v1::ServerReflection, V1Request, grpc::reflection::v1::ServerReflectionResponse>;
using V1AlphaRequest = grpc::reflection::v1alpha::ServerReflectionRequest;
using V1Alpha = Conversation<grpc::reflection::v1alpha::ServerReflection, V1AlphaRequest,
                             grpc::reflection::v1alpha::ServerReflectionResponse>;

template <class Response>
std::vector<std::string> FileNames(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& serialized : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(serialized));
    names.push_back(file.name());
  }
  return names;
}

template <class Talk, class Request>
std::vector<std::string> ListServices(Talk talk) {
  Request request;
  request.set_list_services("*");
  const auto response = talk.Ask(request);
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
  EXPECT_TRUE(talk.End().ok());
  return names;
}

TEST_F(AuxiliaryServices, ReflectionListsTheServicesInBothVersions) {
  const auto expected = ElementsAre(
      "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
      "orchestrator.ComputePlanService", "orchestrator.ComputeTaskService", "orchestrator.DataManagerService",
      "orchestrator.DataSampleService", "orchestrator.DatasetService", "orchestrator.EventService",
      "orchestrator.FailureReportService", "orchestrator.FunctionService", "orchestrator.InfoService",
      "orchestrator.ModelService", "orchestrator.OrganizationService", "orchestrator.PerformanceService",
      "orchestrator.ProfilingService");
  EXPECT_THAT((ListServices<V1, V1Request>(V1(channel_, Context(true)))), expected);
  EXPECT_THAT((ListServices<V1Alpha, V1AlphaRequest>(V1Alpha(channel_, Context(true)))), expected);
}

TEST_F(AuxiliaryServices, ReflectionGivesFilesWithAllTheyImport) {
  V1 talk(channel_, Context(true));
  V1Request request;
  request.set_host("me");
  request.set_file_by_filename("info.proto");
  auto response = talk.Ask(request);
  EXPECT_THAT(FileNames(response), ElementsAre("info.proto"));
  EXPECT_EQ(response.valid_host(), "me");
  EXPECT_EQ(response.original_request().file_by_filename(), "info.proto");

  request.set_file_by_filename("grpc/health/v1/health.proto");
  EXPECT_THAT(FileNames(talk.Ask(request)), ElementsAre("grpc/health/v1/health.proto"));

  for (const char* symbol : {"orchestrator.EventService", "orchestrator.EventService.SubscribeToEvents",
                             "orchestrator.Event", "orchestrator.Event.asset_key"}) {
    request.set_file_containing_symbol(symbol);
    const std::vector<std::string> names = FileNames(talk.Ask(request));
    ASSERT_FALSE(names.empty()) << symbol;
    EXPECT_EQ(names.front(), "event.proto");
    EXPECT_THAT(names, Contains("common.proto"));
    EXPECT_THAT(names, Contains("google/protobuf/timestamp.proto"));
    auto unique = names;
    std::sort(unique.begin(), unique.end());
    EXPECT_EQ(std::unique(unique.begin(), unique.end()), unique.end()) << "a file was sent twice";
  }
  EXPECT_TRUE(talk.End().ok());
}

TEST_F(AuxiliaryServices, ReflectionDoesNotKnowOtherNames) {
  V1 talk(channel_, Context(true));
  std::vector<V1Request> requests(9);
  requests[0].set_file_by_filename("nonsense.proto");
  requests[1].set_file_by_filename("google/protobuf/any.proto");  // linked, but no service needs it
  requests[2].set_file_containing_symbol("orchestrator.Nonsense");
  requests[3].set_file_containing_symbol("orchestrator");  // a package
  requests[4].set_file_containing_symbol("");
  requests[5].set_file_containing_symbol("google.protobuf.Any");
  requests[6].mutable_file_containing_extension()->set_containing_type("orchestrator.Event");
  requests[7].set_all_extension_numbers_of_type("orchestrator.Nonsense");
  requests[8].set_file_containing_symbol(std::string(100'000, 'x'));
  for (const V1Request& request : requests) {
    const auto response = talk.Ask(request);
    EXPECT_EQ(response.error_response().error_code(), StatusCode::NOT_FOUND) << request.ShortDebugString();
    EXPECT_FALSE(response.error_response().error_message().empty());
  }
  V1Request request;
  request.set_all_extension_numbers_of_type("orchestrator.Event");
  EXPECT_EQ(talk.Ask(request).all_extension_numbers_response().base_type_name(), "orchestrator.Event");
  EXPECT_EQ(talk.Ask({}).error_response().error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(talk.End().ok());
}

TEST_F(AuxiliaryServices, ReflectionAsksForIdentity) {
  const auto refusal = [](auto talk) { return talk.stream->Finish(); };
  for (const grpc::Status& status :
       {refusal(V1(channel_, Context(false))), refusal(V1Alpha(channel_, Context(false)))}) {
    EXPECT_EQ(status.error_code(), StatusCode::UNKNOWN);
    EXPECT_EQ(status.error_message(), "OE0003: missing or invalid header 'mspid'");
  }
  auto context = Context(false);
  context->AddMetadata("mspid", "org1");
  context->AddMetadata("channel", "other");
  const grpc::Status status = refusal(V1(channel_, std::move(context)));
  EXPECT_EQ(status.error_code(), StatusCode::UNKNOWN);
  EXPECT_EQ(status.error_message(), "organization \"org1\" has not access to channel \"other\"");
}

TEST_F(AuxiliaryServices, ReflectionEndsWithUnavailableAtShutdown) {
  V1 talk(channel_, Context(true));
  V1Request request;
  request.set_list_services("");
  talk.Ask(request);
  Shutdown();
  EXPECT_EQ(talk.stream->Finish().error_code(), StatusCode::UNAVAILABLE);
  V1 late(channel_, Context(true));
  EXPECT_EQ(late.stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(AuxiliaryServices, UnknownMethodsAreUnimplementedWithoutIdentity) {
  const std::pair<const char*, const char*> cases[] = {
      {"/orchestrator.NodeService/RegisterNode", "unknown service orchestrator.NodeService"},
      {"/a/b/c", "unknown service a/b"},
      {"/grpc.health.v1.Health/List", "unknown method List for service grpc.health.v1.Health"},
      {"/orchestrator.InfoService/", "unknown method  for service orchestrator.InfoService"},
      {"/nonsense", "malformed method name: \"/nonsense\""},
  };
  for (const auto& [path, text] : cases) {
    const grpc::Status status = CallUnknown(path);
    EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED) << path;
    EXPECT_EQ(status.error_message(), text);
  }
}

// A text at the bound must reach a client with default settings.
TEST_F(AuxiliaryServices, TheLongestStatusTextArrives) {
  const std::string service(kMaxEncodedStatusBytes, 'x');
  const grpc::Status status = CallUnknown("/" + service + "/M");
  EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED) << status.error_message();
  EXPECT_EQ(status.error_message(), FitStatusText("unknown service " + service));
}

}  // namespace
}  // namespace orc
