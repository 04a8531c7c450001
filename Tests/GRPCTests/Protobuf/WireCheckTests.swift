import CProtobufC
import GatewayPrimitives
import Testing

@testable import GRPC

/// What clients may send in place of a message, and what they are told.
@Suite struct WireCheckTests {
    private static func check<Message>(
        _ bytes: [UInt8], as type: MessageType<Message>, limits: MessageLimits = MessageLimits()
    ) -> MessageError? {
        do throws(MessageError) {
            try bytes.withView { view throws(MessageError) in
                try WireCheck.check(view, as: type.descriptor, limits: limits)
            }
            return nil
        } catch {
            return error
        }
    }

    /// A request whose first message has one part that is the given bytes.
    private static func request(part: [UInt8]) -> [UInt8] {
        .field(1, .field(2, .field(2, .field(1, []))) + .field(2, .field(2, part)))
    }

    @Test func acceptsWhatGooglesRuntimeWrites() {
        #expect(!ContractMessages.fixture.isEmpty)
        #expect(Self.check(ContractMessages.fixture, as: ContractMessages.request) == nil)
    }

    @Test func acceptsNothingAtAll() {
        #expect(Self.check([], as: ContractMessages.request) == nil)
    }

    /// A fault names the field as a client writes it, down to the element of a list.
    @Test(
        arguments: [
            ([0xFF], "is not valid UTF-8"),
            ([0xC0, 0x80], "is not valid UTF-8"),
            ([0xED, 0xA0, 0x80], "is not valid UTF-8"),
            ([0xF4, 0x90, 0x80, 0x80], "is not valid UTF-8"),
            ([0xE2, 0x82], "is not valid UTF-8"),
            ([0x61, 0x00, 0x62], "holds a NUL character, which no text may"),
        ] as [([UInt8], String)])
    func refusesWhatIsNotText(_ text: [UInt8], _ problem: String) {
        let error = Self.check(Self.request(part: .field(1, text)), as: ContractMessages.request)
        #expect(error?.path == "chat.messages[1].parts[0].text")
        #expect(error?.problem == problem)
    }

    /// Bytes are not text: nothing is asked of them.
    @Test func takesBytesAsTheyAre() {
        let media = Self.request(part: .field(2, .field(1, [0xFF, 0x00])))
        #expect(Self.check(media, as: ContractMessages.request) == nil)
    }

    @Test(
        arguments: [
            // Where a message is expected: a varint, four bytes, a group's start and end.
            ([0x08, 0x01], "chat", "has wire type 0, which its type does not"),
            ([0x0D, 1, 2, 3, 4], "chat", "has wire type 5, which its type does not"),
            ([0x0B, 0x0C], "", "has a malformed field tag at byte 0"),
            // Field number zero, a tag of more than 32 bits, one that never ends.
            ([0x02, 0x00], "", "has a malformed field tag at byte 0"),
            ([0xFA, 0xFF, 0xFF, 0xFF, 0x1F, 0x00], "", "has a malformed field tag at byte 0"),
            (
                [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "",
                "has a malformed field tag at byte 0"
            ),
            // A length past the end, and one that would overflow an address.
            ([0x0A, 0x05, 0x00], "chat", "is cut short"),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "chat", "is cut short"),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "chat", "is cut short"),
            // A length-prefixed number, a number that never ends.
            (
                [0x0A, 0x03, 0x62, 0x01, 0x05], "chat.max_output_tokens",
                "has wire type 2, which its type does not"
            ),
            ([0x0A, 0x02, 0x60, 0x80], "chat.max_output_tokens", "is cut short or malformed"),
            // The same message twice, which protobuf-c would merge at quadratic cost.
            ([0x0A, 0x00, 0x0A, 0x00], "chat", "appears twice"),
        ] as [([UInt8], String, String)])
    func refusesBrokenFraming(_ bytes: [UInt8], _ path: String, _ problem: String) {
        let error = Self.check(bytes, as: ContractMessages.request)
        #expect(error?.path == path)
        #expect(error?.problem == problem)
    }

    /// A varint of 64 bits has at most ten bytes.
    @Test func boundsVarints() {
        let ten = [0x60] + [UInt8](repeating: 0xFF, count: 9) + [0x01]
        let eleven = [0x60] + [UInt8](repeating: 0xFF, count: 10) + [0x01]
        #expect(Self.check(ten, as: ContractMessages.chat) == nil)
        #expect(Self.check(eleven, as: ContractMessages.chat)?.path == "max_output_tokens")
    }

    /// A client of a later version may send fields that are not known here.
    @Test func passesUnknownFieldsThatAreWhole() {
        let varint: [UInt8] = [0xF8, 0x3F, 0x01]
        let bytes: [UInt8] = [0xFA, 0x3F, 0x02, 0xFF, 0x00]
        let fixed32: [UInt8] = [0xFD, 0x3F, 1, 2, 3, 4]
        let fixed64: [UInt8] = [0xF9, 0x3F, 1, 2, 3, 4, 5, 6, 7, 8]
        for field in [varint, bytes, fixed32, fixed64] {
            #expect(Self.check(field, as: ContractMessages.request) == nil)
            #expect(Self.check(field.dropLast(), as: ContractMessages.request) != nil)
        }
    }

    /// Numbers of a list may come packed or one by one, whatever the sender's version does.
    @Test func takesListsOfNumbersEitherWay() {
        #expect(Self.check([0x0A, 0x03, 0x01, 0x80, 0x01], as: ContractMessages.tokens) == nil)
        #expect(Self.check([0x08, 0x01, 0x08, 0x80, 0x01], as: ContractMessages.tokens) == nil)
        #expect(
            Self.check([0x0A, 0x02, 0x01, 0x80], as: ContractMessages.tokens)?.path
                == "token_ids[0]")
    }

    /// Every prefix of a message either is a message itself or is refused, and none is misread past
    /// its end (each has its own allocation, so that tools which watch memory would see it).
    @Test func toleratesTruncationAtEveryByte() {
        let whole = ContractMessages.fixture
        var accepted = 0
        for count in 0..<whole.count {
            let prefix = Array(whole.prefix(count))
            if Self.check(prefix, as: ContractMessages.request) == nil { accepted += 1 }
        }
        // Nothing, and the whole `chat` before `request_id`.
        #expect(accepted == 2)
    }

    @Test func boundsNesting() {
        var limits = MessageLimits()
        limits.depthMax = 4
        let deep = Self.request(part: .field(3, []))
        let error = Self.check(deep, as: ContractMessages.request, limits: limits)
        #expect(error?.path == "chat.messages[1].parts[0].tool_call")
        #expect(error?.problem == "is nested deeper than 4 messages")
        #expect(
            Self.check(Self.request(part: []), as: ContractMessages.request, limits: limits) == nil)
    }

    /// A bomb of unknown nested fields costs no stack: what is not known is not entered.
    @Test func survivesNestingBombs() {
        var bomb: [UInt8] = []
        for _ in 0..<10_000 { bomb = .field(9, bomb) }
        #expect(Self.check(bomb, as: ContractMessages.request) == nil)
    }

    /// Two bytes that ask for an empty message each; a megabyte of them is refused, a few are not.
    @Test func boundsAmplification() {
        let empty: [UInt8] = .field(2, [])
        let few: [UInt8] = .field(1, Array((0..<100).map { _ in empty }.joined()))
        let many: [UInt8] = .field(1, Array((0..<500_000).map { _ in empty }.joined()))
        #expect(Self.check(few, as: ContractMessages.request) == nil)
        let error = Self.check(many, as: ContractMessages.request)
        #expect(error?.path.hasPrefix("chat.messages[") == true)
        #expect(error?.problem.hasPrefix("makes the message take more than") == true)
    }
}
