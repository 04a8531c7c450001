import CGatewayProto
import GatewayPrimitives
import JSON

/// Reads the messages of google.protobuf that JSON has as a text.
enum WellKnownReader {
    /// `1972-01-01T10:00:20.021Z` (RFC 3339), with any offset.
    static func timestamp(
        _ value: JSONValue, into queue: inout ByteQueue
    ) throws(MessageError) {
        var cursor = TextCursor(try text(value))
        guard let year = cursor.digits(4), cursor.skip("-"), let month = cursor.digits(2),
            cursor.skip("-"), let day = cursor.digits(2), cursor.skip("T") || cursor.skip("t"),
            let hour = cursor.digits(2), cursor.skip(":"), let minute = cursor.digits(2),
            cursor.skip(":"), let second = cursor.digits(2),
            let nanoseconds = cursor.fraction(), let offset = offset(&cursor), cursor.isAtEnd,
            CivilDate.isValid(year: year, month: month, day: day), hour < 24, minute < 60,
            second < 60
        else { throw MessageError("is not a time like 2026-01-31T10:00:20.021Z") }
        let days = CivilDate.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - offset
        guard WellKnownType.timestampSeconds.contains(seconds) else {
            throw MessageError("is a time before the year 1 or after the year 9999")
        }
        append(seconds: seconds, nanoseconds: nanoseconds, to: &queue)
    }

    /// East of Greenwich, in seconds.
    private static func offset(_ cursor: inout TextCursor) -> Int64? {
        if cursor.skip("Z") || cursor.skip("z") { return 0 }
        let sign: Int64
        if cursor.skip("+") { sign = 1 } else if cursor.skip("-") { sign = -1 } else { return nil }
        guard let hours = cursor.digits(2), cursor.skip(":"), let minutes = cursor.digits(2),
            hours < 24, minutes < 60
        else { return nil }
        return sign * Int64(hours * 3600 + minutes * 60)
    }

    /// `1.5s`.
    static func duration(
        _ value: JSONValue, into queue: inout ByteQueue
    ) throws(MessageError) {
        var cursor = TextCursor(try text(value))
        let isNegative = cursor.skip("-")
        guard let seconds = cursor.number(), let nanoseconds = cursor.fraction(), cursor.skip("s"),
            cursor.isAtEnd
        else { throw MessageError("is not a duration like 1.5s") }
        guard WellKnownType.durationSeconds.contains(seconds),
            seconds < WellKnownType.durationSeconds.upperBound || nanoseconds == 0
        else { throw MessageError("is a duration of more than 10,000 years") }
        append(
            seconds: isNegative ? -seconds : seconds,
            nanoseconds: isNegative ? -nanoseconds : nanoseconds, to: &queue)
    }

    /// `user.displayName,photo`.
    static func fieldMask(
        _ value: JSONValue, into queue: inout ByteQueue
    ) throws(MessageError) {
        var rest = try text(value)
        var isAtEnd = rest.isEmpty
        while !isAtEnd {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.count
            isAtEnd = end == rest.count
            let path = rest[0..<end]
            var isPath = !path.isEmpty
            WireWriter.append(lengthPrefixed: 1, to: &queue) { queue in
                isPath = ProtoFieldPath.appendProto(path: path, to: &queue) && isPath
            }
            guard isPath else { throw MessageError("is not a list of paths like a.fieldName,b") }
            rest = rest.dropping(first: min(end + 1, rest.count))
        }
    }

    private static func text(_ value: JSONValue) throws(MessageError) -> ByteView {
        guard let text = value.string else {
            throw MessageError("must be a string, is \(value.kind.words)")
        }
        return text
    }

    /// Both messages: seconds = 1, nanos = 2.
    private static func append(seconds: Int64, nanoseconds: Int64, to queue: inout ByteQueue) {
        if seconds != 0 {
            WireWriter.append(tag: 1, .varint, to: &queue)
            WireWriter.append(varint: UInt64(bitPattern: seconds), to: &queue)
        }
        if nanoseconds != 0 {
            WireWriter.append(tag: 2, .varint, to: &queue)
            WireWriter.append(varint: UInt64(bitPattern: nanoseconds), to: &queue)
        }
    }
}
