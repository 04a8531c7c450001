import GatewayPrimitives

/// All methods of a server by their path, `/package.Service/Method`.
///
/// An open hash table over the paths' bytes: a look-up makes no `String`. Immutable.
struct GRPCMethodTable {
    private var entries: ContiguousArray<Entry> = []
    /// Indexes into `entries`, or -1; a power of two of them, at most half in use.
    private var slots: ContiguousArray<Int32>

    /// A method, and what its messages are if the contract has it: JSON needs to know.
    final class Entry {
        fileprivate let path: ContiguousArray<UInt8>
        let method: GRPCMethod
        let types: MessageCoder.Types?

        fileprivate init(
            path: ContiguousArray<UInt8>, method: GRPCMethod, types: MessageCoder.Types?
        ) {
            self.path = path
            self.method = method
            self.types = types
        }
    }

    init(_ services: [GRPCService], schema: ProtoSchema = .contract) {
        let count = services.reduce(0) { $0 + $1.methods.count }
        var capacity = 8
        while capacity < count * 2 { capacity *= 2 }
        slots = ContiguousArray(repeating: -1, count: capacity)
        for service in services {
            for method in service.methods {
                let path = ContiguousArray("/\(service.name)/\(method.name)".utf8)
                let types = schema.messages(ofMethod: method.name, in: service.name).map {
                    MessageCoder.Types(input: $0.input, output: $0.output)
                }
                insert(Entry(path: path, method: method, types: types))
            }
        }
    }

    /// The method at a path; `nil` when there is none.
    func entry(at path: ByteView) -> Entry? {
        var slot = firstSlot(path)
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            let isFound = entry.path.withUnsafeBufferPointer {
                ByteView(start: $0.baseAddress, count: $0.count).equals(path)
            }
            if isFound { return entry }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func insert(_ entry: Entry) {
        var slot = entry.path.withUnsafeBufferPointer { bytes in
            let view = ByteView(start: bytes.baseAddress, count: bytes.count)
            precondition(self.entry(at: view) == nil, "two methods at \(view.string)")
            return firstSlot(view)
        }
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(entries.count)
        entries.append(entry)
    }

    /// FNV-1a. The table is fixed when the server starts, so that a client who knows the hash can
    /// make a look-up miss, but not slow.
    private func firstSlot(_ path: ByteView) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in path.buffer { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32)) & (slots.count - 1)
    }
}
