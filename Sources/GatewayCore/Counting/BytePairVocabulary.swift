public import GatewayPrimitives

/// The tokens of a byte-pair vocabulary by their bytes: a hash table over one block of memory.
///
/// Read from a file in tiktoken's format: a line for each token, its bytes in Base64, a space, and
/// its rank. A token of a lower rank is joined first. Immutable once read, and shared by all loops.
public final class BytePairVocabulary: Sendable {
    /// Tokens of one vocabulary; the largest published have 262,144.
    public static let tokensMax = 1 << 20
    /// Bytes of one token.
    public static let tokenBytesMax = 1 << 12

    /// How many tokens there are.
    public let count: Int
    private let bytes: [UInt8]
    private let slots: [Slot]
    private let mask: Int

    /// A token, or a place without one.
    private struct Slot {
        var start: UInt32 = 0
        var length: UInt32 = 0
        var rank: UInt32 = .max
    }

    /// Why a file is none.
    public struct Invalid: Error, CustomStringConvertible {
        public let description: String
    }

    /// Reads the contents of a file.
    public init(tiktoken text: ByteView) throws(Invalid) {
        let lines = text.buffer.count { $0 == 0x0A } + 1
        var capacity = 1024
        while capacity < lines * 2, capacity < Self.tokensMax * 2 { capacity *= 2 }
        var builder = Builder(capacity: capacity)
        var rest = text
        var number = 0
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.count
            var line = rest[0..<end]
            if line.hasSuffix("\r") { line = line[0..<line.count - 1] }
            rest = rest.dropping(first: min(end + 1, rest.count))
            number += 1
            if line.isEmpty { continue }
            guard let space = line.firstIndex(of: 0x20),
                let token = Base64.decode(line[0..<space]), !token.isEmpty,
                let rank = line.dropping(first: space + 1).decimal, rank < Int(UInt32.max)
            else {
                throw Invalid(
                    description: "line \(number) is not a token in Base64, a space and its rank")
            }
            guard token.count <= Self.tokenBytesMax, builder.count < Self.tokensMax else {
                throw Invalid(
                    description: "line \(number) is beyond \(Self.tokensMax) tokens of "
                        + "\(Self.tokenBytesMax) bytes")
            }
            guard builder.insert(token, rank: UInt32(rank)) else {
                throw Invalid(description: "line \(number) has a token that was there before")
            }
        }
        count = builder.count
        bytes = builder.bytes
        slots = builder.slots
        mask = capacity - 1
        for byte in UInt8.min...UInt8.max where rank(of: [byte][...]) == nil {
            throw Invalid(description: "byte \(byte) is no token; then not every text has tokens")
        }
    }

    /// The rank of a token; `nil` if the bytes are none.
    func rank(of token: UnsafeBufferPointer<UInt8>) -> UInt32? {
        bytes.withUnsafeBufferPointer { bytes in
            slots.withUnsafeBufferPointer { slots in
                var place = Self.hash(token) & mask
                while slots[place].length > 0 {
                    let slot = slots[place]
                    if Int(slot.length) == token.count {
                        let known = bytes[Int(slot.start)..<Int(slot.start) + token.count]
                        if known.elementsEqual(token) { return slot.rank }
                    }
                    place = (place + 1) & mask
                }
                return nil
            }
        }
    }

    private func rank(of token: ArraySlice<UInt8>) -> UInt32? {
        token.withUnsafeBufferPointer { rank(of: $0) }
    }

    /// FNV-1a: tokens are short.
    private static func hash(_ token: some Sequence<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in token { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }

    /// A table while it is filled.
    private struct Builder {
        var bytes: [UInt8] = []
        var slots: [Slot]
        var count = 0

        init(capacity: Int) { slots = Array(repeating: Slot(), count: capacity) }

        /// Returns whether the token is new.
        mutating func insert(_ token: [UInt8], rank: UInt32) -> Bool {
            let mask = slots.count - 1
            var place = BytePairVocabulary.hash(token) & mask
            while slots[place].length > 0 {
                let start = Int(slots[place].start)
                let known = bytes[start..<start + Int(slots[place].length)]
                if known.elementsEqual(token) { return false }
                place = (place + 1) & mask
            }
            slots[place] = Slot(
                start: UInt32(bytes.count), length: UInt32(token.count), rank: rank)
            bytes += token
            count += 1
            return true
        }
    }
}
