// The wire form is walked along the descriptors, as WireCheck does, and written as it goes. Fields
// are grouped first: a repeated field may be spread over a message, of a singular one the last
// value counts, and of a oneof the last field. What this process packs is in order already.

public import CGatewayProto
public import GatewayPrimitives
import JSON

/// Writes messages in the canonical JSON form of proto3 (protobuf.dev, "ProtoJSON Format") from
/// their wire form.
///
/// Names are in lower camel case, enums are written by name, 64-bit integers as texts, and what has
/// its default value and no presence is left out. One object writes one message after another and
/// keeps its memory.
public final class ProtoJSONWriter {
    let schema: ProtoSchema
    private let limits: MessageLimits
    /// The fields of the message at work, behind those of the messages around it.
    private var entries: ContiguousArray<Entry> = []

    /// One occurrence of a field.
    private struct Entry {
        let field: Int
        let value: WireValue
    }

    public init(schema: ProtoSchema = .contract, limits: MessageLimits = MessageLimits()) {
        self.schema = schema
        self.limits = limits
    }

    /// Appends the JSON form of a message. Throws when the bytes are not one, or hold what has no
    /// JSON form: a time out of range, or an `Any` of an unknown type. What the queue holds after
    /// that is of no use.
    public func write(
        _ bytes: ByteView, as message: UnsafePointer<ProtobufCMessageDescriptor>,
        into queue: inout ByteQueue
    ) throws(MessageError) {
        entries.removeAll(keepingCapacity: true)
        try self.message(bytes, message, into: &queue, depth: 1)
    }

    private func message(
        _ bytes: ByteView, _ message: UnsafePointer<ProtobufCMessageDescriptor>,
        into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        guard depth <= limits.depthMax else {
            throw MessageError("is nested deeper than \(limits.depthMax) messages")
        }
        switch WellKnownType(message) {
        case .timestamp: return try WellKnownWriter.timestamp(bytes, into: &queue)
        case .duration: return try WellKnownWriter.duration(bytes, into: &queue)
        case .fieldMask: return try WellKnownWriter.fieldMask(bytes, into: &queue)
        case .any: return try any(bytes, into: &queue, depth: depth)
        case nil:
            queue.append(byte: UInt8(ascii: "{"))
            try members(bytes, message, into: &queue, depth: depth, isFirst: true)
            queue.append(byte: UInt8(ascii: "}"))
        }
    }

    /// Appends the members of a message's object.
    private func members(
        _ bytes: ByteView, _ message: UnsafePointer<ProtobufCMessageDescriptor>,
        into queue: inout ByteQueue, depth: Int, isFirst: Bool
    ) throws(MessageError) {
        let start = entries.count
        defer { entries.removeLast(entries.count - start) }
        try collect(bytes, message)
        let end = entries.count
        var isFirst = isFirst
        var index = start
        while index < end {
            let field = message.field(at: entries[index].field)
            var behind = index + 1
            while behind < end, entries[behind].field == field.index { behind += 1 }
            defer { index = behind }
            if !field.isRepeated && field.oneof == nil
                && entries[behind - 1].value.isDefault(of: field.type)
            {
                continue
            }
            if !isFirst { queue.append(byte: UInt8(ascii: ",")) }
            isFirst = false
            queue.append(byte: UInt8(ascii: "\""))
            field.appendJSONName(to: &queue)
            queue.append("\":")
            do throws(MessageError) {
                try values(index..<behind, of: field, into: &queue, depth: depth)
            } catch {
                throw error.inside(field.name)
            }
        }
    }

    /// Adds the fields of a message to ``entries``, grouped; of a oneof the last one only.
    private func collect(
        _ bytes: ByteView, _ message: UnsafePointer<ProtobufCMessageDescriptor>
    ) throws(MessageError) {
        let start = entries.count
        var reader = WireReader(bytes)
        var isSorted = true
        var hasOneof = false
        while !reader.isAtEnd {
            guard let (id, type) = reader.tag(), let value = reader.value(type) else {
                throw MessageError("is malformed or cut short")
            }
            guard let field = message.field(id: id) else { continue }
            // No elements, packed: as if the field were not there.
            if field.isRepeated, field.isPackable, case .content(let content) = value,
                content.isEmpty
            {
                continue
            }
            if entries.count > start, entries[entries.count - 1].field > field.index {
                isSorted = false
            }
            if field.oneof != nil { hasOneof = true }
            entries.append(Entry(field: field.index, value: value))
        }
        if hasOneof { keepLastOfOneofs(from: start, message) }
        if !isSorted {
            // Swift's sort is stable in fact, but does not promise it.
            let sorted = entries[start...].enumerated().sorted {
                ($0.element.field, $0.offset) < ($1.element.field, $1.offset)
            }
            entries.replaceSubrange(start..., with: sorted.map(\.element))
        }
    }

    private func keepLastOfOneofs(
        from start: Int, _ message: UnsafePointer<ProtobufCMessageDescriptor>
    ) {
        var kept: [(oneof: UInt32, field: Int)] = []
        for index in stride(from: entries.count - 1, through: start, by: -1) {
            guard let oneof = message.field(at: entries[index].field).oneof else { continue }
            if let winner = kept.first(where: { $0.oneof == oneof }) {
                if winner.field != entries[index].field { entries.remove(at: index) }
            } else {
                kept.append((oneof, entries[index].field))
            }
        }
    }

    // MARK: - Values

    private func values(
        _ range: Range<Int>, of field: ProtoField, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        if let (key, value) = field.mapEntry {
            return try map(range, key: key, value, into: &queue, depth: depth)
        }
        guard field.isRepeated else {
            if range.count > 1 && field.type == PROTOBUF_C_TYPE_MESSAGE {
                return try merged(range, of: field, into: &queue, depth: depth)
            }
            return try single(
                entries[range.upperBound - 1].value, field, into: &queue, depth: depth)
        }
        queue.append(byte: UInt8(ascii: "["))
        var isFirst = true
        for index in range {
            if case .content(let content) = entries[index].value, field.isPackable {
                var reader = WireReader(content)
                while !reader.isAtEnd {
                    guard let value = reader.value(field.type.wireType) else {
                        throw MessageError("is malformed or cut short")
                    }
                    if !isFirst { queue.append(byte: UInt8(ascii: ",")) }
                    isFirst = false
                    try single(value, field, into: &queue, depth: depth)
                }
                continue
            }
            if !isFirst { queue.append(byte: UInt8(ascii: ",")) }
            isFirst = false
            try single(entries[index].value, field, into: &queue, depth: depth)
        }
        queue.append(byte: UInt8(ascii: "]"))
    }

    /// A singular message that stands there more than once: to merge messages is to join their
    /// wire forms (protobuf.dev, "Last One Wins").
    private func merged(
        _ range: Range<Int>, of field: ProtoField, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        var joined = ByteQueue()
        for index in range {
            if case .content(let content) = entries[index].value { joined.append(content) }
        }
        try message(joined.view, field.message, into: &queue, depth: depth + 1)
    }

    private func single(
        _ value: WireValue, _ field: ProtoField, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        switch (field.type, value) {
        case (PROTOBUF_C_TYPE_MESSAGE, .content(let content)):
            try message(content, field.message, into: &queue, depth: depth + 1)
        case (PROTOBUF_C_TYPE_STRING, .content(let content)):
            queue.append(jsonString: content)
        case (PROTOBUF_C_TYPE_BYTES, .content(let content)):
            queue.append(byte: UInt8(ascii: "\""))
            Base64.append(UnsafeRawBufferPointer(content.buffer), into: &queue)
            queue.append(byte: UInt8(ascii: "\""))
        case (_, .bits(let bits)) where field.isPackable:
            ScalarWriter.append(bits, field, to: &queue)
        default:
            throw MessageError("has a wire type that its type does not")
        }
    }

    /// Of entries with one key the last counts.
    private func map(
        _ range: Range<Int>, key: ProtoField, _ value: ProtoField, into queue: inout ByteQueue,
        depth: Int
    ) throws(MessageError) {
        queue.append(byte: UInt8(ascii: "{"))
        var isFirst = true
        var names: Set<String> = []
        var pieces: [(key: String, content: ByteView)] = []
        for index in range.reversed() {
            guard case .content(let content) = entries[index].value else {
                throw MessageError("has a wire type that its type does not")
            }
            let name = try Self.keyText(content, key)
            if names.insert(name).inserted { pieces.append((name, content)) }
        }
        for (name, content) in pieces.reversed() {
            if !isFirst { queue.append(byte: UInt8(ascii: ",")) }
            isFirst = false
            queue.append(jsonString: name)
            queue.append(byte: UInt8(ascii: ":"))
            try single(
                Self.last(2, in: content) ?? .default(of: value.type), value, into: &queue,
                depth: depth + 1)
        }
        queue.append(byte: UInt8(ascii: "}"))
    }

    private static func keyText(
        _ entry: ByteView, _ key: ProtoField
    ) throws(MessageError) -> String {
        switch last(1, in: entry) ?? .default(of: key.type) {
        case .content(let text): return text.string
        case .bits(let bits):
            var text = ByteQueue()
            ScalarWriter.append(bits, key, isQuoted: false, to: &text)
            return text.view.string
        }
    }

    /// The last value of a field in a map's entry.
    private static func last(_ id: UInt32, in entry: ByteView) -> WireValue? {
        var reader = WireReader(entry)
        var found: WireValue?
        while !reader.isAtEnd, let (other, type) = reader.tag(), let value = reader.value(type) {
            if other == id { found = value }
        }
        return found
    }

    /// `{"@type": …}` and the members of the message within.
    private func any(
        _ bytes: ByteView, into queue: inout ByteQueue, depth: Int
    ) throws(MessageError) {
        guard case .content(let url)? = Self.last(1, in: bytes), !url.isEmpty else {
            return queue.append("{}")
        }
        guard let message = schema.message(typeURL: url) else {
            throw MessageError("is of a type that is not known: \(url.string)")
        }
        var content = ByteView.empty
        if case .content(let value)? = Self.last(2, in: bytes) { content = value }
        queue.append(#"{"@type":"#)
        queue.append(jsonString: url)
        if WellKnownType(message) == nil {
            try members(content, message, into: &queue, depth: depth + 1, isFirst: false)
        } else {
            queue.append(#","value":"#)
            try self.message(content, message, into: &queue, depth: depth + 1)
        }
        queue.append(byte: UInt8(ascii: "}"))
    }
}
