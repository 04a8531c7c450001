import GatewayPrimitives

/// The files of a `google.protobuf.FileDescriptorSet` by name and by the symbols they define.
///
/// Files are kept packed, as reflection hands them out; only names are read. Immutable.
struct DescriptorIndex: Sendable {
    /// One file: a packed `google.protobuf.FileDescriptorProto`.
    struct File: Sendable {
        var bytes: [UInt8] = []
        var name = ""
        /// The names of the files it imports.
        var dependencies: [String] = []
    }

    private(set) var files: [File] = []
    private var fileByName: [String: Int] = [:]
    private var fileBySymbol: [String: Int] = [:]
    private var messages: Set<String> = []

    /// Fails when the bytes are no descriptor set, with what is wrong.
    ///
    /// - Parameter served: what is kept of its services; everything without it.
    init(_ set: ByteView, served: ServedMethods? = nil) throws(MessageError) {
        try Self.forEachField(of: set) { id, content throws(MessageError) in
            if id == 1 { try addFile(content, served) }
        }
    }

    /// The index of a file by its name, such as `grpc/health/v1/health.proto`.
    func file(named name: String) -> Int? { fileByName[name] }

    /// The index of the file that defines a symbol: a message, field, enum, value, service or
    /// method, by its full name without a dot in front.
    func file(defining symbol: String) -> Int? { fileBySymbol[symbol] }

    /// Whether there is a message of this full name.
    func hasMessage(_ name: String) -> Bool { messages.contains(name) }

    /// A file and all it imports, directly or not, each once, that file first.
    func closure(of file: Int) -> [Int] {
        var found = [file]
        var isFound: Set<Int> = [file]
        var next = 0
        while next < found.count {
            for name in files[found[next]].dependencies {
                guard let dependency = fileByName[name], isFound.insert(dependency).inserted else {
                    continue
                }
                found.append(dependency)
            }
            next += 1
        }
        return found
    }

    // MARK: - Reading (field numbers: google/protobuf/descriptor.proto)

    private mutating func addFile(
        _ whole: ByteView, _ served: ServedMethods?
    ) throws(MessageError) {
        var file = File()
        var package = ""
        // The package may stand behind what it qualifies.
        try Self.forEachField(of: whole) { id, content throws(MessageError) in
            switch id {
            case 1: file.name = content.string
            case 2: package = content.string
            case 3: file.dependencies.append(content.string)
            default: break
            }
        }
        file.bytes = try served?.pruned(whole, package: package) ?? whole.bytes
        let index = files.count
        files.append(file)
        fileByName[file.name] = index
        var kept = ByteQueue()
        kept.append(array: file.bytes)
        try Self.forEachField(of: kept.view) { id, content throws(MessageError) in
            switch id {
            case 4: try addMessage(content, in: package, of: index, depth: 1)
            case 5: try addEnum(content, in: package, of: index)
            case 6: try addParent(content, in: package, of: index, children: [2])
            case 7: try addParent(content, in: package, of: index, children: [])
            default: break
            }
        }
    }

    private mutating func addMessage(
        _ bytes: ByteView, in scope: String, of file: Int, depth: Int
    ) throws(MessageError) {
        guard depth <= GRPCLimits.descriptorDepthMax else {
            throw MessageError("nests messages deeper than \(GRPCLimits.descriptorDepthMax)")
        }
        // Fields, extensions and oneofs.
        let name = try addParent(bytes, in: scope, of: file, children: [2, 6, 8])
        messages.insert(name)
        try Self.forEachField(of: bytes) { id, content throws(MessageError) in
            switch id {
            case 3: try addMessage(content, in: name, of: file, depth: depth + 1)
            case 4: try addEnum(content, in: name, of: file)
            default: break
            }
        }
    }

    /// The values of an enum are named beside it, not within it.
    private mutating func addEnum(
        _ bytes: ByteView, in scope: String, of file: Int
    ) throws(MessageError) {
        try addParent(bytes, in: scope, of: file, children: [])
        try Self.forEachField(of: bytes) { id, content throws(MessageError) in
            if id == 2 { try addParent(content, in: scope, of: file, children: []) }
        }
    }

    /// Adds a definition, and those within it whose fields have the numbers `children`; returns its
    /// full name.
    @discardableResult
    private mutating func addParent(
        _ bytes: ByteView, in scope: String, of file: Int, children: Set<UInt32>
    ) throws(MessageError) -> String {
        let name = try Self.name(of: bytes, in: scope)
        fileBySymbol[name] = file
        try Self.forEachField(of: bytes) { id, content throws(MessageError) in
            if children.contains(id) {
                try addParent(content, in: name, of: file, children: [])
            }
        }
        return name
    }

    /// Field 1 of every descriptor is its name.
    private static func name(of bytes: ByteView, in scope: String) throws(MessageError) -> String {
        var name = ""
        try forEachField(of: bytes) { id, content throws(MessageError) in
            if id == 1 { name = content.string }
        }
        return scope.isEmpty ? name : "\(scope).\(name)"
    }

    /// Reports each length-prefixed field of a message.
    private static func forEachField(
        of bytes: ByteView, _ body: (UInt32, ByteView) throws(MessageError) -> Void
    ) throws(MessageError) {
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            guard let (id, type) = reader.tag() else { throw MessageError("is not a descriptor") }
            if type == .lengthPrefixed {
                guard let content = reader.content() else {
                    throw MessageError("is cut off")
                }
                try body(id, content)
            } else if !reader.skip(type) {
                throw MessageError("is cut off")
            }
        }
    }
}
