// Every size, count and time that bounds what a peer can make us do, in one place. Each is tested at and past its edge.
// "§" are sections of the wire references; docs/operations/limits.md shows the same table to operators.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nave::limits {

// Identifiers (device-mqtt-https.md §11.1, service-rest.md §6.2)
inline constexpr size_t kIdCharsMax = 128;
inline constexpr size_t kModelIdBytesMax = 2048;      // the longest DTMI that DTDL allows
inline constexpr size_t kStatusReasonBytesMax = 512;  // 128 UTF-8 characters
inline constexpr size_t kModulesPerDeviceMax = 50;
inline constexpr uint64_t kIdentitiesMax = 1'000'000;  // devices and modules of the hub (service-rest.md §6)
inline constexpr size_t kKeyBytesMin = 16;
inline constexpr size_t kKeyBytesMax = 64;
inline constexpr size_t kPolicyNameCharsMax = 256;

// Messages (§11.2)
inline constexpr size_t kD2cMessageBytesMax = 256 * 1024;
inline constexpr size_t kC2dMessageBytesMax = 64 * 1024;

// MQTT
inline constexpr size_t kMqttPacketBytesMax = kD2cMessageBytesMax + 65535 + 16;  // body + topic + fixed parts
inline constexpr size_t kMqttConnectBytesMax = 16 * 1024;
inline constexpr size_t kMqttSubscriptionsMax = 5;
inline constexpr size_t kMqttFiltersPerPacketMax = 64;
inline constexpr int64_t kMqttKeepAliveServerMsMax = 1767 * 1000;  // §2.10: 1.5 × 1177 s, rounded as documented
inline constexpr int64_t kMqttConnectArrivalMs = 60 * 1000;
// Publishes of one connection that are not yet on disk; reading pauses beyond it.
inline constexpr size_t kMqttInflightPublishesMax = 4096;
inline constexpr size_t kMqttInflightBytesMax = 4 * 1024 * 1024;
// Messages sent to a device and not yet acknowledged (§4.4).
inline constexpr size_t kMqttOutboundWindow = 16;

// Fault injection on request: what a device may ask for, and how many requests of one session wait for their moment.
inline constexpr int64_t kFaultDelayMsMax = 3600 * 1000;
inline constexpr int64_t kFaultDurationMsMax = 3600 * 1000;
inline constexpr size_t kFaultReasonBytesMax = 256;
inline constexpr size_t kFaultsPendingPerSessionMax = 8;

// Twins (service-rest.md §11.4, device-mqtt-https.md §11.3)
inline constexpr size_t kTwinTagsSizeMax = 8 * 1024;  // as the service counts it, not bytes of text
inline constexpr size_t kTwinPropertiesSizeMax = 32 * 1024;
inline constexpr size_t kTwinSectionTextBytesMax = 256 * 1024;       // what that counting forgets is bounded too
inline constexpr size_t kTwinStoredTextBytesMax = 16 * 1024 * 1024;  // a section's metadata is longer than its values
inline constexpr size_t kTwinNameBytesMax = 1024;
inline constexpr size_t kTwinStringBytesMax = 4096;
inline constexpr size_t kTwinDepthMax = 10;
inline constexpr int64_t kTwinIntegerMin = -4503599627370496;
inline constexpr int64_t kTwinIntegerMax = 4503599627370495;
// Operations that wait for their turn on one twin; beyond it they are throttled.
inline constexpr size_t kTwinQueueMax = 1024;
// Twin requests of one MQTT connection that are not answered yet; reading pauses beyond it.
inline constexpr size_t kMqttInflightTwinRequestsMax = 64;
// Desired changes between a device's GET and its subscription; beyond it the whole section is sent instead.
inline constexpr size_t kTwinHeldChangesBytesMax = 64 * 1024;

// Direct methods (§6.2): payloads each way, calls that wait for one identity's answer or for it to connect, calls in
// all, and payloads of calls that no session has taken yet.
inline constexpr size_t kMethodNameCharsMax = 100;
inline constexpr size_t kMethodPayloadBytesMax = 128 * 1024;
inline constexpr int64_t kMethodResponseTimeoutSecondsMin = 5;
inline constexpr int64_t kMethodTimeoutSecondsMax = 300;
inline constexpr size_t kMethodsInFlightPerIdentityMax = 128;
inline constexpr size_t kMethodCallsMax = 65'536;
inline constexpr size_t kMethodCommandBytesMax = 64 * 1024 * 1024;
// Commands that a device has not taken from its connection; beyond it further ones are refused.
inline constexpr size_t kMethodUnsentBytesMax = 8 * 1024 * 1024;

// Cloud-to-device messages (§4.4, §8.6): how long a device may ask to hold one, ids of messages (they come back in
// feedback), messages of one queue whatever is configured, and expired ones that one second's tick clears away.
inline constexpr int64_t kC2dLockSecondsMax = 300;
inline constexpr size_t kC2dMessageIdBytesMax = 128;
inline constexpr size_t kC2dQueueDepthMax = 1000;
inline constexpr size_t kC2dExpiredPerTickMax = 1024;
inline constexpr size_t kFeedbackBatchRecordsMax = 64;

// Tokens (§2.4)
inline constexpr size_t kSasTokenBytesMax = 8 * 1024;
inline constexpr int64_t kSasClockSkewSeconds = 5 * 60;
inline constexpr int64_t kMqttTokenExpiryGraceMs = 10 * 60 * 1000;

// AMQP (amqp.md §1, §2, §12)
inline constexpr uint32_t kAmqpFrameBytesMax = 65536;
inline constexpr uint32_t kAmqpSaslFrameBytesMax = 512 + 8 * 1024;  // PLAIN carries a whole SAS token
inline constexpr uint16_t kAmqpChannelMax = 8191;
inline constexpr uint32_t kAmqpHandleMaxIotHub = 262143;
inline constexpr uint32_t kAmqpHandleMaxEventHub = 255;
inline constexpr size_t kAmqpLinksPerConnectionMax = 16384;
inline constexpr size_t kAmqpNestingDepthMax = 16;
inline constexpr size_t kAmqpMessageBytesMax = 1024 * 1024;
inline constexpr uint32_t kAmqpIdleTimeoutMs = 240'000;
inline constexpr uint32_t kAmqpIncomingWindow = 5000;
inline constexpr int64_t kAmqpOpenArrivalMs = 60 * 1000;
inline constexpr size_t kAmqpUnsettledPerLinkMax = 10'000;
inline constexpr size_t kAmqpValueNodesMax = 8192;  // values inside one decoded value
inline constexpr size_t kAmqpDeliveryTagBytesMax = 32;
inline constexpr size_t kAmqpLinkNameBytesMax = 1024;
// Messages that wait for credit on one link, and parts of messages that have arrived on one connection.
inline constexpr size_t kAmqpQueuedPerLinkMax = 1024;
inline constexpr size_t kAmqpQueuedBytesPerLinkMax = 4 * 1024 * 1024;
inline constexpr size_t kAmqpReassemblyBytesPerConnectionMax = 16 * 1024 * 1024;
inline constexpr int64_t kAmqpCloseWaitMs = 5000;
inline constexpr size_t kAmqpGrantsPerConnectionMax = 2048;  // tokens put on one connection (§3, multiplexing)
// Telemetry of one connection that is not yet on disk; reading pauses beyond it.
inline constexpr size_t kAmqpInflightMessagesMax = 4096;
inline constexpr size_t kAmqpInflightBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kAmqpBatchMessagesMax = 8192;  // in one delivery of format 0x80013700

// Bulk registry (service-rest.md §8, §9): items of one request.
inline constexpr size_t kBulkItemsMax = 100;
// A line of a hub's state: an identity with its twin, whose metadata is longer than its values.
inline constexpr size_t kStateLineBytesMax = 4 * 1024 * 1024;

// HTTP (service-rest.md §1)
inline constexpr uint32_t kHttpHeaderBytesMax = 32 * 1024;
inline constexpr size_t kHttpBodyBytesMax = 1024 * 1024;
inline constexpr size_t kHttpBulkBodyBytesMax = 16 * 1024 * 1024;  // POST /devices
inline constexpr size_t kHttpBatchMessagesMax = 500;               // device-mqtt-https.md §8.5
inline constexpr int64_t kHttpRequestArrivalMs = 60 * 1000;
inline constexpr int64_t kHttpIdleMs = 120 * 1000;

// TLS and sockets
inline constexpr int64_t kTlsHandshakeMs = 30 * 1000;
inline constexpr size_t kConnectionsPerAddressMax = 100'000;
inline constexpr size_t kConnectionsMax = 1'000'000;
// Bytes that a peer has not taken yet; beyond it the connection is closed.
inline constexpr size_t kUnsentBytesMax = 16 * 1024 * 1024;
inline constexpr size_t kUnsentBytesHigh = 1024 * 1024;  // producers pause here
inline constexpr size_t kWsControlPayloadMax = 125;
inline constexpr uint64_t kWsFrameBytesMax = 16 * 1024 * 1024;  // as announced by a client; frames are not buffered
inline constexpr size_t kWsFrameBytesSent = 64 * 1024;
inline constexpr uint32_t kTlsLateHandshakeMessagesMax = 256;  // key updates of one connection
inline constexpr int64_t kCloseLingerMs = 5 * 1000;            // for a peer to take the last bytes and close too
inline constexpr int64_t kShutdownLingerMs = 250;              // the same while the server stops
inline constexpr int64_t kAcceptPauseMs = 100;                 // when descriptors have run out
inline constexpr size_t kHttpTargetBytesMax = 8 * 1024;
inline constexpr size_t kHttpHeadersMax = 128;

// Event log
inline constexpr size_t kLogPendingBytesMax = 64 * 1024 * 1024;
inline constexpr size_t kEventRecordBytesMax = 1024 * 1024;  // one event with all its properties, as it is stored
inline constexpr uint16_t kPartitionsMax = 128;
inline constexpr size_t kLogReadsQueuedMax = 65'536;
inline constexpr size_t kEventReceiversPerPartitionMax = 5;  // without epoch, per consumer group (amqp.md §9.3)

// State database: writes that wait for the commit thread, and activity times that have not been written yet. Beyond the
// first, writes are refused; beyond the second, times are dropped.
inline constexpr size_t kStateQueueWritesMax = 16'384;
inline constexpr size_t kStatePendingActivityMax = 262'144;

}  // namespace nave::limits
