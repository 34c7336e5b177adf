#include "auth/blob_sas.h"

#include <gtest/gtest.h>

#include <chrono>

namespace nave::auth {
namespace {

using Error = BlobSasError;

const BlobAccount kAccount{"navestorage", "a2V5LW9mLXRoZS1hY2NvdW50LWZvci10ZXN0cy1vbmx5"};
const UtcTime kNow = from_unix_ms(1'786'784'856'000);
const UtcTime kLater = kNow + std::chrono::hours(1);

Result<BlobRights, Error> verify(const std::string& sas, const BlobResource& resource, UtcTime now = kNow) {
  return verify_blob_sas(parse_query(sas), kAccount, resource, now);
}

TEST(BlobSas, OneThatWasMadeIsGood) {
  const std::string sas = make_blob_sas(kAccount, {"box", ""}, "rl", kLater);
  const auto rights = verify(sas, {"box", "any/blob"});
  ASSERT_TRUE(rights);
  EXPECT_TRUE(rights->has(BlobRight::kRead));
  EXPECT_TRUE(rights->has(BlobRight::kList));
  EXPECT_FALSE(rights->has(BlobRight::kWrite));
  EXPECT_FALSE(rights->has(BlobRight::kDelete));
  EXPECT_TRUE(verify(sas, {"box", ""}));
}

TEST(BlobSas, ForItsOwnContainerAndBlobOnly) {
  const std::string container = make_blob_sas(kAccount, {"box", ""}, "r", kLater);
  EXPECT_EQ(verify(container, {"other", "b"}).error(), Error::kBadSignature);
  EXPECT_EQ(verify(container, {"", ""}).error(), Error::kWrongResource);
  const std::string blob = make_blob_sas(kAccount, {"box", "a/b"}, "r", kLater);
  EXPECT_TRUE(verify(blob, {"box", "a/b"}));
  EXPECT_EQ(verify(blob, {"box", "a/c"}).error(), Error::kBadSignature);
  EXPECT_EQ(verify(blob, {"box", ""}).error(), Error::kWrongResource);
}

TEST(BlobSas, EndsWithItsLastSecond) {
  const std::string sas = make_blob_sas(kAccount, {"box", ""}, "r", kLater);
  EXPECT_TRUE(verify(sas, {"box", "b"}, kLater - std::chrono::milliseconds(1)));
  EXPECT_EQ(verify(sas, {"box", "b"}, kLater).error(), Error::kTime);
}

TEST(BlobSas, NothingOfItCanBeChanged) {
  const std::string sas = make_blob_sas(kAccount, {"box", ""}, "r", kLater);
  std::string more = sas;
  more.replace(more.find("sp=r"), 4, "sp=rwd");
  EXPECT_EQ(verify(more, {"box", "b"}).error(), Error::kBadSignature);
  for (const char* added : {"&st=2020-01-01T00:00:00Z", "&rscc=x", "&rsct=text/html"}) {
    EXPECT_EQ(verify(sas + added, {"box", "b"}).error(), Error::kBadSignature) << added;
  }
  EXPECT_EQ(verify(sas + "&si=policy", {"box", "b"}).error(), Error::kUnsupported);
  EXPECT_EQ(verify(sas + "&sip=10.0.0.1", {"box", "b"}).error(), Error::kUnsupported);
}

TEST(BlobSas, OfTheAccount) {
  const std::string sas = make_account_sas(kAccount, "rc", kLater);
  EXPECT_TRUE(verify(sas, {"", ""}));
  EXPECT_TRUE(verify(sas, {"box", ""}));
  EXPECT_TRUE(verify(sas, {"box", "b"}));
  EXPECT_EQ(verify(sas, {"box", "b"}, kLater).error(), Error::kTime);
}

TEST(BlobSas, MalformedOnes) {
  EXPECT_EQ(verify("", {"box", "b"}).error(), Error::kMalformed);
  EXPECT_EQ(verify("sig=x", {"box", "b"}).error(), Error::kMalformed);
  EXPECT_EQ(verify("sv=2020-10-2x&sig=x&sr=c", {"box", "b"}).error(), Error::kMalformed);
  EXPECT_EQ(verify("sv=2014-02-14&sig=x&sr=c", {"box", "b"}).error(), Error::kUnsupported);
  EXPECT_EQ(verify("sv=2020-10-02&sig=x", {"box", "b"}).error(), Error::kMalformed);
  EXPECT_EQ(verify("sv=2020-10-02&sig=x&sr=bs", {"box", "b"}).error(), Error::kUnsupported);
}

}  // namespace
}  // namespace nave::auth
