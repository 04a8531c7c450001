#include "llmgateway/error.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace llmgateway {

Error::Error(const grpc::Status& status)
    : std::runtime_error(status.error_message()), code(status.error_code()) {
  google::rpc::Status details;
  // What cannot be read must not hide the failure itself.
  if (!details.ParseFromString(status.error_details())) return;
  google::rpc::ErrorInfo info;
  google::rpc::RetryInfo retry;
  google::rpc::BadRequest request;
  for (const auto& detail : details.details()) {
    if (detail.UnpackTo(&info)) {
      reason = info.reason();
    } else if (detail.UnpackTo(&retry)) {
      retry_after = std::chrono::seconds(retry.retry_delay().seconds()) +
                    std::chrono::nanoseconds(retry.retry_delay().nanos());
    } else if (detail.UnpackTo(&request)) {
      for (const auto& each : request.field_violations()) fields[each.field()] = each.description();
    } else {
      detail.UnpackTo(&context);
    }
  }
}

void Error::ThrowUnlessOk(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK: return;
    case grpc::StatusCode::INVALID_ARGUMENT: throw InvalidRequest(status);
    case grpc::StatusCode::UNAUTHENTICATED: throw KeyInvalid(status);
    case grpc::StatusCode::PERMISSION_DENIED: throw NotAllowed(status);
    case grpc::StatusCode::NOT_FOUND: throw NotFound(status);
    case grpc::StatusCode::RESOURCE_EXHAUSTED: throw ResourceExhausted(status);
    case grpc::StatusCode::FAILED_PRECONDITION: throw UpstreamRejected(status);
    case grpc::StatusCode::DEADLINE_EXCEEDED: throw DeadlineExceeded(status);
    case grpc::StatusCode::CANCELLED: throw CallCancelled(status);
    case grpc::StatusCode::UNAVAILABLE: throw Unavailable(status);
    default: throw Error(status);
  }
}

}  // namespace llmgateway
