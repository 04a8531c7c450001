public import CGatewayProto
public import GatewayPrimitives
import Glibc

// Building messages to send. The budget is not for these: how much a reply may hold is bounded
// where it is collected.
extension MessageArena {
    /// A new message with every field at its default.
    public func make<Message>(_ type: MessageType<Message>) -> UnsafeMutablePointer<Message> {
        let memory = require(type.descriptor.pointee.sizeof_message)
        let message = memory.bindMemory(to: Message.self, capacity: 1)
        type.descriptor.pointee.message_init(message.base)
        return message
    }

    /// A copy of a text as C has it. A NUL, which would end it there, is left out.
    public func text(_ bytes: ByteView) -> UnsafeMutablePointer<CChar> {
        let memory = require(bytes.count + 1)
        let text = memory.bindMemory(to: CChar.self, capacity: bytes.count + 1)
        var count = 0
        if let start = bytes.start, memchr(start, 0, bytes.count) == nil {
            memcpy(memory, start, bytes.count)
            count = bytes.count
        } else {
            for byte in bytes.buffer where byte != 0 {
                text[count] = CChar(bitPattern: byte)
                count += 1
            }
        }
        text[count] = 0
        return text
    }

    /// A copy of a text as C has it.
    public func text(_ string: String) -> UnsafeMutablePointer<CChar> {
        var string = string
        return string.withUTF8 { text(ByteView(start: $0.baseAddress, count: $0.count)) }
    }

    /// A copy of bytes as protobuf-c has them.
    public func data(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        bytes.withUnsafeBytes { source in
            let memory = require(source.count)
            if let start = source.baseAddress { memcpy(memory, start, source.count) }
            return ProtobufCBinaryData(
                len: source.count, data: memory.bindMemory(to: UInt8.self, capacity: source.count))
        }
    }

    /// The elements of a repeated field, in memory that protobuf-c can read; `nil` for none.
    public func array<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<
        Element
    >? {
        if elements.isEmpty { return nil }
        let memory = require(elements.count * MemoryLayout<Element>.stride)
        let array = memory.bindMemory(to: Element.self, capacity: elements.count)
        array.initialize(from: elements, count: elements.count)
        return array
    }

    private func require(_ count: Int) -> UnsafeMutableRawPointer {
        guard let memory = allocate(count) else {
            fatalError("out of memory while building a message of \(count) bytes")
        }
        return memory
    }
}

extension ByteQueue {
    /// Appends a message in its wire form. `message` must be one that an arena made or unpacked.
    public mutating func append<Message>(packing message: UnsafePointer<Message>) {
        let count = protobuf_c_message_get_packed_size(message.base)
        if count == 0 { return }
        let room = reserve(count)
        commit(protobuf_c_message_pack(message.base, room.baseAddress))
    }
}
