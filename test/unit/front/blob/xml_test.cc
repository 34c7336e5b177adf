#include "front/blob/xml.h"

#include <gtest/gtest.h>

namespace nave::front::blob {
namespace {

using hub::BlobError;
using From = hub::BlobBlockChoice::From;

std::string list_of(size_t n) {
  std::string out = "<BlockList>";
  for (size_t i = 0; i < n; ++i) out += "<Latest>QUFB</Latest>";
  return out + "</BlockList>";
}

TEST(BlockListXml, ReadsTheThreeKindsInOrder) {
  const auto list = read_block_list(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlockList>\n"
      "  <Committed>QQ==</Committed><Uncommitted>Qg==</Uncommitted>\n<Latest>Qw==</Latest>"
      "</BlockList>\n");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[0].from, From::kCommitted);
  EXPECT_EQ((*list)[1].from, From::kUncommitted);
  EXPECT_EQ((*list)[2].from, From::kLatest);
  EXPECT_EQ((*list)[2].id, "Qw==");
  EXPECT_TRUE(read_block_list("<BlockList/>")->empty());
  EXPECT_TRUE(read_block_list("<BlockList></BlockList>")->empty());
}

TEST(BlockListXml, RefusesWhatIsNone) {
  for (const char* text : {"", "<", "<BlockList>", "<BlockList><Latest>QQ==", "<BlockList><Latest>QQ==</Latest>",
                           "<BlockList><Other>QQ==</Other></BlockList>", "<BlockList></BlockList>x",
                           "<!DOCTYPE a [<!ENTITY b \"c\">]><BlockList/>", "<?xml <BlockList/>", "<blocklist/>"}) {
    const auto list = read_block_list(text);
    ASSERT_FALSE(list) << text;
    EXPECT_EQ(list.error(), BlobError::kInvalidXmlDocument) << text;
  }
  EXPECT_EQ(read_block_list("<BlockList><Latest>***</Latest></BlockList>").error(), BlobError::kInvalidBlockId);
  EXPECT_EQ(read_block_list("<BlockList><Latest></Latest></BlockList>").error(), BlobError::kInvalidBlockId);
}

TEST(BlockListXml, AsManyBlocksAsABlobMayHave) {
  EXPECT_EQ(read_block_list(list_of(hub::kBlobBlocksMax))->size(), hub::kBlobBlocksMax);
  EXPECT_EQ(read_block_list(list_of(hub::kBlobBlocksMax + 1)).error(), BlobError::kBlockCountExceedsLimit);
}

TEST(BlobXml, NamesCannotBecomeMarkup) {
  hub::BlobList list;
  ListRequest request;
  request.prefix = "</Prefix>";
  list.items.push_back({"<a>&\"b\"", hub::Blob{}});
  const std::string text = blob_list_document("box", request, list);
  EXPECT_NE(text.find("<Name>&lt;a&gt;&amp;&quot;b&quot;</Name>"), std::string::npos);
  EXPECT_NE(text.find("<Prefix>&lt;/Prefix&gt;</Prefix>"), std::string::npos);
}

TEST(BlobXml, Markers) {
  EXPECT_EQ(read_marker(write_marker("ä/1")), "ä/1");
  EXPECT_EQ(read_marker(""), "");
  EXPECT_FALSE(read_marker("***"));
}

}  // namespace
}  // namespace nave::front::blob
