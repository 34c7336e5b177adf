// Plays the conversations of test/golden/amqp/links. One file is one test:
//
//   # a comment
//   C: TOKEN d1                                    the client puts the token of an identity on $cbs
//   C: ATTACH h=2 send=/devices/d1/twin snd=1      it attaches as sender (send=), or as receiver (receive=)
//   S: ATTACH h=2 receiver snd=1 rcv=0 max=1048576 what it must get, in this order, before it says anything more
//   C: TRANSFER h=2 settled corr=str:1 an.operation=str:GET data=x
//   WAIT 1500                                      milliseconds pass
//   DISK                                           what was appended to the event log becomes durable
//   DESIRE d1 {"a":1}                              a back end patches the desired properties
//   TWIN d1 {"a":1}                                the reported properties that are stored
//   CALL d1 reboot timeout=5 payload={"a":1}       a back end calls a method
//   CALLER reboot 200 null                         how the oldest call ended: status and payload, or the error
//   QUEUE d1 id=str:m1 data=hello                  a back end sends a message
//   DEPTH d1 2                                     how many messages wait, locked ones included
//   DISABLE d1                                     an operator disables the identity
//   CONNECTED d1                                   whether the identity is connected
//
// "C2:", "S2:" are a second connection, and so on. Frames and messages are written as in frame_text.h; raw= is a whole
// encoded message in hexadecimal.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "unit/front/amqp/transcript.h"

namespace nave::test {
namespace {

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(NAVE_SOURCE_DIR "/test/golden/amqp/links")) {
    if (entry.path().extension() == ".txt") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

class AmqpConversation : public AmqpTranscript, public ::testing::WithParamInterface<std::filesystem::path> {};

TEST_P(AmqpConversation, IsHowItGoes) {
  std::ifstream file(GetParam());
  std::stringstream script;
  script << file.rdbuf();
  play(script.str());
}

INSTANTIATE_TEST_SUITE_P(Golden, AmqpConversation, ::testing::ValuesIn(transcripts()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace nave::test
