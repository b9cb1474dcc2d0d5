#include "domain/url.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/domain/support.h"

namespace orc {
namespace {

TEST(Url, behaviour_3_4_accepted) {
  for (const char* text : {
           "http://foo",
           "https://a.b:8080/p?q#f",
           "http://user:pw@host/x",
           "ftp://127.0.0.1/test",
           "http://[::1]:80/x",
           "ws://x",
           "http://foo_bar.com",
           "http://é.com",
           "foo.bar",
           "ab.c",
           "a/b.c",
           "localhost:8080",
           "mailto:a@b.c",
           "http://x---y.com",
           "http://a@b@host/",
           "http://:@host/",
           "http://host:99999/x",
           "http://xy.1a",
           "http://xa.1b",
           "http://foo/no\u00A0break",
       }) {
    EXPECT_TRUE(IsUrl(text)) << text;
  }
}

TEST(Url, behaviour_3_4_refused) {
  for (const char* text : {
           "http://",
           "http://a b",
           "http://foo/b c",
           "http://.foo.com",
           "http://foo..bar",
           "http://-foo",
           "http://host:123456",
           "http://foo/%zz",
           "foo",
           "abc",
           "abcd",
           "localhost",
           ".foo",
           "/just/path",
           "just/path",
           "s3://bucket/key",
           "gs://x.y",
           "file:///x/y",
           "http://x.é.com",
           "http://é.x.com",
           "http://a.b_c.com",
           "http://_a.com",
           "http://a_.com",
           "http://a.b--c.com",
           "http://ax.b.c.d",
           "AX.x.y",
           "http://1.2.3.4.5/",
           "http://256.1.1.1/",
           "http://xa.1",
       }) {
    EXPECT_FALSE(IsUrl(text)) << text;
  }
}

TEST(Url, behaviour_3_4_parsing) {
  const struct {
    const char* text;
    bool accepted;
  } rows[] = {
      {"http://foo/%2f", true},
      {"http://foo/%2", false},
      {"http://foo/?%zz", true},
      {"http://foo/#%zz", false},
      {"http://us%41er@host", true},
      {"http://us%4@host", false},
      {"http://us\"er@host", false},
      {"http://us\u00E9er@host", false},
      {"http://foo:80a/", false},
      {"http://foo:/", false},
      {"http://foo/\x01", false},
      {"http://foo/#\x7f", false},
      {"http://foo\t", false},
      {"http://a[b", false},
      {"http://[::1/x", false},
      {"http://[::1]x/", false},
      {"http://a^b/c@d.e", false},
      {"http://a!b/c@d.e", true},
      {"HTTP://foo", false},
      {"http://foo.", true},
      {"http://foo.:80?x", true},
      {"http://foo:80#x", true},
      {"a.b:80:90", false},
      {"://foo.bar", false},
      {"http://.a/b@c.d", false},
      {"///foo.bar", false},
      {"a.b/http://c", true},
      {"a:b/c://d", false},
      {"http://foo/\u3000wide", true},
      {"http://\U0001F600.com", false},
  };
  for (const auto& row : rows) EXPECT_EQ(IsUrl(row.text), row.accepted) << row.text;
}

TEST(Url, behaviour_3_4_ip_addresses) {
  const struct {
    const char* host;
    bool accepted;
  } rows[] = {
      {"1.2.3.4", true},
      {"223.255.255.254", true},
      {"224.1.1.1", false},
      {"0.1.1.1", false},
      {"1.001.1.1", false},
      {"1.01.199.09", true},
      {"1.01.001.09", true},  // by prefix and core: 1.01.001.0, 9
      {"1.1.1.255", false},
      {"1.256.1.1", false},
      {"12.34.56.255", true},  // by prefix and core: 12.34.56.25, 5
      {"[1:2:3:4:5:6:7:8]", true},
      {"[1:2:3:4:5:6:7]", false},
      {"[1:2:3:4:5:6:7:8:9]", false},
      {"[1::8]", true},
      {"[1:2:3:4:5:6::8]", true},
      {"[1::3:4:5:6:7:8]", true},
      {"[1:2:3:4:5:6:7::]", true},
      {"[::2:3:4:5:6:7:8]", true},
      {"[::]", true},
      {"[1::2::3]", false},
      {"[12345::]", false},
      {"[fe80::1%25eth0]", true},
      {"[fe80::1%eth0]", false},
      {"[fe80::7:8%25]", true},
      {"[2001::1%25eth0]", false},
      {"[::255.255.255.255]", true},
      {"[::ffff:0:1.2.3.4]", true},
      {"[64:ff9b::1.2.3.4]", true},
      {"[::256.1.1.1]", false},
      {"[1.2.3.4]", false},
  };
  for (const auto& row : rows) EXPECT_EQ(IsUrl(std::string("http://") + row.host), row.accepted) << row.host;
}

TEST(Url, behaviour_3_4_length) {
  EXPECT_TRUE(IsUrl(UrlOf(2082)));
  EXPECT_FALSE(IsUrl(UrlOf(2083)));
  EXPECT_TRUE(IsUrl(UrlOf(2082, 1000)));
  EXPECT_FALSE(IsUrl(UrlOf(2083, 1000)));
  EXPECT_FALSE(IsUrl(""));
  EXPECT_FALSE(IsUrl("a.b"));
}

TEST(Url, behaviour_3_4_hard_texts_are_cheap) {
  const std::string starts[] = {"http://", "", "http://a", "a.", "http://a@"};
  const std::string units[] = {"a", "a-", "a_a", "a.", "@", "www.", "1.",     "a.a",
                               ":", "é",  "%",   "/",  "[", "1:",   "http://"};
  for (const std::string& start : starts) {
    for (const std::string& unit : units) {
      std::string text = start;
      while (text.size() + unit.size() < 2000) text += unit;
      EXPECT_FALSE(IsUrl(text + "\x01"));
      EXPECT_FALSE(IsUrl(text + " "));
    }
  }
  EXPECT_FALSE(IsUrl(std::string(size_t{4} << 20, 'a')));
  EXPECT_FALSE(IsUrl("http://" + std::string(size_t{4} << 20, '%')));
}

TEST(Url, behaviour_3_5_accepted) {
  for (const char* text :
       {"http://foo", "ftp://a", "s3://b", "mailto:x", "localhost:8000", "http:", "http:x", "http://", "HTTP://X",
        "http://foo/#frag", "http://foo?x#frag", "a+b-c.1:x", "http://[::1]:80/", "http://us:er@host/"}) {
    EXPECT_TRUE(IsRequestUrl(text)) << text;
  }
}

TEST(Url, behaviour_3_5_refused) {
  for (const char* text :
       {"foo", "/abs", "foo/bar", "://x", "1http://x", "http://a b", "http://foo#frag", "http://foo/%zz", "http://[::1",
        "", "//host/x", "http://foo:port", "http://fo%41o", "http://us er@host", "http://a\x7f", "a_b:x"}) {
    EXPECT_FALSE(IsRequestUrl(text)) << text;
  }
}

TEST(Url, behaviour_3_5_long_text) {
  EXPECT_TRUE(IsRequestUrl("http://" + std::string(size_t{4} << 20, 'a')));
  EXPECT_FALSE(IsRequestUrl(std::string(size_t{4} << 20, 'a')));
}

}  // namespace
}  // namespace orc
