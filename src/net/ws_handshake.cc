#include "net/ws_handshake.h"

#include <openssl/evp.h>

#include <array>

#include "base/base64.h"
#include "base/check.h"
#include "base/url.h"
#include "net/http_tokens.h"

namespace nave::net {
namespace {

constexpr size_t kSubprotocolsMax = 16;

std::string accept_value(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  NAVE_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1, "SHA-1");
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

bool is_ws_upgrade(const HttpRequest& request) {
  return request.method == "GET" && has_token(request, "Upgrade", "websocket");
}

Result<WsOffer, std::string> parse_ws_offer(const HttpRequest& request) {
  if (!has_token(request, "Connection", "upgrade")) return fail(std::string("Connection: Upgrade is missing"));
  if (request.header("Sec-WebSocket-Version").value_or("") != "13") {
    return fail(std::string("only version 13 of WebSocket is supported"));
  }
  WsOffer offer;
  offer.key = request.header("Sec-WebSocket-Key").value_or("");
  const auto nonce = base64_decode(offer.key);
  if (!nonce || nonce->size() != 16) return fail(std::string("Sec-WebSocket-Key is not 16 bytes in base64"));
  for (std::string_view token : tokens_of(request, "Sec-WebSocket-Protocol")) {
    if (offer.subprotocols.size() == kSubprotocolsMax) return fail(std::string("too many sub-protocols"));
    offer.subprotocols.emplace_back(token);
  }
  return offer;
}

// One space after every colon, no empty value (Java Paho), the word "connection" in no other line (Python Paho), the
// sub-protocol in the client's spelling (§9).
std::string ws_accept_response(std::string_view key, std::string_view subprotocol) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(key) + "\r\n";
  if (!subprotocol.empty()) {
    out += "Sec-WebSocket-Protocol: ";
    out += subprotocol;
    out += "\r\n";
  }
  out += "\r\n";
  return out;
}

}  // namespace nave::net
