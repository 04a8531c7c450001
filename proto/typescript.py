"""Writes the contract's messages as TypeScript types, and a table to read their JSON with.

    proto/typescript.py DESCRIPTOR_SET > v1.ts

There is no plugin to be had from Debian or PyPI, and the client speaks Connect in JSON, so that it
needs no protobuf at run time. The set must hold the comments (protoc --include_source_info).
"""

import pathlib
import sys

from google.protobuf import descriptor_pb2

Field = descriptor_pb2.FieldDescriptorProto
PACKAGE = ".llmgateway.v1."
# What JSON has for them is a text; a program wants a number, or bytes.
LONGS = {Field.TYPE_INT64, Field.TYPE_UINT64, Field.TYPE_SINT64, Field.TYPE_FIXED64,
         Field.TYPE_SFIXED64}
NUMBERS = {Field.TYPE_INT32, Field.TYPE_UINT32, Field.TYPE_SINT32, Field.TYPE_FIXED32,
           Field.TYPE_SFIXED32}
REALS = {Field.TYPE_DOUBLE, Field.TYPE_FLOAT}
# Of the well-known types, what the contract uses.
TEXTS = {
    ".google.protobuf.Duration": "Seconds and an `s`, such as `1.5s`.",
    ".google.protobuf.Timestamp": "RFC 3339, such as `2026-11-30T12:00:00Z`.",
    ".google.protobuf.FieldMask": "Paths with a comma between.",
}


def short(name: str) -> str:
    """The name of a type of the contract, without its package."""
    assert name.startswith(PACKAGE), f"{name} has no TypeScript form here"
    return name.removeprefix(PACKAGE)


def comment(text: str, indent: str = "") -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def scalar(field) -> str:
    """The TypeScript type of one value."""
    if field.type == Field.TYPE_MESSAGE:
        return "string" if field.type_name in TEXTS else short(field.type_name)
    if field.type == Field.TYPE_ENUM:
        return short(field.type_name)
    if field.type in LONGS | NUMBERS | REALS:
        return "number"
    return {Field.TYPE_BOOL: "boolean", Field.TYPE_BYTES: "Uint8Array",
            Field.TYPE_STRING: "string"}[field.type]


def kind(field) -> str:
    """The entry of the table: how a value is read, and what stands for one that is absent."""
    if field.type == Field.TYPE_MESSAGE:
        return "text" if field.type_name in TEXTS else short(field.type_name)
    if field.type == Field.TYPE_ENUM:
        return f"enum {short(field.type_name)}"
    if field.type in LONGS | NUMBERS | REALS:
        return "number"
    return {Field.TYPE_BOOL: "boolean", Field.TYPE_BYTES: "bytes",
            Field.TYPE_STRING: "string"}[field.type]


class File:
    """One file of the contract, with its comments by path."""

    def __init__(self, proto):
        self.proto = proto
        self.comments = {
            tuple(each.path): each.leading_comments for each in proto.source_code_info.location}

    def enum(self, index, enum) -> str:
        values = "".join(
            comment(self.comments.get((5, index, 2, number), ""), "  ") + f'  | "{value.name}"\n'
            for number, value in enumerate(enum.value))
        return (comment(self.comments.get((5, index), ""))
                + f"export type {enum.name} =\n{values}"
                + "  /** One of a later version. */\n  | (string & {});\n\n")

    def message(self, index, message) -> str:
        entries = {
            f"{PACKAGE}{message.name}.{each.name}": each for each in message.nested_type
            if each.options.map_entry}
        assert len(entries) == len(message.nested_type), f"{message.name} has nested messages"
        lines = []
        for number, field in enumerate(message.field):
            lines.append(comment(self.comments.get((4, index, 2, number), ""), "  "))
            entry = entries.get(field.type_name)
            if entry:
                form = f"{{ [key: string]: {scalar(entry.field[1])} }}"
            elif field.label == Field.LABEL_REPEATED:
                form = f"{scalar(field)}[]"
            else:
                form = scalar(field)
            lines.append(f"  {field.json_name}{'?' if may_be_absent(field) else ''}: {form};\n")
        return (comment(self.comments.get((4, index), ""))
                + f"export interface {message.name} {{\n{''.join(lines)}}}\n\n")

    def services(self) -> str:
        return "".join(
            f'  {service.name}: "{PACKAGE[1:]}{service.name}",\n' for service in self.proto.service)


def may_be_absent(field) -> bool:
    """Whether absence says something: of messages, members of a oneof and `optional` scalars."""
    if field.label == Field.LABEL_REPEATED:
        return False
    return field.type == Field.TYPE_MESSAGE or field.HasField("oneof_index")


def table(message) -> str:
    """A row of the table: `?` behind what may be absent, `[]` and `{}` of lists and maps."""
    entries = {f"{PACKAGE}{message.name}.{each.name}": each for each in message.nested_type}
    cells = []
    for field in message.field:
        entry = entries.get(field.type_name)
        if entry:
            value = kind(entry.field[1]) + "{}"
        elif field.label == Field.LABEL_REPEATED:
            value = kind(field) + "[]"
        else:
            value = kind(field) + ("?" if may_be_absent(field) else "")
        cells.append(f'    {field.json_name}: "{value}",\n')
    return f"  {message.name}: {{\n{''.join(cells)}  }},\n"


def main() -> None:
    data = pathlib.Path(sys.argv[1]).read_bytes()
    files = [
        File(each) for each in descriptor_pb2.FileDescriptorSet.FromString(data).file
        if each.package == PACKAGE[1:-1]]
    out = ["// Generated by proto/generate.sh.\n\n"]
    for file in files:
        out += [file.enum(*each) for each in enumerate(file.proto.enum_type)]
        out += [file.message(*each) for each in enumerate(file.proto.message_type)]
    out += ["/** The services by their full names. */\nexport const services = {\n"]
    out += [file.services() for file in files] + ["} as const;\n\n"]
    out += ["/** The value of each enum that stands for an absent one. */\n",
            "export const absent: Readonly<Record<string, string>> = {\n"]
    out += [f'  {enum.name}: "{enum.value[0].name}",\n'
            for file in files for enum in file.proto.enum_type]
    out += ["};\n\n/** How the fields of each message are read from JSON; see `read`. */\n",
            "export const messages: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n"]
    out += [table(message) for file in files for message in file.proto.message_type] + ["};\n"]
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main()
