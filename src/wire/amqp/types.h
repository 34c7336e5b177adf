// The vocabulary of AMQP 1.0: value types, descriptor codes, roles and error conditions. Numbers are those of the OASIS
// standard; which of them the hub uses and how is reference/amqp.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nave::wire::amqp {

using Uuid = std::array<uint8_t, 16>;  // network byte order, as on the wire

enum class Type : uint8_t {
  kNull,
  kBoolean,
  kUbyte,
  kUshort,
  kUint,
  kUlong,
  kByte,
  kShort,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kTimestamp,
  kUuid,
  kBinary,
  kString,
  kSymbol,
  kList,
  kMap,
  kArray,
  kDescribed,
  kChar,     // accepted and skipped; never written (§1 R12)
  kDecimal,  // any width; as kChar
};

// Numeric descriptors of everything that the protocol describes.
enum class Code : uint64_t {
  kOpen = 0x10,
  kBegin = 0x11,
  kAttach = 0x12,
  kFlow = 0x13,
  kTransfer = 0x14,
  kDisposition = 0x15,
  kDetach = 0x16,
  kEnd = 0x17,
  kClose = 0x18,
  kError = 0x1d,
  kReceived = 0x23,
  kAccepted = 0x24,
  kRejected = 0x25,
  kReleased = 0x26,
  kModified = 0x27,
  kSource = 0x28,
  kTarget = 0x29,
  kSaslMechanisms = 0x40,
  kSaslInit = 0x41,
  kSaslOutcome = 0x44,
  kHeader = 0x70,
  kDeliveryAnnotations = 0x71,
  kMessageAnnotations = 0x72,
  kProperties = 0x73,
  kApplicationProperties = 0x74,
  kData = 0x75,
  kAmqpSequence = 0x76,
  kAmqpValue = 0x77,
  kFooter = 0x78,
};

// The side of a link: true on the wire is the receiver.
enum class Role : uint8_t { kSender = 0, kReceiver = 1 };

enum class SndSettleMode : uint8_t { kUnsettled = 0, kSettled = 1, kMixed = 2 };
enum class RcvSettleMode : uint8_t { kFirst = 0, kSecond = 1 };

// transfer.message-format of a batch whose Data sections are whole messages (§4.1).
inline constexpr uint32_t kBatchFormat = 0x80013700;

// Error conditions (§8); the fronts map hub errors to them.
namespace condition {
inline constexpr std::string_view kInternalError = "amqp:internal-error";
inline constexpr std::string_view kNotFound = "amqp:not-found";
inline constexpr std::string_view kUnauthorizedAccess = "amqp:unauthorized-access";
inline constexpr std::string_view kDecodeError = "amqp:decode-error";
inline constexpr std::string_view kResourceLimitExceeded = "amqp:resource-limit-exceeded";
inline constexpr std::string_view kNotAllowed = "amqp:not-allowed";
inline constexpr std::string_view kInvalidField = "amqp:invalid-field";
inline constexpr std::string_view kNotImplemented = "amqp:not-implemented";
inline constexpr std::string_view kPreconditionFailed = "amqp:precondition-failed";
inline constexpr std::string_view kConnectionForced = "amqp:connection:forced";
inline constexpr std::string_view kFramingError = "amqp:connection:framing-error";
inline constexpr std::string_view kUnattachedHandle = "amqp:session:unattached-handle";
inline constexpr std::string_view kHandleInUse = "amqp:session:handle-in-use";
inline constexpr std::string_view kErrantLink = "amqp:session:errant-link";
inline constexpr std::string_view kLinkRedirect = "amqp:link:redirect";
inline constexpr std::string_view kLinkStolen = "amqp:link:stolen";
inline constexpr std::string_view kDetachForced = "amqp:link:detach-forced";
inline constexpr std::string_view kTransferLimitExceeded = "amqp:link:transfer-limit-exceeded";
inline constexpr std::string_view kMessageSizeExceeded = "amqp:link:message-size-exceeded";
}  // namespace condition

}  // namespace nave::wire::amqp
