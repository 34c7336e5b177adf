#include "front/blob/request.h"

#include <gtest/gtest.h>

#include "hub/blob/limits.h"

namespace nave::front::blob {
namespace {

using hub::BlobError;

net::HttpRequest request(std::string method, std::string target, decltype(net::HttpRequest::headers) headers = {}) {
  net::HttpRequest out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.headers = std::move(headers);
  return out;
}

hub::BlobResult<BlobCall> parse(const std::string& method, const std::string& target) {
  return parse_call(request(method, target, {{"x-ms-blob-type", "BlockBlob"}}), "acct");
}

TEST(BlobRequest, OnlyBelowTheAccount) {
  EXPECT_TRUE(is_below_account("/acct", "acct"));
  EXPECT_TRUE(is_below_account("/acct/c/b", "acct"));
  for (const char* path : {"/", "/acc", "/accta/c", "/devices", "acct", "/Acct/c"}) {
    EXPECT_FALSE(is_below_account(path, "acct")) << path;
  }
}

TEST(BlobRequest, NamesAreDecodedOnce) {
  const auto call = parse("GET", "/acct/box/folder%2Fa%20%2541/%C3%A4?sv=1");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->operation, Operation::kGetBlob);
  EXPECT_EQ(call->resource.container, "box");
  EXPECT_EQ(call->resource.blob, "folder/a %41/ä");
}

TEST(BlobRequest, DotsAreNamesLikeOthers) {
  EXPECT_EQ(parse("GET", "/acct/box/../../etc/passwd")->resource.blob, "../../etc/passwd");
  EXPECT_EQ(parse("GET", "/acct/../devices").error(), BlobError::kInvalidResourceName);
}

TEST(BlobRequest, NamesAtTheirEdges) {
  EXPECT_TRUE(parse("GET", "/acct/box/" + std::string(hub::kBlobNameBytesMax, 'n')));
  EXPECT_EQ(parse("GET", "/acct/box/" + std::string(hub::kBlobNameBytesMax + 1, 'n')).error(),
            BlobError::kInvalidResourceName);
  EXPECT_EQ(parse("GET", "/acct/box/a%00b").error(), BlobError::kInvalidResourceName);
  EXPECT_EQ(parse("GET", "/acct/box/%ff").error(), BlobError::kInvalidResourceName);
  EXPECT_TRUE(parse("PUT", "/acct/" + std::string(63, 'c') + "?restype=container"));
  for (const char* bad : {"ab", "-abc", "abc-", "a--b", "Abc", "a_b", "a.b"}) {
    EXPECT_EQ(parse("PUT", "/acct/" + std::string(bad) + "?restype=container").error(), BlobError::kInvalidResourceName)
        << bad;
  }
  EXPECT_FALSE(parse("PUT", "/acct/" + std::string(64, 'c') + "?restype=container"));
}

TEST(BlobRequest, WhatIsNotThereIsSaid) {
  for (const char* target : {"/acct/box/b?comp=lease", "/acct/box/b?comp=copy", "/acct/box/b?snapshot=x",
                             "/acct/box/b?comp=tier", "/acct?comp=userdelegationkey"}) {
    EXPECT_EQ(parse("PUT", target).error(), BlobError::kNotImplemented) << target;
  }
  EXPECT_EQ(parse_call(request("PUT", "/acct/box/b"), "acct").error(), BlobError::kMissingRequiredHeader);
  EXPECT_EQ(parse_call(request("PUT", "/acct/box/b", {{"x-ms-blob-type", "PageBlob"}}), "acct").error(),
            BlobError::kNotImplemented);
}

TEST(BlobRequest, Ranges) {
  const auto range = [](const char* text, uint64_t size) {
    return range_of(request("GET", "/", {{"Range", text}}), size);
  };
  EXPECT_EQ((*range("bytes=2-5", 10))->last, 5U);
  EXPECT_EQ((*range("bytes=2-", 10))->last, 9U);
  EXPECT_EQ((*range("bytes=9-100", 10))->last, 9U);
  EXPECT_EQ(range("bytes=10-", 10).error(), BlobError::kInvalidRange);
  for (const char* none : {"", "bytes=", "bytes=-5", "bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=1"}) {
    EXPECT_FALSE(*range(none, 10)) << none;
  }
}

TEST(BlobRequest, MetadataAtItsEdge) {
  const auto metadata = [](const std::string& name, size_t bytes) {
    return metadata_of(request("PUT", "/", {{"x-ms-meta-" + name, std::string(bytes, 'v')}})).has_value();
  };
  EXPECT_TRUE(metadata("n", hub::kBlobMetadataBytesMax - 1));
  EXPECT_FALSE(metadata("n", hub::kBlobMetadataBytesMax));
  EXPECT_FALSE(metadata("1n", 1));
  EXPECT_FALSE(metadata("a-b", 1));
}

}  // namespace
}  // namespace nave::front::blob
