"""A client of llm-gateway over gRPC: ``Client``, and ``AsyncClient`` for asyncio.

The messages of the contract are in ``llmgateway.v1``, generated from ``proto/``.
"""

from .aio import AsyncChatStream, AsyncClient
from .client import ChatStream, Client
from .connection import text_of, tool_calls_of, tool_result
from .errors import (
    CallCancelled, DeadlineExceeded, GatewayError, InternalError, InvalidRequest, KeyInvalid,
    NotAllowed, NotFound, ResourceExhausted, Unavailable, Unimplemented, UpstreamRejected)

__version__ = "0.1.0"
__all__ = [
    "AsyncChatStream", "AsyncClient", "CallCancelled", "ChatStream", "Client", "DeadlineExceeded",
    "GatewayError", "InternalError", "InvalidRequest", "KeyInvalid", "NotAllowed", "NotFound",
    "ResourceExhausted", "Unavailable", "Unimplemented", "UpstreamRejected", "text_of",
    "tool_calls_of", "tool_result"]
