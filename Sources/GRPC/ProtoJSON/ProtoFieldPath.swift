import GatewayPrimitives

/// Names of fields in JSON and in .proto files, as google.protobuf.FieldMask has them too.
enum ProtoFieldPath {
    /// Appends a name in lower camel case: each letter behind an underscore in upper case, and no
    /// underscores (protoc's ToJsonName).
    static func appendCamelCase(_ name: ByteView, to queue: inout ByteQueue) {
        var begins = false
        for byte in name.buffer {
            if byte == UInt8(ascii: "_") {
                begins = true
                continue
            }
            let isLetter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
            queue.append(byte: begins && isLetter ? byte - 32 : byte)
            begins = false
        }
    }

    /// Appends a path of a field mask in lower camel case. False if it would not come back as the
    /// same: none at all, a comma, which parts two of them, an upper-case letter, or an underscore
    /// before anything but a lower-case letter.
    static func appendJSON(path: ByteView, to queue: inout ByteQueue) -> Bool {
        guard !path.isEmpty else { return false }
        for (index, byte) in path.buffer.enumerated() {
            if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") { return false }
            if byte == UInt8(ascii: ",") { return false }
            guard byte == UInt8(ascii: "_") else { continue }
            guard index + 1 < path.count, path[index + 1] >= UInt8(ascii: "a"),
                path[index + 1] <= UInt8(ascii: "z")
            else { return false }
        }
        appendCamelCase(path, to: &queue)
        return true
    }

    /// Appends a path as .proto files have it. False if it holds an underscore, which no path in
    /// lower camel case has.
    static func appendProto(path: ByteView, to queue: inout ByteQueue) -> Bool {
        for byte in path.buffer {
            if byte == UInt8(ascii: "_") { return false }
            if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") {
                queue.append(byte: UInt8(ascii: "_"))
                queue.append(byte: byte + 32)
            } else {
                queue.append(byte: byte)
            }
        }
        return true
    }
}
