public import Glibc

/// Bytes that come in at the back and leave at the front, in one piece of memory.
///
/// It grows by doubling, and never shrinks until ``release(above:)``. Views of it are valid until
/// it is next changed. Behind its last byte there is always room for ``slack`` more that may be
/// read (not written) by a parser that loads whole vectors.
public struct ByteQueue: ~Copyable {
    /// Readable bytes behind the end, as SIMD parsers want them.
    public static let slack = 64
    /// The first allocation; a head or a chunk fits.
    static let capacityInitial = 512

    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    @usableFromInline var capacity = 0
    @usableFromInline var head = 0
    @usableFromInline var tail = 0

    @inlinable
    public init() {}

    deinit { free(base) }

    /// How many bytes wait.
    @inlinable
    public var count: Int { tail &- head }

    @inlinable
    public var isEmpty: Bool { tail == head }

    /// The bytes that wait; valid until the queue is next changed.
    @inlinable
    public var view: ByteView {
        guard let base else { return .empty }
        return ByteView(start: UnsafePointer(base + head), count: tail &- head)
    }

    /// Room for at least `count` bytes behind the last; fill it, then ``commit(_:)``.
    @inlinable
    public mutating func reserve(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
        if capacity &- tail < count &+ Self.slack { grow(by: count) }
        return UnsafeMutableBufferPointer(
            start: base.unsafelyUnwrapped + tail, count: capacity &- tail &- Self.slack)
    }

    /// Takes in what was written to the room of the last ``reserve(_:)``.
    @inlinable
    public mutating func commit(_ count: Int) {
        assert(tail &+ count &+ Self.slack <= capacity, "committed more than was reserved")
        tail &+= count
    }

    /// Drops bytes from the front.
    @inlinable
    public mutating func consume(_ count: Int) {
        assert(count <= self.count, "consumed more than there is")
        head &+= count
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Drops bytes from the back.
    @inlinable
    public mutating func truncate(to count: Int) {
        assert(count <= self.count, "truncated to more than there is")
        tail = head &+ count
    }

    /// Overwrites four waiting bytes with a number, most significant byte first: for a length that
    /// is known only after what it measures was appended.
    @inlinable
    public mutating func store(bigEndian value: UInt32, at index: Int) {
        precondition(index >= 0 && index &+ 4 <= count, "stored outside of what waits")
        UnsafeMutableRawPointer(base.unsafelyUnwrapped + head + index)
            .storeBytes(of: value.bigEndian, as: UInt32.self)
    }

    /// Overwrites a waiting byte.
    @inlinable
    public mutating func store(byte: UInt8, at index: Int) {
        precondition(index >= 0 && index < count, "stored outside of what waits")
        base.unsafelyUnwrapped[head + index] = byte
    }

    /// Makes room for bytes among those that wait, whose content is undefined until stored.
    public mutating func insert(_ count: Int, at index: Int) {
        precondition(index >= 0 && index <= self.count, "inserted outside of what waits")
        _ = reserve(count)
        let place = base.unsafelyUnwrapped + head + index
        memmove(place + count, place, self.count - index)
        commit(count)
    }

    /// Drops all bytes and keeps the memory.
    @inlinable
    public mutating func clear() {
        head = 0
        tail = 0
    }

    /// Drops all bytes, and the memory too if it is larger than `bytes`.
    public mutating func release(above bytes: Int = 0) {
        clear()
        guard capacity > bytes else { return }
        free(base)
        base = nil
        capacity = 0
    }

    @usableFromInline
    @inline(never)
    mutating func grow(by count: Int) {
        let waiting = tail - head
        if head > 0, let base {
            memmove(base, base + head, waiting)
            head = 0
            tail = waiting
            if capacity - tail >= count + Self.slack { return }
        }
        var wanted = max(capacity * 2, Self.capacityInitial)
        while wanted - tail < count + Self.slack { wanted *= 2 }
        guard let grown = realloc(base, wanted) else {
            fatalError("out of memory while growing a byte queue to \(wanted) bytes")
        }
        base = grown.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
    }
}

extension ByteQueue {
    @inlinable
    public mutating func append(_ bytes: ByteView) {
        guard let start = bytes.start, bytes.count > 0 else { return }
        memcpy(reserve(bytes.count).baseAddress.unsafelyUnwrapped, start, bytes.count)
        tail &+= bytes.count
    }

    @inlinable
    public mutating func append(_ literal: StaticString) { append(ByteView(literal)) }

    @inlinable
    public mutating func append(byte: UInt8) {
        reserve(1)[0] = byte
        tail &+= 1
    }

    /// Appends text as UTF-8.
    @inlinable
    public mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(ByteView(start: $0.baseAddress, count: $0.count)) }
    }

    @inlinable
    public mutating func append(array: [UInt8]) {
        array.withUnsafeBufferPointer { append(ByteView(start: $0.baseAddress, count: $0.count)) }
    }

    /// Appends a number in decimal digits.
    @inlinable
    public mutating func append(decimal value: Int) {
        if value < 0 { append(byte: 0x2D) }
        var magnitude = value.magnitude
        var digits = 1
        var probe = magnitude
        while probe >= 10 {
            probe /= 10
            digits &+= 1
        }
        let room = reserve(digits)
        var index = digits
        while index > 0 {
            index &-= 1
            room[index] = UInt8(truncatingIfNeeded: 0x30 &+ magnitude % 10)
            magnitude /= 10
        }
        tail &+= digits
    }

    /// Appends a number in lower-case hexadecimal digits, without leading zeros.
    @inlinable
    public mutating func append(hexadecimal value: Int) {
        var shift = 60
        while shift > 0 && (value >> shift) & 15 == 0 { shift &-= 4 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: (value >> shift) & 15)
            append(byte: digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            shift &-= 4
        }
    }
}
