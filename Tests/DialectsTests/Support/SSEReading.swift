import GatewayPrimitives
import JSON
import TestSupport

@testable import Dialects

/// Reads event streams as a provider does: what is not consumed comes first again.
enum SSEReading {
    /// The events of a stream that comes in pieces, as `type|data|id`; `tooLong` at the end if it
    /// came to that.
    static func events(of pieces: [[UInt8]], eventBytesMax: Int = 1 << 20) -> [String] {
        var scanner = SSEScanner(eventBytesMax: eventBytesMax)
        var waiting = ByteQueue()
        var found: [String] = []
        for piece in pieces {
            waiting.append(array: piece)
            scanning: while true {
                switch scanner.next(in: waiting.view) {
                case .event(let event, let consumed):
                    found.append(
                        [event.type, event.data, event.lastID].map(\.string)
                            .joined(separator: "|"))
                    waiting.consume(consumed)
                case .incomplete(let consumed):
                    waiting.consume(consumed)
                    break scanning
                case .tooLong:
                    return found + ["tooLong"]
                }
            }
        }
        return found
    }

    static func events(of text: String) -> [String] { events(of: [Array(text.utf8)]) }

    /// An event whose views stay valid.
    final class HeldEvent {
        private let type: Bytes
        private let data: Bytes
        var event: SSEEvent { SSEEvent(type: type.view, data: data.view, lastID: .empty) }

        init(_ event: SSEEvent) {
            type = Bytes(event.type.bytes)
            data = Bytes(event.data.bytes)
        }
    }

    /// The events of a whole stream.
    static func named(_ bytes: [UInt8]) -> [HeldEvent] {
        var scanner = SSEScanner(eventBytesMax: 1 << 20)
        let stream = Bytes(bytes)
        var consumed = 0
        var found: [HeldEvent] = []
        while case .event(let event, let count) = scanner.next(
            in: stream.view.dropping(first: consumed))
        {
            found.append(HeldEvent(event))
            consumed += count
        }
        return found
    }

    /// The `data` of each event of a whole stream.
    static func data(of bytes: [UInt8]) -> [Bytes] {
        var scanner = SSEScanner(eventBytesMax: 1 << 20)
        let stream = Bytes(bytes)
        var consumed = 0
        var found: [Bytes] = []
        while case .event(let event, let count) = scanner.next(
            in: stream.view.dropping(first: consumed))
        {
            found.append(Bytes(event.data.bytes))
            consumed += count
        }
        return found
    }
}
