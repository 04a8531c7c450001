import GatewayPrimitives
import Testing

@testable import GRPC

@Suite("The envelope of a message")
struct EnvelopeTests {
    private static func front(_ bytes: [UInt8], bytesMax: Int = 1000) -> Envelope.Front {
        lend(bytes) { Envelope.front(of: $0, bytesMax: bytesMax) }
    }

    @Test("is incomplete at every length but the whole one")
    func truncation() {
        let whole = frame(Array("hello".utf8))
        for count in 0..<whole.count {
            guard case .incomplete = Self.front(Array(whole.prefix(count))) else {
                Issue.record("\(count) bytes were taken for a message")
                continue
            }
        }
        guard case .message(false, 5) = Self.front(whole + [0]) else {
            Issue.record("a whole message was not seen")
            return
        }
    }

    @Test("is refused by its length before the message comes")
    func oversized() {
        guard
            case .message(false, 1000) = Self.front(
                [0, 0, 0, 3, 0xE8] + [UInt8](repeating: 1, count: 1000))
        else {
            Issue.record("a message of the greatest length was not seen")
            return
        }
        for bytes: [UInt8] in [[0, 0, 0, 3, 0xE9], [0, 0xFF, 0xFF, 0xFF, 0xFF]] {
            guard case .refused(let status) = Self.front(bytes) else {
                Issue.record("a message over the limit was not refused")
                continue
            }
            #expect(status.code == .resourceExhausted)
            #expect(status.message.contains("1000"))
        }
    }

    @Test("tells a compressed message")
    func compression() {
        guard case .message(true, 2) = Self.front([1, 0, 0, 0, 2, 7, 7]) else {
            Issue.record("a compressed message was not seen")
            return
        }
    }

    @Test("has no flags but compression", arguments: [2, 3, 128, 255] as [UInt8])
    func flags(_ flag: UInt8) {
        guard case .refused(let status) = Self.front([flag]) else {
            Issue.record("the flag was accepted")
            return
        }
        #expect(status.code == .internalFault)
    }

    @Test("is written in place, whatever stands before")
    func writes() {
        var queue = ByteQueue()
        queue.append("before")
        queue.consume(3)
        Envelope.append(to: &queue) { _ in }
        // Long enough for the queue to move while the message is appended.
        let message = [UInt8](repeating: 7, count: 70_000)
        Envelope.append(to: &queue) { $0.append(array: message) }
        #expect(queue.view.bytes == Array("ore".utf8) + frame([]) + frame(message))
    }
}
