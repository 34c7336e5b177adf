// AMQP frames and messages as one line of text each, for transcripts:
//   TRANSFER h=3 settled corr=str:1 an.status=int:200 data={"a":1}
//   ERROR h=3 corr=str:1 an.status=int:400 errorCode=400004
// Values are written with their type in front ("int:200"); "data=" takes the rest of the line. UUIDs that the hub makes
// up are numbered in the order of their appearance: "uuid:#1".
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "unit/front/amqp/amqp_client.h"

namespace nave::test {

// The words of one line: a verb, then words and key=value.
struct LineWords {
  std::vector<std::string> plain;
  std::vector<std::pair<std::string, std::string>> named;

  explicit LineWords(const std::string& line) {
    std::istringstream in(line);
    for (std::string word; in >> word;) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) {
        plain.push_back(word);
        continue;
      }
      const std::string key = word.substr(0, equals);
      if (key == "data" || key == "text" || key == "payload") {
        std::string rest;
        std::getline(in, rest);
        named.emplace_back(key, word.substr(equals + 1) + rest);
      } else {
        named.emplace_back(key, word.substr(equals + 1));
      }
    }
  }
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const {
    for (const auto& [k, v] : named) {
      if (k == key) return v;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string text(const std::string& key) const { return find(key).value_or(""); }
  [[nodiscard]] int64_t number(const std::string& key, int64_t otherwise = 0) const {
    const auto given = find(key);
    return given ? std::strtoll(given->c_str(), nullptr, 10) : otherwise;
  }
  [[nodiscard]] bool has(const std::string& word) const { return std::ranges::find(plain, word) != plain.end(); }
};

class FrameText {
 public:
  // --- values
  [[nodiscard]] wamqp::Value value(const std::string& text) {
    const size_t colon = text.find(':');
    const std::string type = text.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
    const int64_t n = std::strtoll(rest.c_str(), nullptr, 10);
    if (text == "null") return {};
    if (type == "bool") return wamqp::Value::of_bool(rest == "true");
    if (type == "ubyte") return wamqp::Value::of_ubyte(static_cast<uint8_t>(n));
    if (type == "uint") return wamqp::Value::of_uint(static_cast<uint32_t>(n));
    if (type == "ulong") return wamqp::Value::of_ulong(static_cast<uint64_t>(n));
    if (type == "int") return wamqp::Value::of_int(static_cast<int32_t>(n));
    if (type == "long") return wamqp::Value::of_long(n);
    if (type == "double") return wamqp::Value::of_double(std::strtod(rest.c_str(), nullptr));
    if (type == "ts") return wamqp::Value::of_timestamp_ms(n);
    if (type == "bin") return wamqp::Value::of_binary(rest);
    if (type == "sym") return wamqp::Value::of_symbol(rest);
    if (type == "uuid") return wamqp::Value::of_uuid(uuid(rest));
    return wamqp::Value::of_string(type == "str" ? rest : text);
  }
  [[nodiscard]] std::string describe(const wamqp::Item& item) {
    using wamqp::Type;
    const std::string text = item.to_text().value_or("");
    switch (item.type) {
      case Type::kNull:
        return "null";
      case Type::kBoolean:
        return "bool:" + text;
      case Type::kUbyte:
        return "ubyte:" + text;
      case Type::kUint:
        return "uint:" + text;
      case Type::kUlong:
        return "ulong:" + text;
      case Type::kInt:
        return "int:" + text;
      case Type::kLong:
        return "long:" + text;
      case Type::kTimestamp:
        return "ts:" + text;
      case Type::kBinary:
        return "bin:" + text;
      case Type::kSymbol:
        return "sym:" + text;
      case Type::kString:
        return "str:" + text;
      case Type::kUuid:
        return "uuid:" + name_of(text);
      default:
        return "?";
    }
  }
  [[nodiscard]] wamqp::Uuid uuid(const std::string& text) {
    for (const auto& [full, alias] : aliases_) {
      if (alias == text) return wamqp::parse_uuid(full).value();
    }
    aliases_.emplace_back(text, text);
    return wamqp::parse_uuid(text).value();
  }
  [[nodiscard]] std::string name_of(const std::string& uuid) {
    for (const auto& [full, alias] : aliases_) {
      if (full == uuid) return alias;
    }
    aliases_.emplace_back(uuid, "#" + std::to_string(++made_up_));
    return aliases_.back().second;
  }

  // --- messages
  [[nodiscard]] std::string message(const LineWords& w) {
    if (const auto raw = w.find("raw")) return from_hex(*raw);
    std::string out;
    wamqp::MessageWriter writer(out);
    write_map(w, "an.", [&] { return writer.message_annotations(); });
    write_properties(w, writer);
    write_map(w, "app.", [&] { return writer.application_properties(); });
    if (const auto data = w.find("data")) writer.data(*data);
    if (const auto text = w.find("text")) writer.value(wamqp::Value::of_string(*text));
    return out;
  }
  [[nodiscard]] std::string describe_message(ByteView bytes, ByteView tag) {
    const auto m = wamqp::MessageView::parse(bytes);
    if (!m) return " no message";
    std::string out;
    const auto p = m->properties();
    if (!p) return " malformed properties";
    const auto item = [&](const char* key, const wamqp::Item& v) {
      if (!v.is_null()) out += std::string(" ") + key + "=" + describe(v);
    };
    const auto text = [&](const char* key, const std::optional<std::string_view>& v) {
      if (v) out += std::string(" ") + key + "=" + std::string(*v);
    };
    item("id", p->message_id);
    text("user", p->user_id);
    text("to", p->to);
    item("corr", p->correlation_id);
    text("type", p->content_type);
    text("encoding", p->content_encoding);
    if (p->absolute_expiry_time_ms) out += " expiry=" + std::to_string(*p->absolute_expiry_time_ms);
    const auto map = [&](const char* prefix, const wamqp::Item& entries) {
      wamqp::for_each_entry(entries, [&](const wamqp::Item& key, const wamqp::Item& v) {
        const std::string name(key.as_text().value_or("?"));
        out += std::string(" ") + prefix + name + "=";
        out += name == "x-opt-lock-token" ? lock(v, tag) : describe(v);
        return true;
      });
    };
    map("an.", m->message_annotations());
    map("app.", m->application_properties());
    std::string scratch;
    if (m->body_kind() == wamqp::BodyKind::kData) out += " data=" + std::string(m->data(scratch));
    if (m->body_kind() == wamqp::BodyKind::kValue) out += " text=" + std::string(m->data(scratch));
    return out;
  }

  // --- frames
  [[nodiscard]] std::string describe(const AmqpFrame& f) {
    const std::string channel = f.channel == 0 ? "" : " ch=" + std::to_string(f.channel);
    switch (f.code().value()) {
      case wamqp::Code::kAttach:
        return "ATTACH" + channel + describe(f.as<wamqp::Attach>());
      case wamqp::Code::kFlow: {
        const auto v = f.as<wamqp::Flow>();
        return "FLOW" + channel + " h=" + std::to_string(v.handle.value()) +
               " credit=" + std::to_string(v.link_credit.value_or(0));
      }
      case wamqp::Code::kTransfer: {
        const std::string text = "TRANSFER" + channel + describe(f.as<wamqp::Transfer>(), f.payload());
        return is_error(text) ? error_text(text) : text;
      }
      case wamqp::Code::kDisposition:
        return "DISPOSITION" + channel + describe(f.as<wamqp::Disposition>());
      case wamqp::Code::kDetach: {
        const auto v = f.as<wamqp::Detach>();
        return "DETACH" + channel + " h=" + std::to_string(v.handle) + (v.closed ? "" : " open") +
               (v.error ? " " + v.error->condition : "");
      }
      case wamqp::Code::kClose:
        return "CLOSE";
      default:
        return "frame " + std::to_string(static_cast<uint64_t>(f.code().value()));
    }
  }

 private:
  using Aliases = std::vector<std::pair<std::string, std::string>>;

  static std::string from_hex(const std::string& hex) {
    std::string out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      out.push_back(static_cast<char>(std::strtol(hex.substr(i, 2).c_str(), nullptr, 16)));
    }
    return out;
  }
  template <class Open>
  void write_map(const LineWords& w, const std::string& prefix, Open open) {
    if (!std::ranges::any_of(w.named, [&](const auto& n) { return n.first.starts_with(prefix); })) return;
    wamqp::MapWriter map = open();
    for (const auto& [key, text] : w.named) {
      if (key.starts_with(prefix)) map.value(key.substr(prefix.size()), value(text));
    }
    map.end();
  }
  void write_properties(const LineWords& w, wamqp::MessageWriter& writer) {
    wamqp::Properties p;
    const wamqp::Value id = value(w.find("id").value_or("null"));
    const wamqp::Value correlation = value(w.find("corr").value_or("null"));
    p.message_id = id.view();
    p.correlation_id = correlation.view();
    const auto user = w.find("user"), to = w.find("to"), type = w.find("type"), encoding = w.find("encoding");
    if (user) p.user_id = *user;
    if (to) p.to = *to;
    if (type) p.content_type = *type;
    if (encoding) p.content_encoding = *encoding;
    if (w.find("expiry")) p.absolute_expiry_time_ms = w.number("expiry");
    writer.properties(p);
  }
  // C# makes a GUID of the tag, whose first three groups .NET keeps in little-endian order.
  static std::string lock(const wamqp::Item& token, ByteView tag) {
    const auto text = token.as_text();
    const auto uuid = text ? wamqp::parse_uuid(*text) : std::nullopt;
    if (!uuid || tag.size() != 16) return "?";
    constexpr size_t kPlace[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < 16; ++i) {
      if (byte_at(tag, i) != (*uuid)[kPlace[i]]) return "not the tag";
    }
    return "(tag)";
  }
  static std::string describe(const wamqp::Attach& v) {
    std::string out = " h=" + std::to_string(v.handle);
    out += v.role == wamqp::Role::kSender ? " sender" : " receiver";
    const bool refused = v.role == wamqp::Role::kSender ? !v.source : !v.target;
    if (refused) return out + " refused";
    out += " snd=" + (v.snd_settle_mode ? std::to_string(static_cast<int>(*v.snd_settle_mode)) : "null");
    out += " rcv=" + (v.rcv_settle_mode ? std::to_string(static_cast<int>(*v.rcv_settle_mode)) : "null");
    return out + " max=" + std::to_string(v.max_message_size.value_or(0));
  }
  // The answer to a twin request that failed: what changes from run to run is left out.
  static bool is_error(const std::string& text) { return text.find("data={\"errorCode\":") != std::string::npos; }
  static std::string error_text(const std::string& text) {
    const size_t settled = text.find(" settled");
    const size_t data = text.find(" data=");
    const size_t code = text.find(':', data) + 1;
    return "ERROR" + text.substr(8, settled - 8) + text.substr(settled + 8, data - settled - 8) +
           " errorCode=" + text.substr(code, text.find(',', code) - code);
  }
  std::string describe(const wamqp::Transfer& v, ByteView payload) {
    std::string out = " h=" + std::to_string(v.handle);
    out += v.settled.value_or(false) ? " settled" : " unsettled=" + std::to_string(v.delivery_id.value_or(0));
    const ByteView tag = v.delivery_tag.value_or(ByteView{});
    if (tag.size() != 16) out += " tag=" + to_hex(tag);
    return out + describe_message(payload, tag);
  }
  static std::string describe(const wamqp::Disposition& v) {
    std::string out = " " + std::to_string(v.first);
    if (v.last && *v.last != v.first) out += "-" + std::to_string(*v.last);
    if (v.role == wamqp::Role::kSender) out += " sender";
    if (!v.settled) out += " unsettled";
    const auto outcome = wamqp::decode_outcome(v.state);
    if (std::holds_alternative<wamqp::Accepted>(outcome)) return out + " accepted";
    if (std::holds_alternative<wamqp::Released>(outcome)) return out + " released";
    if (const auto* r = std::get_if<wamqp::Rejected>(&outcome))
      return out + " rejected " + (r->error ? r->error->condition : "");
    return out + " ?";
  }

  Aliases aliases_;
  int made_up_ = 0;
};

}  // namespace nave::test
