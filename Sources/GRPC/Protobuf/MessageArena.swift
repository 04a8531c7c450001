import CGatewayProto
public import GatewayPrimitives
import Glibc

/// Memory for the C messages of one call: handed out piece by piece, freed all at once.
///
/// What it hands out lives as long as the arena. It has a budget, and gives nothing when that is
/// spent: protobuf-c then fails instead of taking whatever a message asks for. Used by one task at
/// a time.
public final class MessageArena {
    /// What may still be handed out.
    private var bytesLeft: Int
    private var chunk: UnsafeMutableRawPointer?
    private var chunkOffset = 0
    private var chunkCount = 0

    /// The first chunk; most requests need one.
    static let chunkBytesInitial = 4 * 1024
    /// Chunks double up to this; what is larger gets a chunk of its own.
    static let chunkBytesMax = 256 * 1024
    /// Before the content of each chunk: where the one before it is.
    private static let linkBytes = 16

    /// - Parameter bytesMax: how much is handed out at most.
    public init(bytesMax: Int = .max) { bytesLeft = bytesMax }

    deinit {
        var next = chunk
        while let chunk = next {
            next = chunk.load(as: UnsafeMutableRawPointer?.self)
            free(chunk)
        }
    }

    /// Memory aligned for any C type; `nil` when the budget is spent. Its content is undefined.
    public func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
        guard count >= 0, count <= bytesLeft else { return nil }
        let rounded = (count &+ 15) & ~15
        if chunkCount &- chunkOffset < rounded {
            guard addChunk(holding: rounded) else { return nil }
        }
        bytesLeft = max(0, bytesLeft &- rounded)
        defer { chunkOffset &+= rounded }
        return chunk.unsafelyUnwrapped + chunkOffset
    }

    private func addChunk(holding count: Int) -> Bool {
        let grown = min(max(chunkCount * 2, Self.chunkBytesInitial), Self.chunkBytesMax)
        let size = max(grown, count + Self.linkBytes)
        guard let memory = malloc(size) else { return false }
        memory.storeBytes(of: chunk, as: UnsafeMutableRawPointer?.self)
        chunk = memory
        chunkOffset = Self.linkBytes
        chunkCount = size
        return true
    }

    /// Lends protobuf-c's view of the arena, for the time of the call.
    func withAllocator<Result>(
        _ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result
    ) -> Result {
        // Unretained is safe: the pointer is used inside this call only, and the caller holds the
        // arena for as long.
        var allocator = ProtobufCAllocator(
            alloc: { arena, count in
                guard let arena else { return nil }
                return Unmanaged<MessageArena>.fromOpaque(arena).takeUnretainedValue().allocate(
                    count)
            },
            free: { _, _ in },
            allocator_data: Unmanaged.passUnretained(self).toOpaque())
        return withExtendedLifetime(self) { body(&allocator) }
    }
}

extension MessageArena {
    /// Unpacks a message that a peer sent. It is checked first (``WireCheck``), since protobuf-c
    /// takes strings that are not text and stops them at a NUL. The result belongs to the arena; no
    /// pointer in it reaches into `bytes`.
    public func unpack<Message>(
        _ bytes: ByteView, as type: MessageType<Message>, limits: MessageLimits = MessageLimits()
    ) throws(MessageError) -> UnsafePointer<Message> {
        try WireCheck.check(bytes, as: type.descriptor, limits: limits)
        let budget = limits.unpackedBytesMax(forCount: bytes.count)
        bytesLeft = min(bytesLeft, budget)
        let message = withAllocator { allocator in
            protobuf_c_message_unpack(type.descriptor, allocator, bytes.count, bytes.start)
        }
        guard let message else {
            throw MessageError("cannot be decoded, or takes more than \(budget) bytes of memory")
        }
        return UnsafeRawPointer(message).assumingMemoryBound(to: Message.self)
    }
}
