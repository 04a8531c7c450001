import CGatewayProto
import GatewayPrimitives

/// One field of a message, and what its JSON form depends on.
///
/// protobuf-c's descriptors do not mark map fields: the entry of a map is known by its name, which
/// protoc reserves for it, and its two fields.
struct ProtoField {
    let descriptor: UnsafePointer<ProtobufCFieldDescriptor>
    /// Its place among the fields of its message.
    let index: Int

    /// How deep a value may be nested is bounded by the message's limits.
    var type: ProtobufCType { descriptor.pointee.type }
    var id: UInt32 { descriptor.pointee.id }
    var name: String { String(cString: descriptor.pointee.name) }
    var isRepeated: Bool { descriptor.pointee.label == PROTOBUF_C_LABEL_REPEATED }

    /// What tells the oneofs of a message apart, of which a proto3 `optional` is one; `nil` for a
    /// field of none.
    var oneof: UInt32? {
        descriptor.pointee.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) == 0
            ? nil : descriptor.pointee.quantifier_offset
    }

    /// The message that the field holds; only for fields of messages.
    var message: UnsafePointer<ProtobufCMessageDescriptor> {
        descriptor.pointee.descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
    }

    /// The enum of the field; only for fields of enums.
    var enumeration: UnsafePointer<ProtobufCEnumDescriptor> {
        descriptor.pointee.descriptor.assumingMemoryBound(to: ProtobufCEnumDescriptor.self)
    }

    /// The key and the value of a map's entries; `nil` for a field that is no map.
    var mapEntry: (key: ProtoField, value: ProtoField)? {
        guard isRepeated, type == PROTOBUF_C_TYPE_MESSAGE else { return nil }
        let entry = message.pointee
        guard entry.n_fields == 2, entry.fields[0].id == 1, entry.fields[1].id == 2,
            entry.fields[0].has(name: "key"), entry.fields[1].has(name: "value"),
            isEntryName(entry.name)
        else { return nil }
        return (
            ProtoField(descriptor: entry.fields, index: 0),
            ProtoField(descriptor: entry.fields + 1, index: 1)
        )
    }

    /// Whether a name ends in this field's name in upper camel case, and `Entry`.
    private func isEntryName(_ full: UnsafePointer<CChar>) -> Bool {
        var whole = ByteView(text: full)
        guard whole.hasSuffix("Entry") else { return false }
        whole = whole[0..<whole.count - 5]
        let name = ByteView(text: descriptor.pointee.name)
        var at = whole.count
        var index = name.count
        while index > 0 {
            index -= 1
            if name[index] == UInt8(ascii: "_") { continue }
            let begins = index == 0 || name[index - 1] == UInt8(ascii: "_")
            at -= 1
            guard at >= 0, whole[at] == (begins ? name[index].upperCased : name[index]) else {
                return false
            }
        }
        return at > 0 && whole[at - 1] == UInt8(ascii: ".")
    }

    /// Whether a member of a JSON object is this field: by the lower camel case of its name, or by
    /// its name as it stands in the .proto file.
    func isNamed(_ member: ByteView) -> Bool {
        let name = ByteView(text: descriptor.pointee.name)
        var at = 0
        var begins = false
        for byte in name.buffer {
            if byte == UInt8(ascii: "_") {
                begins = true
                continue
            }
            guard at < member.count, member[at] == (begins ? byte.upperCased : byte) else {
                return member.equals(name)
            }
            at += 1
            begins = false
        }
        return at == member.count || member.equals(name)
    }

    /// Appends its name in lower camel case.
    func appendJSONName(to queue: inout ByteQueue) {
        ProtoFieldPath.appendCamelCase(ByteView(text: descriptor.pointee.name), to: &queue)
    }
}

extension UnsafePointer<ProtobufCMessageDescriptor> {
    /// The field that a member of a JSON object names; `nil` without one.
    func field(jsonName: ByteView) -> ProtoField? {
        for index in 0..<Int(pointee.n_fields) {
            let field = ProtoField(descriptor: pointee.fields + index, index: index)
            if field.isNamed(jsonName) { return field }
        }
        return nil
    }

    /// The field of a number; `nil` without one.
    func field(id: UInt32) -> ProtoField? {
        guard let found = protobuf_c_message_descriptor_get_field(self, id) else { return nil }
        return ProtoField(descriptor: found, index: found - pointee.fields)
    }

    func field(at index: Int) -> ProtoField {
        ProtoField(descriptor: pointee.fields + index, index: index)
    }
}

extension ProtobufCFieldDescriptor {
    fileprivate func has(name: StaticString) -> Bool { ByteView(text: self.name).equals(name) }
}

extension ByteView {
    /// The bytes of a C text; valid as long as that is.
    init(text: UnsafePointer<CChar>) {
        var count = 0
        while text[count] != 0 { count += 1 }
        self.init(
            start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: count)
    }
}

extension UInt8 {
    /// An ASCII letter in upper case; anything else as it is.
    fileprivate var upperCased: UInt8 {
        self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") ? self - 32 : self
    }
}
