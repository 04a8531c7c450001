"""The gateway's JSON form of the contract's messages, against that of Google's Python library: many
random messages of every type, both ways."""

import base64
import json
import math
import os
import pathlib
import random
import subprocess

import pytest
from google.protobuf import descriptor, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from llmgateway.v1 import (
    admin_service_pb2, chat_service_pb2, embedding_service_pb2, error_pb2, model_service_pb2)

from conftest import BINARY

TOOL = os.environ.get("GRPC_TEST_TOOL", str(pathlib.Path(BINARY).with_name("grpc-test-tool")))
FILES = [
    admin_service_pb2, chat_service_pb2, embedding_service_pb2, error_pb2, model_service_pb2,
    error_details_pb2, status_pb2, health_pb2]
ROUNDS = int(os.environ.get("PROTO_JSON_ROUNDS", "40"))
Field = descriptor.FieldDescriptor


def message_types():
    """The types of all files and of what those import."""
    found, files = {}, [module.DESCRIPTOR for module in FILES]
    while files:
        file = files.pop()
        files += file.dependencies
        nested = list(file.message_types_by_name.values())
        while nested:
            kind = nested.pop()
            nested += kind.nested_types
            if not kind.GetOptions().map_entry and not kind.full_name.startswith("google.protobuf."):
                found[kind.full_name] = kind
    return found


TYPES = message_types()


class Filter:
    """The tool that turns messages into JSON and back."""

    def __init__(self):
        self.process = subprocess.Popen(
            [TOOL, "proto-json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().removesuffix("\n")

    def to_json(self, message):
        wire = base64.b64encode(message.SerializeToString()).decode()
        return self.ask("to-json", message.DESCRIPTOR.full_name, wire)

    def to_wire(self, name, json_text):
        answer = self.ask("to-wire", name, json_text)
        assert not answer.startswith("error"), (answer, json_text)
        return base64.b64decode(answer)


@pytest.fixture(scope="module")
def proto_json():
    if not pathlib.Path(TOOL).exists():
        pytest.fail(f"{TOOL} is not built: swift build --product grpc-test-tool")
    filter = Filter()
    yield filter
    filter.process.stdin.close()
    assert filter.process.wait(timeout=10) == 0


TEXTS = ["", "a", "Hello, \"world\"\\\n\t\x01\x7f", "grüße", "漢字", "😀\u2028", "/", "x" * 300]
INTS = [0, 1, -1, 127, 128, 2**31 - 1, -2**31]
LONGS = INTS + [2**53, -2**53 - 1, 2**63 - 1, -2**63]
DOUBLES = [0.0, -0.0, 1.0, -1.5, 0.1, 1e20, 1e-7, 5e-324, 1.7976931348623157e308, 2.0**53,
           math.inf, -math.inf, math.nan, 123456789.125, 1e15, 1e16]
FLOATS = [0.0, -0.0, 1.0, 0.5, 0.10000000149011612, 3.4028232635611926e38, 1.1754943508222875e-38, math.inf,
          -math.inf, math.nan, 16777216.0]


def scalar(field, rng):
    kind = field.cpp_type
    if kind == Field.CPPTYPE_STRING:
        text = rng.choice(TEXTS) + rng.choice(["", str(rng.random())])
        return text.encode() if field.type == Field.TYPE_BYTES else text
    if kind == Field.CPPTYPE_ENUM:
        return rng.choice([value.number for value in field.enum_type.values] + [977])
    if kind == Field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if kind == Field.CPPTYPE_DOUBLE:
        return rng.choice(DOUBLES + [rng.uniform(-1e6, 1e6), rng.random()])
    if kind == Field.CPPTYPE_FLOAT:
        return rng.choice(FLOATS)
    if kind == Field.CPPTYPE_INT32:
        return rng.choice(INTS + [rng.randint(-2**31, 2**31 - 1)])
    if kind == Field.CPPTYPE_INT64:
        return rng.choice(LONGS + [rng.randint(-2**63, 2**63 - 1)])
    if kind == Field.CPPTYPE_UINT32:
        return rng.choice([0, 1, 2**32 - 1])
    assert kind == Field.CPPTYPE_UINT64
    return rng.choice([0, 1, 2**64 - 1])


def fill(message, rng, depth=0):
    """Sets some fields of a message, each type of value among them."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds = rng.choice([0, -62135596800, 253402300799, rng.randint(-10**10, 10**10)])
        message.nanos = rng.choice([0, 1, 1000, 500_000_000, 999_999_999])
        return
    if name == "google.protobuf.Duration":
        sign = rng.choice([1, -1])
        message.seconds = sign * rng.choice([0, 1, 3600, 315_575_999_999])
        message.nanos = sign * rng.choice([0, 1, 1000, 500_000_000, 999_999_999])
        return
    if name == "google.protobuf.FieldMask":
        message.paths.extend(rng.sample(["a", "model.name", "max_output_tokens"], rng.randint(0, 3)))
        return
    if name == "google.protobuf.Any":
        inner = message_factory.GetMessageClass(TYPES[rng.choice(
            ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "llmgateway.v1.ErrorContext"])])()
        fill(inner, rng, depth + 1)
        if "metadata" in inner.DESCRIPTOR.fields_by_name:
            # The order of a map within packed bytes is anybody's.
            for key in list(inner.metadata)[1:]:
                del inner.metadata[key]
        message.Pack(inner)
        return
    chosen_oneofs = set()
    for field in message.DESCRIPTOR.fields:
        if rng.random() < (0.4 if depth < 2 else 0.8 if depth < 3 else 1.0) and depth > 0:
            continue
        oneof = field.containing_oneof
        if oneof is not None:
            if oneof.name in chosen_oneofs or rng.random() < 0.5:
                continue
            chosen_oneofs.add(oneof.name)
        if depth > 5 and field.message_type is not None:
            continue
        set_field(message, field, rng, depth)


def set_field(message, field, rng, depth):
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key = field.message_type.fields_by_name["key"]
        inner = field.message_type.fields_by_name["value"]
        for _ in range(rng.randint(0, 3)):
            if inner.message_type is not None:
                fill(value[scalar(key, rng)], rng, depth + 1)
            else:
                value[scalar(key, rng)] = scalar(inner, rng)
    elif field.is_repeated:
        for _ in range(rng.randint(0, 3)):
            if field.message_type is not None:
                fill(value.add(), rng, depth + 1)
            else:
                value.append(scalar(field, rng))
    elif field.message_type is not None:
        value.SetInParent()
        fill(value, rng, depth + 1)
    else:
        setattr(message, field.name, scalar(field, rng))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_random_messages(proto_json, name):
    rng = random.Random(name)
    kind = message_factory.GetMessageClass(TYPES[name])
    for round in range(ROUNDS):
        message = kind()
        fill(message, rng)
        expected = message.SerializeToString(deterministic=True)
        # What the gateway writes, Python reads as the same message.
        ours = proto_json.to_json(message)
        assert not ours.startswith("error"), (ours, message)
        back = json_format.Parse(ours, kind())
        assert back.SerializeToString(deterministic=True) == expected, ours
        # It is what Python writes, but for the order of members and the spelling of numbers.
        theirs = json_format.MessageToJson(message, indent=None)
        assert normalized(ours) == normalized(theirs)
        # What Python writes in any of its ways, the gateway reads as the same message.
        for text in [
                theirs,
                json_format.MessageToJson(message, indent=None, preserving_proto_field_name=True),
                json_format.MessageToJson(message, indent=None, use_integers_for_enums=True),
                json_format.MessageToJson(
                    message, indent=None, always_print_fields_with_no_presence=True,
                    ensure_ascii=False)]:
            read = kind.FromString(proto_json.to_wire(name, text))
            assert read.SerializeToString(deterministic=True) == expected, text


def normalized(text):
    return json.loads(text, parse_int=float)


def test_the_greatest_float(proto_json):
    """Python writes a text of it that it does not read itself; the gateway's is read by all."""
    vector = embedding_service_pb2.FloatVector(values=[3.4028234663852886e38])
    ours = proto_json.to_json(vector)
    assert json_format.Parse(ours, embedding_service_pb2.FloatVector()) == vector
    theirs = json_format.MessageToJson(vector, indent=None)
    wire = proto_json.to_wire("llmgateway.v1.FloatVector", theirs)
    assert embedding_service_pb2.FloatVector.FromString(wire) == vector


def test_every_type_of_the_contract_is_known(proto_json):
    assert len(TYPES) > 100
    for name, kind in TYPES.items():
        assert proto_json.ask("to-json", name, "") == "{}", name
        assert descriptor_pool.Default().FindMessageTypeByName(name) is kind
