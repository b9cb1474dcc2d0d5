#include "domain/permissions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace orc {
namespace {

using orchestrator::NewPermissions;
using orchestrator::Permission;

// A permission in short: ids in order, `*` first if public.
using Short = std::vector<std::string>;

template <class Message>
Message FromShort(const Short& ids) {
  Message message;
  for (const std::string& id : ids) {
    if (id == "*") {
      message.set_public_(true);
    } else {
      message.add_authorized_ids(id);
    }
  }
  return message;
}

Short ToShort(const Permission& permission) {
  Short ids;
  if (permission.public_()) ids.emplace_back("*");
  ids.insert(ids.end(), permission.authorized_ids().begin(), permission.authorized_ids().end());
  return ids;
}

Result<bool> KnowsAToC(const std::string& id) {
  return id == "a" || id == "b" || id == "c";
}

TEST(Permissions, behaviour_6_make_permission) {
  const struct {
    Short wanted;
    Short made;
  } rows[] = {
      {{}, {"owner"}},
      {{"b", "a"}, {"b", "a", "owner"}},
      {{"a", "a"}, {"a", "a", "owner"}},
      {{"*"}, {"*", "owner"}},
      {{"*", "nobody", "a"}, {"*", "nobody", "a", "owner"}},
  };
  for (const auto& row : rows) {
    const auto made = MakePermission(FromShort<NewPermissions>(row.wanted), "owner", KnowsAToC);
    ASSERT_TRUE(made);
    EXPECT_EQ(ToShort(*made), row.made);
  }
  const auto named = MakePermission(FromShort<NewPermissions>({"c", "a"}), "c", KnowsAToC);
  ASSERT_TRUE(named);
  EXPECT_EQ(ToShort(*named), (Short{"c", "a"}));
}

TEST(Permissions, behaviour_6_unregistered_organization) {
  for (const Short& wanted : {Short{"nobody"}, Short{"a", "nobody"}, Short{""}}) {
    const auto made = MakePermission(FromShort<NewPermissions>(wanted), "a", KnowsAToC);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::kBadRequest);
    EXPECT_EQ(made.error().text, "OE0003: invalid permission input values");
  }
}

TEST(Permissions, failure_to_look_up_is_passed_on) {
  const auto broken = [](const std::string&) -> Result<bool> { return Fail(ErrorKind::kUnavailable, "no store"); };
  const auto made = MakePermission(FromShort<NewPermissions>({"a"}), "a", broken);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(made.error().text, "no store");
  EXPECT_TRUE(MakePermission(FromShort<NewPermissions>({"*", "a"}), "a", broken));
}

TEST(Permissions, behaviour_6_both) {
  const auto permissions = Both(FromShort<Permission>({"*", "a"}));
  EXPECT_EQ(ToShort(permissions.process()), (Short{"*", "a"}));
  EXPECT_EQ(ToShort(permissions.download()), (Short{"*", "a"}));
}

TEST(Permissions, behaviour_6_can_process) {
  EXPECT_TRUE(CanProcess(Both(FromShort<Permission>({"a", "b"})), "b"));
  EXPECT_FALSE(CanProcess(Both(FromShort<Permission>({"a", "b"})), "c"));
  EXPECT_TRUE(CanProcess(Both(FromShort<Permission>({"*"})), "c"));
  EXPECT_FALSE(CanProcess({}, ""));
  orchestrator::Permissions download_only;
  *download_only.mutable_download() = FromShort<Permission>({"*", "a"});
  EXPECT_FALSE(CanProcess(download_only, "a"));
}

TEST(Permissions, behaviour_6_union) {
  const struct {
    Short a;
    Short b;
    Short both;
  } rows[] = {
      {{}, {}, {}},
      {{"a"}, {}, {"a"}},
      {{"c", "a"}, {"b", "a"}, {"c", "a", "b"}},
      {{"a", "a"}, {"a", "b", "b"}, {"a", "b"}},
      {{"*", "a"}, {"b"}, {"*"}},
      {{"a"}, {"*", "b"}, {"*"}},
      {{"*"}, {"*"}, {"*"}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(ToShort(Union(FromShort<Permission>(row.a), FromShort<Permission>(row.b))), row.both);
  }
}

}  // namespace
}  // namespace orc
