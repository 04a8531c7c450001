import CGatewayProto
import CProtobufC
import GatewayPrimitives
import Testing

@testable import GRPC

/// Messages in C memory: their way in, their way out, and what happens when memory is short.
@Suite struct MessageArenaTests {
    /// What Google's runtime wrote is read and, packed again, is the same bytes.
    @Test func roundTripsWhatGooglesRuntimeWrites() throws {
        let arena = MessageArena()
        let fixture = ContractMessages.fixture
        let request = try fixture.withView { view throws(MessageError) in
            try arena.unpack(view, as: ContractMessages.request)
        }
        let chat = try #require(request.pointee.chat)
        #expect(String(cString: request.pointee.request_id) == "5f3c")
        #expect(String(cString: chat.pointee.model) == "team/model")
        #expect(chat.pointee.n_messages == 3)
        let part = try #require(chat.pointee.messages[0]?.pointee.parts[0])
        #expect(part.pointee.content_case == LLMGATEWAY__V1__PART__CONTENT_TEXT)
        #expect(String(cString: part.pointee.text) == "Grüße, 世界 🌍")
        #expect(
            chat.pointee._parallel_tool_calls_case.rawValue != 0
                && chat.pointee.parallel_tool_calls == 0)
        #expect(chat.pointee._top_logprobs_case.rawValue != 0 && chat.pointee.top_logprobs == 0)
        #expect(chat.pointee.sampling.pointee._temperature_case.rawValue != 0)
        #expect(chat.pointee.sampling.pointee._top_k_case.rawValue == 0)
        #expect(chat.pointee.sampling.pointee.seed == -9_007_199_254_740_993)

        var packed = ByteQueue()
        packed.append(packing: request)
        #expect(packed.view.bytes == fixture)
    }

    /// A peer that sends an unknown field gets it back where a message is passed on.
    @Test func keepsUnknownFields() throws {
        let bytes: [UInt8] = [0x08, 0x05, 0xFA, 0x3F, 0x02, 0xFF, 0x00]
        let arena = MessageArena()
        let usage = try bytes.withView { view throws(MessageError) in
            try arena.unpack(view, as: ContractMessages.usage)
        }
        #expect(usage.pointee.input_tokens == 5)
        var packed = ByteQueue()
        packed.append(packing: usage)
        #expect(packed.view.bytes == bytes)
    }

    /// Whatever the check lets pass unpacks within the memory that it computed, or the bound would
    /// be a guess.
    @Test func unpacksWhateverTheCheckAccepts() {
        var random = SeededRandom(seed: 20_261_124)
        var accepted = 0
        for _ in 0..<20_000 {
            let bytes = Self.mutation(of: ContractMessages.fixture, using: &random)
            bytes.withView { view in
                let limits = MessageLimits()
                let type = ContractMessages.request
                guard (try? WireCheck.check(view, as: type.descriptor, limits: limits)) != nil
                else { return }
                accepted += 1
                #expect((try? MessageArena().unpack(view, as: type, limits: limits)) != nil)
            }
        }
        #expect(accepted > 1_000)
    }

    private static func mutation(of bytes: [UInt8], using random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: index)
            default: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        }
        return bytes
    }

    /// Memory that runs out at any allocation makes the unpacking fail, and nothing worse.
    @Test func failsCleanlyAtEveryAllocation() {
        let fixture = ContractMessages.fixture
        let type = ContractMessages.request
        var refused = 0
        var isWhole = false
        for budget in stride(from: 0, to: 64 * 1024, by: 16) where !isWhole {
            let arena = MessageArena(bytesMax: budget)
            isWhole = fixture.withView { view in (try? arena.unpack(view, as: type)) != nil }
            if !isWhole { refused += 1 }
        }
        #expect(isWhole)
        #expect(refused > 50)
    }

    /// The heaviest messages that the check lets pass: as many empty messages as the budget holds.
    @Test(arguments: [300, 2_000, 10_000, 60_000])
    func staysInItsBudget(_ count: Int) throws {
        let bytes: [UInt8] = .field(1, Array((0..<count).flatMap { _ in [UInt8].field(2, []) }))
        let limits = MessageLimits()
        let accepted = bytes.withView { view in
            (try? MessageArena().unpack(view, as: ContractMessages.request)) != nil
        }
        let needed = count * Int(ContractMessages.message.descriptor.pointee.sizeof_message)
        #expect(accepted == (count <= 2_000))
        #expect(accepted == (needed < limits.unpackedBytesMax(forCount: bytes.count) / 2))
    }

    /// The bound grows with the message up to a constant above its own size.
    @Test func boundsTheOverhead() {
        let limits = MessageLimits()
        #expect(limits.unpackedBytesMax(forCount: 0) == 512 * 1024)
        #expect(limits.unpackedBytesMax(forCount: 1 << 20) == 9 << 20)
        #expect(limits.unpackedBytesMax(forCount: 32 << 20) == 48 << 20)
        #expect(limits.unpackedBytesMax(forCount: 1 << 40) == (1 << 40) + (16 << 20))
    }

    /// What is built is what Google's runtime reads: bytes worked out by hand from the encoding.
    @Test func packsWhatItBuilds() {
        let arena = MessageArena()
        let delta = arena.make(ContractMessages.delta)
        delta.pointee.choice_index = 1
        delta.pointee.delta_case = LLMGATEWAY__V1__CHAT_DELTA__DELTA_TEXT
        delta.pointee.text = arena.text("hé")
        var packed = ByteQueue()
        packed.append(packing: UnsafePointer(delta))
        #expect(packed.view.bytes == [0x08, 0x01, 0x1A, 0x03, 0x68, 0xC3, 0xA9])
    }

    /// C cannot hold a NUL in a text; the rest of the text is kept.
    @Test func leavesOutNUL() {
        let arena = MessageArena()
        #expect(String(cString: arena.text("a\0b")) == "ab")
        #expect(String(cString: arena.text("")) == "")
    }

    /// Large pieces have chunks of their own, small ones share; all are aligned and apart.
    @Test func handsOutMemoryThatDoesNotOverlap() throws {
        let arena = MessageArena(bytesMax: 2 << 20)
        var pieces: [(start: UnsafeMutableRawPointer, count: Int)] = []
        for count in [1, 15, 16, 17, 5_000, 3, 300_000, 4_096, 8, 70_000] {
            let start = try #require(arena.allocate(count))
            #expect(UInt(bitPattern: start) % 16 == 0)
            start.initializeMemory(as: UInt8.self, repeating: UInt8(pieces.count), count: count)
            pieces.append((start, count))
        }
        for (index, piece) in pieces.enumerated() {
            let bytes = UnsafeRawBufferPointer(start: piece.start, count: piece.count)
            #expect(bytes.allSatisfy { $0 == UInt8(index) })
        }
        #expect(arena.allocate(2 << 20) == nil)
        #expect(arena.allocate(-1) == nil)
        #expect(arena.allocate(1) != nil)
    }
}
