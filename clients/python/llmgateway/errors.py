"""Failed calls as exceptions: a class by gRPC status, with what the gateway says in its details."""

import contextlib

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from .v1 import error_pb2


class GatewayError(Exception):
    """A failed call. Catch a subclass for a kind of failure, or look at ``reason``.

    code:        the ``StatusCode`` of gRPC
    message:     what happened, in the gateway's words
    reason:      a name of ``ErrorReason`` without its prefix, such as ``MODEL_NOT_FOUND``; empty
                 when the failure was noticed on this side, such as a lost connection
    retry_after: seconds to wait before the call may be tried again, or ``None``
    fields:      what is wrong with each field of the request, by its path
    context:     the ``llmgateway.v1.ErrorContext``: attempts, the upstream's words, usage, cost
    request_id:  the call's id in the gateway's log; empty when there is none
    """

    classes: dict[StatusCode, type] = {}

    def __init_subclass__(cls, code: StatusCode | None = None):
        if code:
            GatewayError.classes[code] = cls

    def __init__(self, code: StatusCode, message: str, details: bytes | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = ""
        self.retry_after: float | None = None
        self.fields: dict[str, str] = {}
        self.context = error_pb2.ErrorContext()
        if details:
            # What cannot be read must not hide the failure itself.
            with contextlib.suppress(DecodeError):
                self._read(status_pb2.Status.FromString(details))

    def _read(self, status: status_pb2.Status) -> None:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        request = error_details_pb2.BadRequest()
        for detail in status.details:
            if detail.Unpack(info):
                self.reason = info.reason
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
            elif detail.Unpack(request):
                self.fields = {each.field: each.description for each in request.field_violations}
            else:
                detail.Unpack(self.context)

    @property
    def request_id(self) -> str:
        return self.context.completion_id


class InvalidRequest(GatewayError, code=StatusCode.INVALID_ARGUMENT):
    """The request breaks a rule; see ``fields``."""


class KeyInvalid(GatewayError, code=StatusCode.UNAUTHENTICATED):
    """No key, or one that is not known."""


class NotAllowed(GatewayError, code=StatusCode.PERMISSION_DENIED):
    """The key may not do this."""


class NotFound(GatewayError, code=StatusCode.NOT_FOUND):
    """There is no such model."""


class ResourceExhausted(GatewayError, code=StatusCode.RESOURCE_EXHAUSTED):
    """A limit, budget or bound was hit; see ``retry_after``."""


class UpstreamRejected(GatewayError, code=StatusCode.FAILED_PRECONDITION):
    """The upstream did not take the request, or the gateway's key."""


class DeadlineExceeded(GatewayError, code=StatusCode.DEADLINE_EXCEEDED):
    """The call, or a part of it, took too long."""


class CallCancelled(GatewayError, code=StatusCode.CANCELLED):
    """The call was cancelled."""


class Unavailable(GatewayError, code=StatusCode.UNAVAILABLE):
    """No upstream answered, or the gateway cannot be reached."""


class Unimplemented(GatewayError, code=StatusCode.UNIMPLEMENTED):
    """The gateway has no such method."""


class InternalError(GatewayError, code=StatusCode.INTERNAL):
    """A fault of the gateway, or of the wire."""


@contextlib.contextmanager
def translated():
    """Raises a ``GatewayError`` in place of gRPC's own error."""
    try:
        yield
    except grpc.RpcError as failure:
        trailers = dict(failure.trailing_metadata() or ())
        code = failure.code()
        raise GatewayError.classes.get(code, GatewayError)(
            code, failure.details() or code.name,
            trailers.get("grpc-status-details-bin")) from failure
