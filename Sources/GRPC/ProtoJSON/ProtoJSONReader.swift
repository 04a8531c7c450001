// The canonical JSON form of proto3 (protobuf.dev, "ProtoJSON Format") is read straight into the
// wire form: descriptors say what a member is, and no C structure is built in between. What comes
// out goes the way of every message: WireCheck, protobuf-c, handler.

public import CGatewayProto
public import GatewayPrimitives
public import JSON

/// Reads messages in the canonical JSON form of proto3 into their wire form.
///
/// Fields go by their lower camel case name and by their own; numbers may be texts; enums are read
/// by name and by number; bytes in either alphabet of Base64. A field given twice, two fields of
/// one oneof, and a key given twice are refused. Members that no field has are refused too, unless
/// the options say otherwise.
public struct ProtoJSONReader {
    /// Whether members that no field has, and names that no enum has, are passed over.
    let ignoresUnknown: Bool
    let schema: ProtoSchema
    let limits: MessageLimits

    public init(
        schema: ProtoSchema = .contract, ignoresUnknown: Bool = false,
        limits: MessageLimits = MessageLimits()
    ) {
        self.schema = schema
        self.ignoresUnknown = ignoresUnknown
        self.limits = limits
    }

    /// Appends the wire form of a message. What the queue holds after an error is of no use.
    public func read(
        _ value: JSONValue, as message: UnsafePointer<ProtobufCMessageDescriptor>,
        into queue: inout ByteQueue
    ) throws(MessageError) {
        try self.message(value, message, into: &queue, depth: 1)
    }

    /// Appends the fields of a message.
    func message(
        _ value: JSONValue, _ message: UnsafePointer<ProtobufCMessageDescriptor>,
        into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        guard depth <= limits.depthMax else {
            throw MessageError("is nested deeper than \(limits.depthMax) messages")
        }
        switch WellKnownType(message) {
        case .timestamp: return try WellKnownReader.timestamp(value, into: &queue)
        case .duration: return try WellKnownReader.duration(value, into: &queue)
        case .fieldMask: return try WellKnownReader.fieldMask(value, into: &queue)
        case .any: return try any(value, into: &queue, depth: depth)
        case nil: try fields(value, message, into: &queue, depth: depth, isInAny: false)
        }
    }

    /// - Parameter isInAny: whether the member `@type` is not one of the message.
    func fields(
        _ value: JSONValue, _ message: UnsafePointer<ProtobufCMessageDescriptor>,
        into queue: inout ByteQueue, depth: Int, isInAny: Bool
    ) throws(MessageError) {
        guard value.kind == .object else {
            throw MessageError("must be an object, is \(value.kind.words)")
        }
        var seen = SeenFields()
        for (name, member) in value.members {
            if isInAny && name.equals("@type") { continue }
            guard let field = message.field(jsonName: name) else {
                if ignoresUnknown { continue }
                throw MessageError("is not a field of \(String(cString: message.pointee.name))")
                    .inside(Self.shown(name))
            }
            do throws(MessageError) {
                guard seen.insert(field.index) else { throw MessageError("is given twice") }
                if member.isNull { continue }
                if let oneof = field.oneof, !seen.insert(oneof: oneof) {
                    throw MessageError("is one of several fields of which only one may be set")
                }
                try self.field(member, field, into: &queue, depth: depth)
            } catch {
                throw error.inside(field.name)
            }
        }
    }

    private func field(
        _ value: JSONValue, _ field: ProtoField, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        if let (key, entry) = field.mapEntry {
            return try map(value, field, key: key, entry, into: &queue, depth: depth)
        }
        guard field.isRepeated else {
            let start = queue.count
            try single(value, field, into: &queue, depth: depth)
            // Without presence, a default is as good as nothing, and nothing is canonical.
            var reader = WireReader(queue.view.dropping(first: start))
            if field.oneof == nil, let (_, type) = reader.tag(),
                reader.value(type)?.isDefault(of: field.type) == true
            {
                queue.truncate(to: start)
            }
            return
        }
        guard value.kind == .array else {
            throw MessageError("must be an array, is \(value.kind.words)")
        }
        if field.isPackable { return try packed(value, field, into: &queue) }
        var index = 0
        for element in value.elements {
            do throws(MessageError) {
                guard !element.isNull else { throw MessageError("must not be null") }
                try single(element, field, into: &queue, depth: depth)
            } catch {
                throw error.inside(element: index)
            }
            index += 1
        }
    }

    /// Numbers of a repeated field, in one piece.
    private func packed(
        _ value: JSONValue, _ field: ProtoField, into queue: inout ByteQueue
    ) throws(MessageError) {
        if value.count == 0 { return }
        try WireWriter.append(lengthPrefixed: field.id, to: &queue) {
            queue throws(MessageError) in
            var index = 0
            for element in value.elements {
                do throws(MessageError) {
                    guard
                        let number = try ScalarReader.number(
                            element, field, ignoresUnknown: ignoresUnknown)
                    else { continue }
                    number.append(to: &queue)
                } catch {
                    throw error.inside(element: index)
                }
                index += 1
            }
        }
    }

    /// One value with its tag.
    private func single(
        _ value: JSONValue, _ field: ProtoField, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        switch field.type {
        case PROTOBUF_C_TYPE_MESSAGE:
            try WireWriter.append(lengthPrefixed: field.id, to: &queue) {
                queue throws(MessageError) in
                try message(value, field.message, into: &queue, depth: depth + 1)
            }
        case PROTOBUF_C_TYPE_STRING:
            guard let text = value.string else {
                throw MessageError("must be a string, is \(value.kind.words)")
            }
            WireWriter.append(lengthPrefixed: field.id, to: &queue) { $0.append(text) }
        case PROTOBUF_C_TYPE_BYTES:
            guard let text = value.string else {
                throw MessageError("must be a string of Base64, is \(value.kind.words)")
            }
            guard let bytes = Base64.decode(text, as: .any) else {
                throw MessageError("is not Base64")
            }
            WireWriter.append(lengthPrefixed: field.id, to: &queue) { $0.append(array: bytes) }
        default:
            guard let number = try ScalarReader.number(value, field, ignoresUnknown: ignoresUnknown)
            else { return }
            WireWriter.append(tag: field.id, number.wireType, to: &queue)
            number.append(to: &queue)
        }
    }

    private func map(
        _ value: JSONValue, _ field: ProtoField, key: ProtoField, _ entry: ProtoField,
        into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        guard value.kind == .object else {
            throw MessageError("must be an object, is \(value.kind.words)")
        }
        guard depth < limits.depthMax else {
            throw MessageError("is nested deeper than \(limits.depthMax) messages")
        }
        var names: Set<String> = []
        for (name, member) in value.members {
            do throws(MessageError) {
                guard names.insert(name.string).inserted else {
                    throw MessageError("is given twice")
                }
                guard !member.isNull else { throw MessageError("must not be null") }
                try WireWriter.append(lengthPrefixed: field.id, to: &queue) {
                    queue throws(MessageError) in
                    if key.type == PROTOBUF_C_TYPE_STRING {
                        WireWriter.append(lengthPrefixed: key.id, to: &queue) { $0.append(name) }
                    } else {
                        let number = try ScalarReader.key(name, key)
                        WireWriter.append(tag: key.id, number.wireType, to: &queue)
                        number.append(to: &queue)
                    }
                    try single(member, entry, into: &queue, depth: depth + 1)
                }
            } catch {
                throw error.inside(Self.shown(name))
            }
        }
    }

    /// A message of a type that its member `@type` names.
    private func any(
        _ value: JSONValue, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        guard value.kind == .object else {
            throw MessageError("must be an object, is \(value.kind.words)")
        }
        guard let type = value[member: "@type"] else {
            if value.count == 0 { return }
            throw MessageError("has no member `@type`")
        }
        guard let url = type.string, let message = schema.message(typeURL: url) else {
            throw MessageError("names no type that is known").inside("@type")
        }
        // google.protobuf.Any: type_url = 1, value = 2.
        WireWriter.append(lengthPrefixed: 1, to: &queue) { $0.append(url) }
        try WireWriter.append(lengthPrefixed: 2, to: &queue) { queue throws(MessageError) in
            if WellKnownType(message) == nil {
                guard depth < limits.depthMax else {
                    throw MessageError("is nested deeper than \(limits.depthMax) messages")
                }
                return try fields(value, message, into: &queue, depth: depth + 1, isInAny: true)
            }
            guard let inner = value[member: "value"] else {
                throw MessageError("has no member `value`")
            }
            try self.message(inner, message, into: &queue, depth: depth + 1)
        }
    }

    /// A client's name as it may stand in a message: no more of it than helps.
    private static func shown(_ name: ByteView) -> String {
        var count = min(name.count, GRPCLimits.shownNameBytesMax)
        while count > 0, count < name.count, name[count] & 0xC0 == 0x80 { count -= 1 }
        return name[0..<count].string
    }
}

/// Which fields of a message have been given. Without memory of its own for all but the largest.
struct SeenFields {
    private var bits: UInt64 = 0
    private var others: Set<Int> = []
    private var oneofs: [UInt32] = []

    /// False if the field was there already.
    mutating func insert(_ index: Int) -> Bool {
        guard index < 64 else { return others.insert(index).inserted }
        let bit = UInt64(1) << UInt64(index)
        defer { bits |= bit }
        return bits & bit == 0
    }

    /// False if a field of the same oneof was there already.
    mutating func insert(oneof: UInt32) -> Bool {
        if oneofs.contains(oneof) { return false }
        oneofs.append(oneof)
        return true
    }
}

extension ProtoField {
    /// Whether many of its values may stand in one piece.
    var isPackable: Bool {
        switch type {
        case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: false
        default: true
        }
    }
}
