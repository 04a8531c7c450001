# frozen_string_literal: true

require "google/protobuf/well_known_types"
require "google/rpc/error_details_pb"
require "google/rpc/status_pb"
require "grpc"

module LLMGateway
  # A failed call. Rescue a subclass for a kind of failure, or look at +reason+.
  class Error < StandardError
    # The status of gRPC, a number of GRPC::Core::StatusCodes.
    attr_reader :code
    # A name of ErrorReason without its prefix, such as MODEL_NOT_FOUND; empty when the failure was
    # noticed on this side, such as a lost connection.
    attr_reader :reason
    # Seconds to wait before the call may be tried again, or nil.
    attr_reader :retry_after
    # What is wrong with each field of the request, by its path.
    attr_reader :fields
    # The V1::ErrorContext: attempts, limits, the upstream's words, usage and cost.
    attr_reader :context

    def initialize(code, message, details = nil)
      super(message)
      @code = code
      @reason = ""
      @fields = {}
      @context = V1::ErrorContext.new
      read(Google::Rpc::Status.decode(details)) if details
    rescue Google::Protobuf::ParseError
      # What cannot be read must not hide the failure itself.
    end

    # The call's id in the gateway's log; empty when there is none.
    def request_id = context.completion_id

    private

    def read(status)
      status.details.each do |detail|
        if detail.is(Google::Rpc::ErrorInfo)
          @reason = detail.unpack(Google::Rpc::ErrorInfo).reason
        elsif detail.is(Google::Rpc::RetryInfo)
          delay = detail.unpack(Google::Rpc::RetryInfo).retry_delay
          @retry_after = delay.seconds + delay.nanos / 1e9
        elsif detail.is(Google::Rpc::BadRequest)
          violations = detail.unpack(Google::Rpc::BadRequest).field_violations
          @fields = violations.to_h { |each| [each.field, each.description] }
        elsif detail.is(V1::ErrorContext)
          @context = detail.unpack(V1::ErrorContext)
        end
      end
    end
  end

  # The request breaks a rule; see +fields+.
  class InvalidRequest < Error; end
  # No key, or one that is not known.
  class KeyInvalid < Error; end
  # The key may not do this.
  class NotAllowed < Error; end
  # There is no such model.
  class NotFound < Error; end
  # A limit, budget or bound was hit; see +retry_after+.
  class ResourceExhausted < Error; end
  # The upstream did not take the request, or the gateway's key.
  class UpstreamRejected < Error; end
  # The call, or a part of it, took too long.
  class DeadlineExceeded < Error; end
  # The call was cancelled.
  class CallCancelled < Error; end
  # No upstream answered, or the gateway cannot be reached.
  class Unavailable < Error; end
  # The gateway has no such method.
  class Unimplemented < Error; end
  # A fault of the gateway, or of the wire.
  class InternalError < Error; end

  ERRORS = {
    GRPC::Core::StatusCodes::INVALID_ARGUMENT => InvalidRequest,
    GRPC::Core::StatusCodes::UNAUTHENTICATED => KeyInvalid,
    GRPC::Core::StatusCodes::PERMISSION_DENIED => NotAllowed,
    GRPC::Core::StatusCodes::NOT_FOUND => NotFound,
    GRPC::Core::StatusCodes::RESOURCE_EXHAUSTED => ResourceExhausted,
    GRPC::Core::StatusCodes::FAILED_PRECONDITION => UpstreamRejected,
    GRPC::Core::StatusCodes::DEADLINE_EXCEEDED => DeadlineExceeded,
    GRPC::Core::StatusCodes::CANCELLED => CallCancelled,
    GRPC::Core::StatusCodes::UNAVAILABLE => Unavailable,
    GRPC::Core::StatusCodes::UNIMPLEMENTED => Unimplemented,
    GRPC::Core::StatusCodes::INTERNAL => InternalError
  }.freeze
  private_constant :ERRORS

  # Runs the block, and raises an Error in place of gRPC's own.
  def self.translated
    yield
  rescue GRPC::BadStatus => e
    raise ERRORS.fetch(e.code, Error).new(e.code, e.details, e.metadata["grpc-status-details-bin"])
  end
end
