import CGatewayProto
import GatewayPrimitives
import Testing

@testable import GRPC

/// Rules of the contract that its C code depends on, read from the descriptor set that protoc made.
@Suite struct ContractShapeTests {
    /// A message of the contract.
    private struct Shape {
        var fields: [(name: String, typeName: String, isRepeated: Bool)] = []
        var oneofs: [String] = []
        /// Whether protoc made it for a map.
        var isMapEntry = false
    }

    /// The messages of our package by their full names, from descriptor.proto's FileDescriptorSet.
    private static let shapes: [String: Shape] = {
        var shapes: [String: Shape] = [:]
        let set = ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count)
        for file in contents(of: set, 1) {
            let package = contents(of: file, 2).first?.string ?? ""
            guard package.hasPrefix("llmgateway") else { continue }
            for message in contents(of: file, 4) { add(message, to: &shapes, under: ".\(package)") }
        }
        return shapes
    }()

    private static func add(
        _ message: ByteView, to shapes: inout [String: Shape], under scope: String
    ) {
        let name = scope + "." + (contents(of: message, 1).first?.string ?? "")
        var shape = Shape()
        for field in contents(of: message, 2) {
            shape.fields.append(
                (
                    name: contents(of: field, 1).first?.string ?? "",
                    typeName: contents(of: field, 6).first?.string ?? "",
                    isRepeated: number(of: field, 4) == 3
                ))
        }
        shape.oneofs = contents(of: message, 8).compactMap { contents(of: $0, 1).first?.string }
        if let options = contents(of: message, 7).first {
            shape.isMapEntry = number(of: options, 7) == 1
        }
        shapes[name] = shape
        for nested in contents(of: message, 3) { add(nested, to: &shapes, under: name) }
    }

    private static func contents(of message: ByteView, _ id: UInt32) -> [ByteView] {
        var reader = WireReader(message)
        var found: [ByteView] = []
        while let (other, type) = reader.tag() {
            if type == .lengthPrefixed, let content = reader.content() {
                if other == id { found.append(content) }
            } else if !reader.skip(type) {
                return found
            }
        }
        return found
    }

    private static func number(of message: ByteView, _ id: UInt32) -> UInt64? {
        var reader = WireReader(message)
        while let (other, type) = reader.tag() {
            if other == id && type == .varint { return reader.varint() }
            if !reader.skip(type) { return nil }
        }
        return nil
    }

    @Test func isRead() {
        #expect(Self.shapes.count > 100)
        let chat = Self.shapes[".llmgateway.v1.ChatRequest"]
        #expect(chat?.fields.first { $0.name == "messages" }?.isRepeated == true)
    }

    /// protobuf-c's descriptors do not say which fields are maps; JSON needs to know.
    @Test func hasMapsThatAreKnownByTheirNames() throws {
        var maps = 0
        for (name, shape) in Self.shapes where !shape.isMapEntry {
            let message = try #require(
                ProtoSchema.contract.message(named: String(name.dropFirst())), "\(name)")
            #expect(Int(message.pointee.n_fields) == shape.fields.count)
            for index in 0..<Int(message.pointee.n_fields) {
                let field = message.field(at: index)
                let type = shape.fields.first { $0.name == field.name }?.typeName ?? ""
                let isMap = Self.shapes[type]?.isMapEntry ?? false
                #expect((field.mapEntry != nil) == isMap, "\(name).\(field.name)")
                if isMap { maps += 1 }
            }
        }
        #expect(maps > 5)
    }

    /// protobuf-c decodes recursively without a bound: no message may contain itself.
    @Test func hasNoMessageThatContainsItself() {
        for start in Self.shapes.keys {
            var reached: Set<String> = []
            var open = Self.shapes[start]?.fields.map(\.typeName) ?? []
            while let name = open.popLast() {
                guard reached.insert(name).inserted, let shape = Self.shapes[name] else { continue }
                open += shape.fields.map(\.typeName)
            }
            #expect(!reached.contains(start), "\(start) contains itself")
        }
    }

    /// protobuf-c gives these names to members of its own.
    @Test func avoidsTheNamesOfTheGenerator() {
        for (message, shape) in Self.shapes {
            let taken =
                ["base"] + shape.fields.filter(\.isRepeated).map { "n_\($0.name)" }
                + shape.oneofs.map { "\($0)_case" }
            for field in shape.fields {
                #expect(!taken.contains(field.name), "\(message).\(field.name)")
            }
        }
    }

    /// The depth that the check allows is more than the contract can reach.
    @Test func isShallowerThanTheBound() {
        func depth(of name: String) -> Int {
            guard let shape = Self.shapes[name] else { return 1 }
            return 1
                + (shape.fields.map { $0.typeName.isEmpty ? 0 : depth(of: $0.typeName) }.max() ?? 0)
        }
        let deepest = Self.shapes.keys.map(depth).max() ?? 0
        #expect(deepest > 3 && deepest <= MessageLimits().depthMax)
    }
}
