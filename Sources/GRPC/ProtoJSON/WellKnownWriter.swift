import GatewayPrimitives
import JSON

/// Writes the messages of google.protobuf that JSON has as a text.
enum WellKnownWriter {
    static func timestamp(_ bytes: ByteView, into queue: inout ByteQueue) throws(MessageError) {
        let (seconds, nanoseconds) = try parts(bytes)
        guard WellKnownType.timestampSeconds.contains(seconds),
            (0..<WellKnownType.nanosecondsPerSecond).contains(nanoseconds)
        else { throw MessageError("is a time before the year 1 or after the year 9999") }
        // Rounded down, before 1970 too.
        let days = (seconds - (seconds < 0 ? 86_399 : 0)) / 86_400
        let second = Int(seconds - days * 86_400)
        let date = CivilDate.date(days: days)
        queue.append(byte: UInt8(ascii: "\""))
        append(date.year, digits: 4, to: &queue)
        queue.append("-")
        append(date.month, digits: 2, to: &queue)
        queue.append("-")
        append(date.day, digits: 2, to: &queue)
        queue.append("T")
        append(second / 3600, digits: 2, to: &queue)
        queue.append(":")
        append(second / 60 % 60, digits: 2, to: &queue)
        queue.append(":")
        append(second % 60, digits: 2, to: &queue)
        append(fraction: Int(nanoseconds), to: &queue)
        queue.append("Z\"")
    }

    static func duration(_ bytes: ByteView, into queue: inout ByteQueue) throws(MessageError) {
        let (seconds, nanoseconds) = try parts(bytes)
        guard WellKnownType.durationSeconds.contains(seconds),
            nanoseconds.magnitude < UInt64(WellKnownType.nanosecondsPerSecond),
            seconds == 0 || nanoseconds == 0 || (seconds < 0) == (nanoseconds < 0)
        else { throw MessageError("is no duration: its parts are out of range or of two signs") }
        queue.append(byte: UInt8(ascii: "\""))
        if seconds < 0 || nanoseconds < 0 { queue.append("-") }
        queue.append(decimal: Int(seconds.magnitude))
        append(fraction: Int(nanoseconds.magnitude), to: &queue)
        queue.append("s\"")
    }

    static func fieldMask(_ bytes: ByteView, into queue: inout ByteQueue) throws(MessageError) {
        queue.append(byte: UInt8(ascii: "\""))
        var reader = WireReader(bytes)
        var isFirst = true
        while !reader.isAtEnd {
            guard let (id, type) = reader.tag(), let value = reader.value(type) else {
                throw MessageError("is malformed or cut short")
            }
            guard id == 1, case .content(let path) = value else { continue }
            if !isFirst { queue.append(byte: UInt8(ascii: ",")) }
            isFirst = false
            var name = ByteQueue()
            guard ProtoFieldPath.appendJSON(path: path, to: &name) else {
                throw MessageError("holds a path that JSON cannot have: \(path.string)")
            }
            queue.append(jsonEscaped: name.view)
        }
        queue.append(byte: UInt8(ascii: "\""))
    }

    /// Both messages: seconds = 1, nanos = 2.
    private static func parts(
        _ bytes: ByteView
    ) throws(MessageError) -> (seconds: Int64, nanoseconds: Int64) {
        var reader = WireReader(bytes)
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        while !reader.isAtEnd {
            guard let (id, type) = reader.tag(), let value = reader.value(type) else {
                throw MessageError("is malformed or cut short")
            }
            guard case .bits(let bits) = value else { continue }
            if id == 1 { seconds = Int64(bitPattern: bits) }
            if id == 2 { nanoseconds = Int64(Int32(truncatingIfNeeded: bits)) }
        }
        return (seconds, nanoseconds)
    }

    private static func append(_ value: Int, digits: Int, to queue: inout ByteQueue) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            queue.append(byte: UInt8(0x30 + value / unit % 10))
            unit /= 10
        }
    }

    /// None, three, six or nine digits.
    private static func append(fraction nanoseconds: Int, to queue: inout ByteQueue) {
        guard nanoseconds > 0 else { return }
        queue.append(".")
        if nanoseconds % 1_000_000 == 0 {
            append(nanoseconds / 1_000_000, digits: 3, to: &queue)
        } else if nanoseconds % 1000 == 0 {
            append(nanoseconds / 1000, digits: 6, to: &queue)
        } else {
            append(nanoseconds, digits: 9, to: &queue)
        }
    }
}
