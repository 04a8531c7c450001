package dev.llmgateway;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.llmgateway.v1.ErrorContext;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A failed call. Catch a subclass for a kind of failure, or look at {@link #reason}. */
public class GatewayException extends RuntimeException {
    private final Status.Code code;
    private String reason = "";
    private Duration retryAfter;
    private final Map<String, String> fields = new LinkedHashMap<>();
    private ErrorContext context = ErrorContext.getDefaultInstance();

    GatewayException(Status.Code code, String message, StatusRuntimeException cause) {
        super(message, cause);
        this.code = code;
        com.google.rpc.Status status = cause == null ? null : StatusProto.fromThrowable(cause);
        if (status == null) {
            return;
        }
        for (Any detail : status.getDetailsList()) {
            try {
                read(detail);
            } catch (InvalidProtocolBufferException ignored) {
                // What cannot be read must not hide the failure itself.
            }
        }
    }

    private void read(Any detail) throws InvalidProtocolBufferException {
        if (detail.is(ErrorInfo.class)) {
            reason = detail.unpack(ErrorInfo.class).getReason();
        } else if (detail.is(RetryInfo.class)) {
            com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
            retryAfter = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
        } else if (detail.is(BadRequest.class)) {
            for (BadRequest.FieldViolation each :
                    detail.unpack(BadRequest.class).getFieldViolationsList()) {
                fields.put(each.getField(), each.getDescription());
            }
        } else if (detail.is(ErrorContext.class)) {
            context = detail.unpack(ErrorContext.class);
        }
    }

    /** The status of gRPC. */
    public Status.Code code() {
        return code;
    }

    /**
     * A name of ErrorReason without its prefix, such as MODEL_NOT_FOUND; empty when the failure was
     * noticed on this side, such as a lost connection.
     */
    public String reason() {
        return reason;
    }

    /** How long to wait before the call may be tried again; null when that is not told. */
    public Duration retryAfter() {
        return retryAfter;
    }

    /** What is wrong with each field of the request, by its path. */
    public Map<String, String> fields() {
        return Collections.unmodifiableMap(fields);
    }

    /** The attempts, the limits, the upstream's words, usage and cost. */
    public ErrorContext context() {
        return context;
    }

    /** The call's id in the gateway's log; empty when there is none. */
    public String requestId() {
        return context.getCompletionId();
    }

    /** The request breaks a rule; see {@link #fields}. */
    public static final class InvalidRequest extends GatewayException {
        InvalidRequest(String message, StatusRuntimeException cause) {
            super(Status.Code.INVALID_ARGUMENT, message, cause);
        }
    }

    /** No key, or one that is not known. */
    public static final class KeyInvalid extends GatewayException {
        KeyInvalid(String message, StatusRuntimeException cause) {
            super(Status.Code.UNAUTHENTICATED, message, cause);
        }
    }

    /** The key may not do this. */
    public static final class NotAllowed extends GatewayException {
        NotAllowed(String message, StatusRuntimeException cause) {
            super(Status.Code.PERMISSION_DENIED, message, cause);
        }
    }

    /** There is no such model. */
    public static final class NotFound extends GatewayException {
        NotFound(String message, StatusRuntimeException cause) {
            super(Status.Code.NOT_FOUND, message, cause);
        }
    }

    /** A limit, budget or bound was hit; see {@link #retryAfter}. */
    public static final class ResourceExhausted extends GatewayException {
        ResourceExhausted(String message, StatusRuntimeException cause) {
            super(Status.Code.RESOURCE_EXHAUSTED, message, cause);
        }
    }

    /** The upstream did not take the request, or the gateway's key. */
    public static final class UpstreamRejected extends GatewayException {
        UpstreamRejected(String message, StatusRuntimeException cause) {
            super(Status.Code.FAILED_PRECONDITION, message, cause);
        }
    }

    /** The call, or a part of it, took too long. */
    public static final class DeadlineExceeded extends GatewayException {
        DeadlineExceeded(String message, StatusRuntimeException cause) {
            super(Status.Code.DEADLINE_EXCEEDED, message, cause);
        }
    }

    /** The call was cancelled. */
    public static final class CallCancelled extends GatewayException {
        CallCancelled(String message, StatusRuntimeException cause) {
            super(Status.Code.CANCELLED, message, cause);
        }
    }

    /** No upstream answered, or the gateway cannot be reached. */
    public static final class Unavailable extends GatewayException {
        Unavailable(String message, StatusRuntimeException cause) {
            super(Status.Code.UNAVAILABLE, message, cause);
        }
    }

    /** gRPC's own exception as one of these. */
    static GatewayException of(StatusRuntimeException failure) {
        Status status = failure.getStatus();
        String message = status.getDescription() == null
                ? status.getCode().name() : status.getDescription();
        switch (status.getCode()) {
            case INVALID_ARGUMENT: return new InvalidRequest(message, failure);
            case UNAUTHENTICATED: return new KeyInvalid(message, failure);
            case PERMISSION_DENIED: return new NotAllowed(message, failure);
            case NOT_FOUND: return new NotFound(message, failure);
            case RESOURCE_EXHAUSTED: return new ResourceExhausted(message, failure);
            case FAILED_PRECONDITION: return new UpstreamRejected(message, failure);
            case DEADLINE_EXCEEDED: return new DeadlineExceeded(message, failure);
            case CANCELLED: return new CallCancelled(message, failure);
            case UNAVAILABLE: return new Unavailable(message, failure);
            default: return new GatewayException(status.getCode(), message, failure);
        }
    }
}
