// A blob container as a job uses it, wherever it is. Calls block, for seconds if it is far away.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace nave::hub {

// Why storage refused, in words that hold nothing secret.
using ContainerError = std::string;
template <class T>
using ContainerResult = Result<T, ContainerError>;

// A blob in the making; seen when it is finished, and not at all if it never is.
class ContainerWriter {
 public:
  virtual ~ContainerWriter() = default;
  [[nodiscard]] virtual ContainerResult<void> write(ByteView bytes) = 0;
  [[nodiscard]] virtual ContainerResult<void> finish() = 0;
};

// One thread at a time.
class Container {
 public:
  virtual ~Container() = default;
  [[nodiscard]] virtual ContainerResult<uint64_t> size(const std::string& blob) = 0;
  // Fewer bytes than asked for only at the end.
  [[nodiscard]] virtual ContainerResult<std::string> read(const std::string& blob, uint64_t offset, size_t bytes) = 0;
  [[nodiscard]] virtual std::unique_ptr<ContainerWriter> write(const std::string& blob) = 0;
  // A blob to append to, empty; one of that name goes.
  [[nodiscard]] virtual ContainerResult<void> create_log(const std::string& blob) = 0;
  // Only if the blob has `at` bytes; done already if it has `at` and just as many more as these.
  [[nodiscard]] virtual ContainerResult<void> append_log(const std::string& blob, uint64_t at, ByteView bytes) = 0;
  // Whether blobs can be made and removed.
  [[nodiscard]] virtual ContainerResult<void> check_writable() = 0;
};

// Thread-safe.
class ContainerOpener {
 public:
  virtual ~ContainerOpener() = default;
  // By its address with a signature. Asks nobody yet.
  [[nodiscard]] virtual ContainerResult<std::unique_ptr<Container>> open(const std::string& uri) = 0;
};

}  // namespace nave::hub
