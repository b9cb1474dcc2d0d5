#include "rpc/organization_check.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/rpc/made_certificates.h"

namespace orc {
namespace {

using namespace std::chrono_literals;

ClientAuthorities Authorities(const std::map<std::string, std::string>& pem_of_organization) {
  CaFolder folder;
  for (const auto& [organization, pem] : pem_of_organization) folder[organization]["ca.crt"] = pem;
  Result<ClientAuthorities> authorities = ParseCaFolder("/clients", folder);
  EXPECT_TRUE(authorities) << authorities.error().text;
  return *std::move(authorities);
}

constexpr const char* kAccepted = "";
constexpr const char* kNotInSubject =
    R"(OE0102: invalid MSPID: cannot find MSPID "OrgA" in client TLS certificate Subject Organizations)";
constexpr const char* kNotAllowed = R"(OE0102: invalid MSPID: cannot find MSPID "OrgA" in allowed organizations)";
constexpr const char* kInvalidIssuer = R"(OE0102: invalid MSPID: invalid issuer for MSPID "OrgA")";

class OrganizationCheckTest : public testing::Test {
 protected:
  // The text of the refusal as OrgA; empty when accepted.
  std::string Ask(const Made& leaf, const std::vector<const Made*>& sent = {}) {
    std::string chain;
    for (const Made* each : sent) chain += each->Pem();
    const Result<void> checked = check_.Check(MakeTlsPeer(leaf.Pem(), chain), "OrgA");
    if (checked) return kAccepted;
    EXPECT_EQ(checked.error().kind, ErrorKind::kPermissionDenied);
    return checked.error().text;
  }

  void Allow(const std::string& pem) { check_.Replace(Authorities({{"OrgA", pem}, {"OrgB", b_.Pem()}})); }

  Made a_ = MakeCa("a");
  Made b_ = MakeCa("b");
  Made a_issuing_ = MakeCa("a issuing", &a_);
  OrganizationCheck check_{Authorities({{"OrgA", a_.Pem()}, {"OrgB", b_.Pem()}})};
};

TEST_F(OrganizationCheckTest, PeersWithoutCertificate) {
  const Result<void> plain = check_.Check(Peer{}, "OrgA");
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(plain.error().text, "OE0007: invalid MSPID: failed to extract MSP ID from TLS context");
  for (const char* leaf : {"", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    const Result<void> checked = check_.Check(MakeTlsPeer(leaf, ""), "OrgA");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().text, kNotInSubject);
  }
}

// An authentication of another kind that names the very same certificate.
class ForeignContext final : public grpc::AuthContext {
 public:
  ForeignContext(std::string kind, std::string pem) : kind_(std::move(kind)), pem_(std::move(pem)) {}

  std::vector<grpc::string_ref> FindPropertyValues(const std::string& name) const override {
    if (name == GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME && !kind_.empty()) return {kind_};
    if (name == GRPC_X509_PEM_CERT_PROPERTY_NAME) return {pem_};
    return {};
  }
  bool IsPeerAuthenticated() const override { return true; }
  std::vector<grpc::string_ref> GetPeerIdentity() const override { return {}; }
  std::string GetPeerIdentityPropertyName() const override { return ""; }
  grpc::AuthPropertyIterator begin() const override { return NoProperty(); }
  grpc::AuthPropertyIterator end() const override { return NoProperty(); }
  void AddProperty(const std::string&, const grpc::string_ref&) override {}
  bool SetPeerIdentityPropertyName(const std::string&) override { return false; }

 private:
  class NoProperty : public grpc::AuthPropertyIterator {};

  const std::string kind_;
  const std::string pem_;
};

TEST_F(OrganizationCheckTest, PeersWithAForeignKindOfAuthentication) {
  const std::string leaf = MakeClient("OrgA", a_).Pem();
  for (const char* kind : {"alts", "local", "insecure", ""}) {
    const Result<void> checked = check_.Check(PeerOf(ForeignContext(kind, leaf)), "OrgA");
    ASSERT_FALSE(checked) << kind;
    EXPECT_EQ(checked.error().kind, ErrorKind::kInternal);
    EXPECT_EQ(checked.error().text, "OE0007: invalid MSPID: failed to extract MSP ID from TLS context");
  }
  for (const char* kind : {"ssl", "tls"}) {
    EXPECT_TRUE(check_.Check(PeerOf(ForeignContext(kind, leaf)), "OrgA")) << kind;
  }
}

TEST_F(OrganizationCheckTest, RowsOfTheSpecificationInTheirOrder) {
  EXPECT_EQ(Ask(MakeClient("OrgA", a_)), kAccepted);
  EXPECT_EQ(Ask(Make({.organizations = {"x", "OrgA"}, .issuer = &a_})), kAccepted);
  EXPECT_EQ(Ask(MakeClient("OrgB", b_)), kNotInSubject);
  EXPECT_EQ(Ask(Make({.organizations = {}, .issuer = &a_})), kNotInSubject);
  EXPECT_EQ(Ask(Make({.common_name = "", .organizations = {}, .issuer = &a_})), kNotInSubject);  // an empty subject
  EXPECT_EQ(Ask(MakeClient(std::string("OrgA\0", 5), a_)), kNotInSubject);
  EXPECT_EQ(Ask(MakeClient("OrgA", b_)), kInvalidIssuer);
  check_.Replace(Authorities({{"OrgB", b_.Pem()}}));
  EXPECT_EQ(Ask(MakeClient("OrgA", a_)), kNotAllowed);
}

TEST_F(OrganizationCheckTest, Version1LeafIsAccepted) {
  const Made leaf = Make({.organizations = {"OrgA"}, .issuer = &a_});
  ASSERT_EQ(X509_get_version(leaf.certificate.get()), X509_VERSION_1);
  EXPECT_EQ(Ask(leaf), kAccepted);
  EXPECT_EQ(Ask(Make({.organizations = {"OrgA"}, .issuer = &b_})), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, WhatTheClientSendsProvesNothingByItself) {
  const Made forged = MakeClient("OrgA", b_);
  const Made good = MakeClient("OrgA", a_);
  EXPECT_EQ(Ask(forged, {&good, &a_, &a_issuing_}), kInvalidIssuer);
  const Made impostor = MakeCa("a");  // a's name, another key
  EXPECT_EQ(Ask(MakeClient("OrgA", impostor), {&impostor, &a_}), kInvalidIssuer);
  EXPECT_EQ(Ask(Make({.organizations = {"OrgA"}})), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, RootOrIntermediateIsAnAnchor) {
  const Made leaf = MakeClient("OrgA", a_issuing_);
  EXPECT_EQ(Ask(leaf), kInvalidIssuer);
  EXPECT_EQ(Ask(leaf, {&a_issuing_}), kAccepted);
  EXPECT_EQ(Ask(leaf, {&leaf, &b_, &a_issuing_}), kAccepted);
  Allow(a_issuing_.Pem());
  EXPECT_EQ(Ask(leaf), kAccepted);
  EXPECT_EQ(Ask(MakeClient("OrgA", a_)), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, EveryCertificateOfAFileAndNamesakes) {
  const Made renewed = MakeCa("a");
  Allow("text\n" + b_.Pem() + a_.Pem() + renewed.Pem());
  for (const Made* ca : std::vector<const Made*>{&a_, &b_, &renewed})
    EXPECT_EQ(Ask(Make({.organizations = {"OrgA"}, .issuer = ca})), kAccepted);
}

TEST_F(OrganizationCheckTest, ValidityAndPurpose) {
  const auto leaf = [&](int from, int until) {
    return Make({.organizations = {"OrgA"}, .issuer = &a_, .from_seconds = from, .until_seconds = until});
  };
  EXPECT_EQ(Ask(leaf(-60, -1)), kInvalidIssuer);
  EXPECT_EQ(Ask(leaf(60, 120)), kInvalidIssuer);
  const auto usage = [&](const char* value) {
    return Make({.organizations = {"OrgA"}, .issuer = &a_, .extensions = {{NID_ext_key_usage, value}}});
  };
  EXPECT_EQ(Ask(usage("serverAuth")), kInvalidIssuer);
  EXPECT_EQ(Ask(usage("serverAuth,clientAuth")), kAccepted);
}

TEST_F(OrganizationCheckTest, IssuersMustBeCas) {
  const std::vector<std::pair<int, std::string>> usage{{NID_key_usage, "keyCertSign"}};
  for (const auto& extensions : {CaExtensions("CA:FALSE"), usage, decltype(usage){}}) {
    const Made issuer = Make({.common_name = "no ca", .issuer = &a_, .extensions = extensions});
    EXPECT_EQ(Ask(MakeClient("OrgA", issuer), {&issuer}), kInvalidIssuer);
  }
  const Made own = MakeClient("OrgA", a_);
  EXPECT_EQ(Ask(MakeClient("OrgA", own), {&own}), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, PathLengthAndDepth) {
  const Made last =
      Make({.common_name = "last", .issuer = &a_, .extensions = CaExtensions("critical,CA:TRUE,pathlen:0")});
  EXPECT_EQ(Ask(MakeClient("OrgA", last), {&last}), kAccepted);
  const Made below = MakeCa("below", &last);
  EXPECT_EQ(Ask(MakeClient("OrgA", below), {&below, &last}), kInvalidIssuer);
  const std::vector<const Made*> many(kMaxSentIntermediates + 2, &a_);
  EXPECT_EQ(Ask(MakeClient("OrgA", a_), many), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, RevocationLists) {
  const Made lost = MakeClient("OrgA", a_);
  const Made kept = MakeClient("OrgA", a_);
  const Made below = MakeClient("OrgA", a_issuing_);
  Allow(a_.Pem() + MakeRevocationList(a_, {&lost}));
  EXPECT_EQ(Ask(lost), kInvalidIssuer);
  EXPECT_EQ(Ask(kept), kAccepted);
  EXPECT_EQ(Ask(below, {&a_issuing_}), kAccepted);  // its issuer has no list
  Allow(a_.Pem() + MakeRevocationList(a_, {&lost}, -60));
  EXPECT_EQ(Ask(lost), kInvalidIssuer);  // an old list counts
  EXPECT_EQ(Ask(kept), kAccepted);
  Allow(a_.Pem() + MakeRevocationList(a_, {&a_issuing_}));
  EXPECT_EQ(Ask(below, {&a_issuing_}), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, WhatIsRememberedIsForgottenInTime) {
  const Made leaf = Make({.organizations = {"OrgA"}, .issuer = &a_, .until_seconds = 2});
  const Made other = MakeClient("OrgA", a_);
  EXPECT_EQ(Ask(leaf), kAccepted);
  EXPECT_EQ(Ask(other), kAccepted);
  std::this_thread::sleep_for(3s);
  EXPECT_EQ(Ask(leaf), kInvalidIssuer);
  EXPECT_EQ(Ask(other), kAccepted);
  Allow(b_.Pem());
  EXPECT_EQ(Ask(other), kInvalidIssuer);
}

TEST_F(OrganizationCheckTest, RemembersManyWithinItsBound) {
  const Made leaf = MakeClient("OrgA", a_);
  for (size_t i = 0; i <= kMaxRemembered; ++i) {
    // Each of them is another peer, since the texts differ.
    ASSERT_TRUE(check_.Check(MakeTlsPeer(leaf.Pem(), std::string(1, '\n') + std::to_string(i)), "OrgA"));
  }
  EXPECT_EQ(Ask(leaf), kAccepted);
}

TEST(ParseCaFolder, NamesTheBadFile) {
  const auto error = [](const std::string& content) {
    return ParseCaFolder("/clients", {{"OrgA", {{"README", content}}}}).error().text;
  };
  EXPECT_EQ(error("hello"), R"(client CA "/clients/OrgA/README": no PEM certificate and no PEM revocation list in it)");
  EXPECT_NE(error("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                .find(R"(client CA "/clients/OrgA/README": PEM block 1)"),
            std::string::npos);
}

}  // namespace
}  // namespace orc
