#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "llmgateway/v1/error.pb.h"

namespace llmgateway {

/// A failed call. Catch a subclass for a kind of failure, or look at `reason`.
class Error : public std::runtime_error {
 public:
  /// Reads what the gateway says in the status's details.
  explicit Error(const grpc::Status& status);

  /// Throws the class of Error that belongs to a status; does nothing if the call did not fail.
  static void ThrowUnlessOk(const grpc::Status& status);

  grpc::StatusCode code;
  /// A name of ErrorReason without its prefix, such as MODEL_NOT_FOUND; empty when the failure was
  /// noticed on this side, such as a lost connection.
  std::string reason;
  /// How long to wait before the call may be tried again.
  std::optional<std::chrono::nanoseconds> retry_after;
  /// What is wrong with each field of the request, by its path.
  std::map<std::string, std::string> fields;
  /// The attempts, the limits, the upstream's words, usage and cost.
  v1::ErrorContext context;

  /// The call's id in the gateway's log; empty when there is none.
  const std::string& request_id() const { return context.completion_id(); }
};

/// The request breaks a rule; see Error::fields.
class InvalidRequest : public Error { using Error::Error; };
/// No key, or one that is not known.
class KeyInvalid : public Error { using Error::Error; };
/// The key may not do this.
class NotAllowed : public Error { using Error::Error; };
/// There is no such model.
class NotFound : public Error { using Error::Error; };
/// A limit, budget or bound was hit; see Error::retry_after.
class ResourceExhausted : public Error { using Error::Error; };
/// The upstream did not take the request, or the gateway's key.
class UpstreamRejected : public Error { using Error::Error; };
/// The call, or a part of it, took too long.
class DeadlineExceeded : public Error { using Error::Error; };
/// The call was cancelled.
class CallCancelled : public Error { using Error::Error; };
/// No upstream answered, or the gateway cannot be reached.
class Unavailable : public Error { using Error::Error; };

}  // namespace llmgateway
