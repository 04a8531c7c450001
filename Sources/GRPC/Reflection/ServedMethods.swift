import GatewayPrimitives

/// Which methods of a contract are served. A contract may be ahead of a server: what is not served
/// is not shown, so that nobody calls what is only to come.
struct ServedMethods: Sendable {
    /// By the full name of their service.
    private let names: [String: Set<String>]

    init(_ services: [GRPCService]) {
        names = Dictionary(
            services.map { ($0.name, Set($0.methods.map(\.name))) },
            uniquingKeysWith: { $0.union($1) })
    }

    /// A packed file descriptor without the services and methods that are not served. All messages
    /// stay: details of a status name some that no method has.
    func pruned(_ file: ByteView, package: String) throws(MessageError) -> [UInt8] {
        // FileDescriptorProto.service, then ServiceDescriptorProto.method.
        try Self.rewrite(file, field: 6) { service throws(MessageError) in
            let name = try Self.name(of: service)
            guard let methods = names[package.isEmpty ? name : "\(package).\(name)"] else {
                return nil
            }
            return try Self.rewrite(service, field: 2) { method throws(MessageError) in
                methods.contains(try Self.name(of: method)) ? method.bytes : nil
            }
        }
    }

    /// A message with each value of a length-prefixed field replaced, or left out for `nil`.
    private static func rewrite(
        _ message: ByteView, field: UInt32,
        _ body: (ByteView) throws(MessageError) -> [UInt8]?
    ) throws(MessageError) -> [UInt8] {
        precondition(field < 16, "the tag is one byte")
        var result: [UInt8] = []
        var reader = WireReader(message)
        while !reader.isAtEnd {
            let start = reader.offset
            guard let (id, type) = reader.tag() else { throw MessageError("is not a descriptor") }
            if id == field, type == .lengthPrefixed {
                guard let content = reader.content() else { throw MessageError("is cut off") }
                guard let kept = try body(content) else { continue }
                result.append(UInt8(field << 3) | WireReader.WireType.lengthPrefixed.rawValue)
                append(varint: kept.count, to: &result)
                result += kept
            } else {
                guard reader.skip(type) else { throw MessageError("is cut off") }
                result += message[start..<reader.offset].buffer
            }
        }
        return result
    }

    private static func append(varint value: Int, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Field 1 of every descriptor.
    private static func name(of descriptor: ByteView) throws(MessageError) -> String {
        var reader = WireReader(descriptor)
        while !reader.isAtEnd {
            guard let (id, type) = reader.tag() else { throw MessageError("is not a descriptor") }
            if id == 1, type == .lengthPrefixed, let name = reader.content() { return name.string }
            guard reader.skip(type) else { throw MessageError("is cut off") }
        }
        return ""
    }
}
