public import Glibc

/// Bytes that somebody else owns, lent for a while.
///
/// A view never outlives its owner: it is valid until the owner is next changed, and whoever hands
/// one out says when that is. What has to be kept longer is copied (``bytes``, ``string``). Views
/// stand where a copy per request or per chunk would cost more than the work done on it.
public struct ByteView {
    /// Where the bytes are. `nil` only when there are none.
    public let start: UnsafePointer<UInt8>?
    /// How many there are.
    public let count: Int

    @inlinable
    public init(start: UnsafePointer<UInt8>?, count: Int) {
        self.start = start
        self.count = count
    }

    /// The bytes of a literal; valid for ever.
    @inlinable
    public init(_ literal: StaticString) {
        self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// No bytes.
    @inlinable
    public static var empty: ByteView { ByteView(start: nil, count: 0) }

    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The byte at an index, which must be in range.
    @inlinable
    public subscript(index: Int) -> UInt8 {
        assert(index >= 0 && index < count, "byte index out of range")
        return start.unsafelyUnwrapped[index]
    }

    /// The bytes of a range, which must be in range.
    @inlinable
    public subscript(range: Range<Int>) -> ByteView {
        assert(range.lowerBound >= 0 && range.upperBound <= count, "byte range out of bounds")
        guard let start, !range.isEmpty else { return .empty }
        return ByteView(start: start + range.lowerBound, count: range.count)
    }

    /// All but the first `count` bytes.
    @inlinable
    public func dropping(first count: Int) -> ByteView { self[count..<self.count] }

    /// A copy.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    /// A copy as text; ill-formed UTF-8 is replaced by U+FFFD.
    public var string: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// For calls that take Swift's own form of a view.
    @inlinable
    public var buffer: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: start, count: count)
    }
}

extension ByteView {
    /// Whether the bytes are exactly those of a literal.
    @inlinable
    public func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount
            && (count == 0 || memcmp(start.unsafelyUnwrapped, literal.utf8Start, count) == 0)
    }

    /// Whether two views hold the same bytes.
    @inlinable
    public func equals(_ other: ByteView) -> Bool {
        count == other.count
            && (count == 0
                || memcmp(start.unsafelyUnwrapped, other.start.unsafelyUnwrapped, count) == 0)
    }

    /// Whether the bytes are those of a lower-case ASCII literal, in any case.
    @inlinable
    public func equalsIgnoringCase(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            var byte = start.unsafelyUnwrapped[index]
            if byte >= 0x41 && byte <= 0x5A { byte |= 0x20 }
            if byte != lowercased.utf8Start[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes begin with those of a literal.
    @inlinable
    public func hasPrefix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length
            && (length == 0 || memcmp(start.unsafelyUnwrapped, literal.utf8Start, length) == 0)
    }

    /// Whether the bytes end with those of a literal.
    @inlinable
    public func hasSuffix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && dropping(first: count - length).equals(literal)
    }

    /// The index of the first such byte.
    @inlinable
    public func firstIndex(of byte: UInt8) -> Int? {
        guard let start, let found = memchr(start, Int32(byte), count) else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(start)
    }

    /// The bytes as an unsigned decimal number; `nil` if empty, not all digits, or over 18 digits.
    @inlinable
    public var decimal: Int? {
        guard count > 0, count <= 18 else { return nil }
        var value = 0
        for byte in buffer {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value &* 10 &+ Int(byte &- 0x30)
        }
        return value
    }
}
