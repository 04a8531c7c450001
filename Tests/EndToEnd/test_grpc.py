"""Health and reflection, with clients that were made elsewhere."""

import pathlib
import subprocess
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

GRPCURL = pathlib.Path(sys.executable).with_name("grpcurl")


def grpcurl(gateway, *arguments):
    done = subprocess.run(
        [GRPCURL, "-plaintext", f"127.0.0.1:{gateway.port}", *arguments],
        capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


def test_health(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        reply = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as raised:
            stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=10)
        assert raised.value.code() == grpc.StatusCode.NOT_FOUND


def test_services_can_be_listed_and_described(gateway):
    assert "grpc.health.v1.Health" in grpcurl(gateway, "list")
    assert "rpc Check" in grpcurl(gateway, "describe", "grpc.health.v1.Health")
    assert "SERVING" in grpcurl(gateway, "grpc.health.v1.Health/Check")


def test_an_unknown_method_is_unimplemented(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        call = channel.unary_unary("/nobody.Service/Method")
        with pytest.raises(grpc.RpcError) as raised:
            call(b"", timeout=10)
        assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED
