public import GatewayPrimitives

/// The identity of one call: in its log line, its errors, and later its ledger row.
///
/// 128 bits, shown as a version 7 UUID (RFC 9562 section 5.7): the millisecond of the call, then 74
/// random bits. Ids must be unique, not secret; as they grow with time, the ledger's index of them
/// grows at its end, and its rows come to the same pages.
public struct CallID: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    /// Draws an id.
    /// - Parameter moment: when its call came.
    public init(at moment: WallTime, using random: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(bitPattern: moment.nanoseconds / 1_000_000)
        high = milliseconds << 16 | 0x7000 | random.next() & 0xFFF
        low = random.next() & ~(0b11 << 62) | (0b10 << 62)
    }

    /// The nanoseconds since 1970 at which its call may have come: those of the millisecond that it
    /// begins with, or all, of an id that was not drawn here.
    public var moments: ClosedRange<Int64> {
        let milliseconds = Int64(high >> 16)
        guard high & 0xF000 == 0x7000, milliseconds < Int64.max / 1_000_000 else {
            return .min ... .max
        }
        return milliseconds * 1_000_000...milliseconds * 1_000_000 + 999_999
    }

    /// An id that was drawn before, from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An id from its UUID; `nil` for anything else. The text of a completion's id has `chatcmpl-`
    /// in front, others `msg_`, `cmpl-` or `resp_`.
    public init?(_ text: String) {
        var words: (high: UInt64, low: UInt64) = (0, 0)
        var count = 0
        let prefix = ["chatcmpl-", "msg_", "cmpl-", "resp_"].first { text.hasPrefix($0) } ?? ""
        let uuid = text.dropFirst(prefix.count)
        guard uuid.utf8.count == 36 else { return nil }
        for (place, byte) in uuid.utf8.enumerated() {
            if place == 8 || place == 13 || place == 18 || place == 23 {
                guard byte == 0x2D else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x37
            case 0x61...0x66: digit = byte - 0x57
            default: return nil
            }
            if count < 16 {
                words.high = words.high << 4 | UInt64(digit)
            } else {
                words.low = words.low << 4 | UInt64(digit)
            }
            count += 1
        }
        self.init(high: words.high, low: words.low)
    }

    /// Appends the 36 characters of the UUID.
    public func append(to queue: inout ByteQueue) {
        let room = queue.reserve(36)
        Self.write(high >> 32, digits: 8, to: room, at: 0)
        Self.write(high >> 16, digits: 4, to: room, at: 9)
        Self.write(high, digits: 4, to: room, at: 14)
        Self.write(low >> 48, digits: 4, to: room, at: 19)
        Self.write(low, digits: 12, to: room, at: 24)
        room[8] = 0x2D
        room[13] = 0x2D
        room[18] = 0x2D
        room[23] = 0x2D
        queue.commit(36)
    }

    /// Writes the low digits of a word.
    @inline(__always)
    private static func write(
        _ word: UInt64, digits: Int, to room: UnsafeMutableBufferPointer<UInt8>, at start: Int
    ) {
        var rest = word
        var place = start + digits
        while place > start {
            place -= 1
            let value = UInt8(truncatingIfNeeded: rest) & 15
            room[place] = value < 10 ? 0x30 + value : 0x57 + value
            rest >>= 4
        }
    }

    /// The UUID as text.
    public var text: String {
        var queue = ByteQueue()
        append(to: &queue)
        return queue.view.string
    }
}
