public import GatewayPrimitives
internal import JSON

/// Members of an answer that the core has no name for, put together from its pieces: lists and
/// objects grow, of all else the last counts.
public struct GatheredFields: Sendable {
    private var members: [(name: [UInt8], value: [UInt8])] = []

    public init() {}

    public var isEmpty: Bool { members.isEmpty }

    /// Takes in the members of an object that is known to be valid; nothing of an empty text.
    public mutating func add(_ json: ByteView) {
        if json.isEmpty { return }
        for member in RawMembers(json) {
            let name = member.name.bytes
            guard let place = members.firstIndex(where: { $0.name == name }) else {
                members.append((name: name, value: member.value.bytes))
                continue
            }
            let first = members[place].value.first
            if first == UInt8(ascii: "["), member.value.buffer.first == first {
                members[place].value = Self.joined(members[place].value, member.value)
            } else if first == UInt8(ascii: "{"), member.value.buffer.first == first {
                var merged = GatheredFields()
                members[place].value.withUnsafeBufferPointer {
                    merged.add(ByteView(start: $0.baseAddress, count: $0.count))
                }
                merged.add(member.value)
                var object = ByteQueue()
                merged.appendObject(into: &object)
                members[place].value = object.view.bytes
            } else {
                members[place].value = member.value.bytes
            }
        }
    }

    /// The same of an object's text.
    public mutating func add(_ json: String) {
        if json.isEmpty { return }
        var bytes = ByteQueue()
        bytes.append(text: json)
        add(bytes.view)
    }

    /// Two lists as one.
    private static func joined(_ list: [UInt8], _ more: ByteView) -> [UInt8] {
        let isEmpty = { (inner: ArraySlice<UInt8>) in inner.allSatisfy { $0 <= 0x20 } }
        let before = list.dropFirst().dropLast()
        let behind = more.bytes.dropFirst().dropLast()
        if isEmpty(behind) { return list }
        if isEmpty(before) { return more.bytes }
        return [UInt8(ascii: "[")] + before + [UInt8(ascii: ",")] + behind + [UInt8(ascii: "]")]
    }

    /// Appends each member with a comma before it.
    public func appendMembers(into output: inout ByteQueue) {
        for member in members {
            output.append(",\"")
            output.append(array: member.name)
            output.append("\":")
            output.append(array: member.value)
        }
    }

    /// Appends them as an object.
    public func appendObject(into output: inout ByteQueue) {
        var all = ByteQueue()
        appendMembers(into: &all)
        output.append("{")
        // Without the comma that each begins with.
        output.append(all.view.dropping(first: all.isEmpty ? 0 : 1))
        output.append("}")
    }

    /// Appends `,"provider_specific_fields":{...}`, for dialects that have no places for them;
    /// nothing without any.
    func appendApart(into output: inout ByteQueue) {
        if isEmpty { return }
        output.append(",\"provider_specific_fields\":")
        appendObject(into: &output)
    }
}
