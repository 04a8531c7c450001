package llmgateway

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "llmgateway.dev/go/llmgatewayv1"
)

// Kinds of failure, for errors.Is; more is told by the *Error that errors.As finds.
var (
	// ErrInvalidRequest: the request breaks a rule; see Error.Fields.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrKeyInvalid: no key, or one that is not known.
	ErrKeyInvalid = errors.New("key invalid")
	// ErrNotAllowed: the key may not do this.
	ErrNotAllowed = errors.New("not allowed")
	// ErrNotFound: there is no such model.
	ErrNotFound = errors.New("not found")
	// ErrResourceExhausted: a limit, budget or bound was hit; see Error.RetryAfter.
	ErrResourceExhausted = errors.New("resource exhausted")
	// ErrUpstreamRejected: the upstream did not take the request, or the gateway's key.
	ErrUpstreamRejected = errors.New("upstream rejected")
	// ErrUnavailable: no upstream answered, or the gateway cannot be reached.
	ErrUnavailable = errors.New("unavailable")
)

var kinds = map[codes.Code]error{
	codes.InvalidArgument:    ErrInvalidRequest,
	codes.Unauthenticated:    ErrKeyInvalid,
	codes.PermissionDenied:   ErrNotAllowed,
	codes.NotFound:           ErrNotFound,
	codes.ResourceExhausted:  ErrResourceExhausted,
	codes.FailedPrecondition: ErrUpstreamRejected,
	codes.Unavailable:        ErrUnavailable,
	codes.DeadlineExceeded:   context.DeadlineExceeded,
	codes.Canceled:           context.Canceled,
}

// Error is a failed call, with what the gateway says in its details.
type Error struct {
	// Code is gRPC's.
	Code codes.Code
	// Message is what happened, in the gateway's words.
	Message string
	// Reason is a name of ErrorReason without its prefix, such as MODEL_NOT_FOUND; empty when the
	// failure was noticed on this side, such as a lost connection.
	Reason string
	// RetryAfter is how long to wait before the call may be tried again; zero when that is not told.
	RetryAfter time.Duration
	// Fields tell what is wrong with each field of the request, by its path.
	Fields map[string]string
	// Context tells the attempts, the limits, the upstream's words, usage and cost. Never nil.
	Context *v1.ErrorContext
	status  *status.Status
}

// Error is the status and the gateway's words.
func (e *Error) Error() string { return e.Code.String() + ": " + e.Message }

// Is tells whether this is of a kind, such as ErrNotFound.
func (e *Error) Is(target error) bool { return kinds[e.Code] == target && target != nil }

// RequestID is the call's id in the gateway's log; empty when there is none.
func (e *Error) RequestID() string { return e.Context.GetCompletionId() }

// GRPCStatus is what the status package reads.
func (e *Error) GRPCStatus() *status.Status {
	if e.status != nil {
		return e.status
	}
	return status.New(e.Code, e.Message)
}

// errorOf is gRPC's error as an *Error; nil stays nil.
func errorOf(err error) error {
	if err == nil {
		return nil
	}
	found := status.Convert(err)
	e := &Error{
		Code: found.Code(), Message: found.Message(), Context: &v1.ErrorContext{}, status: found}
	// Of details that are not known, or cannot be read, this gives an error, which is passed over.
	for _, detail := range found.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			e.Reason = detail.Reason
		case *errdetails.RetryInfo:
			e.RetryAfter = detail.RetryDelay.AsDuration()
		case *errdetails.BadRequest:
			e.Fields = map[string]string{}
			for _, violation := range detail.FieldViolations {
				e.Fields[violation.Field] = violation.Description
			}
		case *v1.ErrorContext:
			e.Context = detail
		}
	}
	return e
}
