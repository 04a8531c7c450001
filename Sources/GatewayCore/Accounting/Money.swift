/// An amount of US dollars, in whole billionths: what is held, charged and added up.
///
/// Prices are finer (``TokenPrice``); an amount is rounded once, up, when a price becomes money,
/// and from then on only whole amounts are added. 64 bits reach to 9.2 billion dollars; sums stop
/// there instead of wrapping.
public struct Money: Comparable, Hashable, Sendable {
    public let nanoUSD: Int64

    @inlinable
    public init(nanoUSD: Int64) { self.nanoUSD = nanoUSD }

    public static let zero = Money(nanoUSD: 0)
    /// More than anything costs.
    public static let greatest = Money(nanoUSD: .max)

    @inlinable
    public static func < (left: Money, right: Money) -> Bool { left.nanoUSD < right.nanoUSD }

    /// The sum, or the ``greatest`` amount (the least, below zero) where that would overflow.
    @inlinable
    public static func + (left: Money, right: Money) -> Money {
        let (sum, overflow) = left.nanoUSD.addingReportingOverflow(right.nanoUSD)
        if overflow { return Money(nanoUSD: right.nanoUSD > 0 ? .max : .min) }
        return Money(nanoUSD: sum)
    }

    /// The difference, bounded as the sum is.
    @inlinable
    public static func - (left: Money, right: Money) -> Money {
        let (difference, overflow) = left.nanoUSD.subtractingReportingOverflow(right.nanoUSD)
        if overflow { return Money(nanoUSD: right.nanoUSD < 0 ? .max : .min) }
        return Money(nanoUSD: difference)
    }

    @inlinable
    public static func += (left: inout Money, right: Money) { left = left + right }
}

// MARK: - Decimals

extension Money {
    /// Reads dollars as people and JSON write them: `100`, `0.01`, `1e-3`. What is finer than a
    /// billionth is rounded up. `nil` for anything else, and for what does not fit.
    public init?(dollars text: String) {
        guard let amount = Decimal64(text)?.scaled(by: 9) else { return nil }
        self.init(nanoUSD: amount)
    }

    /// Dollars without trailing zeros, exactly: `0.0000125`.
    public var dollars: String {
        var (whole, fraction) = nanoUSD.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        // Written from its end: a sign, ten digits of dollars, a point and nine digits at most.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { room in
            var start = room.count
            func put(_ byte: UInt8) {
                start -= 1
                room[start] = byte
            }
            var places = 9
            while places > 0, fraction % 10 == 0 {
                fraction /= 10
                places -= 1
            }
            if places > 0 {
                for _ in 0..<places {
                    put(0x30 + UInt8(truncatingIfNeeded: fraction % 10))
                    fraction /= 10
                }
                put(0x2E)
            }
            repeat {
                put(0x30 + UInt8(truncatingIfNeeded: whole % 10))
                whole /= 10
            } while whole > 0
            if nanoUSD < 0 { put(0x2D) }
            return String(decoding: UnsafeBufferPointer(rebasing: room[start...]), as: UTF8.self)
        }
    }
}

/// A decimal number read exactly from its text: `digits` times ten to the power of `exponent`.
struct Decimal64 {
    let digits: Int64
    let exponent: Int

    /// `nil` unless it is a decimal number of at most 18 digits.
    init?(_ text: String) {
        var digits: Int64 = 0
        var exponent = 0
        var count = 0
        var isFraction = false
        var isNegative = false
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") {
            isNegative = bytes.removeFirst() == UInt8(ascii: "-")
        }
        while let byte = bytes.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
            bytes.removeFirst()
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
                continue
            }
            guard (0x30...0x39).contains(byte), digits < 100_000_000_000_000_000 else {
                return nil
            }
            digits = digits * 10 + Int64(byte - 0x30)
            count += 1
            if isFraction { exponent -= 1 }
        }
        guard count > 0 else { return nil }
        if !bytes.isEmpty {
            guard let more = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)),
                (-100...100).contains(more)
            else { return nil }
            exponent += more
        }
        self.digits = isNegative ? -digits : digits
        self.exponent = exponent
    }

    /// The number times ten to the power of `places`, rounded up; `nil` where it does not fit.
    func scaled(by places: Int) -> Int64? {
        var value = digits
        var power = exponent + places
        if value == 0 { return 0 }
        while power > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            power -= 1
        }
        var isInexact = false
        while power < 0 && value != 0 {
            if value % 10 != 0 { isInexact = true }
            value /= 10
            power += 1
        }
        return isInexact && digits > 0 ? value + 1 : value
    }
}
