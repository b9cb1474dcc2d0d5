#include "rpc/status.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace orc {
namespace {

TEST(ToStatus, EveryKind) {
  const std::pair<ErrorKind, grpc::StatusCode> cases[] = {
      {ErrorKind::kNotFound, grpc::StatusCode::NOT_FOUND},
      {ErrorKind::kBadRequest, grpc::StatusCode::FAILED_PRECONDITION},
      {ErrorKind::kConflict, grpc::StatusCode::ALREADY_EXISTS},
      {ErrorKind::kInternal, grpc::StatusCode::INTERNAL},
      {ErrorKind::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED},
      {ErrorKind::kInvalidAsset, grpc::StatusCode::INVALID_ARGUMENT},
      {ErrorKind::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
      {ErrorKind::kMissingOutput, grpc::StatusCode::INVALID_ARGUMENT},
      {ErrorKind::kIncompatibleOutput, grpc::StatusCode::INVALID_ARGUMENT},
      {ErrorKind::kCannotDisable, grpc::StatusCode::UNKNOWN},
      {ErrorKind::kPlanTerminated, grpc::StatusCode::UNKNOWN},
      {ErrorKind::kRefused, grpc::StatusCode::UNKNOWN},
      {ErrorKind::kUnavailable, grpc::StatusCode::UNAVAILABLE},
      {ErrorKind::kExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
      {ErrorKind::kCancelled, grpc::StatusCode::CANCELLED},
  };
  for (const auto& [kind, code] : cases) {
    const auto status = ToStatus({kind, "the text"});
    EXPECT_EQ(status.error_code(), code) << static_cast<int>(kind);
    EXPECT_EQ(status.error_message(), "the text");
  }
}

TEST(ToStreamAdmissionStatus, IsAlwaysUnknown) {
  for (const ErrorKind kind : {ErrorKind::kBadRequest, ErrorKind::kRefused, ErrorKind::kPermissionDenied}) {
    const auto status = ToStreamAdmissionStatus({kind, "the text"});
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
    EXPECT_EQ(status.error_message(), "the text");
  }
}

size_t EncodedSize(const std::string& text) {
  size_t size = 0;
  for (const unsigned char c : text) size += c >= 0x20 && c < 0x7F && c != '%' ? 1 : 3;
  return size;
}

std::string Repeat(const std::string& piece, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(FitStatusText, KeepsWhatFits) {
  const std::string ascii(kMaxEncodedStatusBytes, 'x');
  EXPECT_EQ(FitStatusText(ascii), ascii);
  const std::string accents = Repeat("é", kMaxEncodedStatusBytes / 6);
  EXPECT_EQ(FitStatusText(accents), accents);
  EXPECT_EQ(FitStatusText(""), "");
}

TEST(FitStatusText, CutsOnACharacterBoundary) {
  const std::string ellipsis = "…";
  for (const std::string piece : {"x", "é", "€", "\xF0\x9F\x98\x80", "%", "\n"}) {
    for (size_t shift = 0; shift < 12; ++shift) {
      const std::string text = std::string(shift, 'a') + Repeat(piece, 10'000);
      const std::string cut = FitStatusText(text);
      ASSERT_TRUE(cut.ends_with(ellipsis));
      EXPECT_LE(EncodedSize(cut), kMaxEncodedStatusBytes);
      EXPECT_GT(EncodedSize(cut), kMaxEncodedStatusBytes - 24) << "more was cut than needed";
      const std::string kept = cut.substr(0, cut.size() - ellipsis.size());
      EXPECT_TRUE(text.starts_with(kept));
      EXPECT_EQ((kept.size() - shift) % piece.size(), 0u) << "cut inside a character";
    }
  }
}

TEST(FitStatusText, TakesBytesThatAreNoUtf8) {
  const std::string cut = FitStatusText(std::string(20'000, '\x80'));
  EXPECT_LE(EncodedSize(cut), kMaxEncodedStatusBytes);
  EXPECT_GT(cut.size(), 2'000u);
}

}  // namespace
}  // namespace orc
