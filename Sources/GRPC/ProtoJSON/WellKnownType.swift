import CGatewayProto
import GatewayPrimitives

/// The messages of google.protobuf that have a JSON form of their own, as far as the contract uses
/// them.
enum WellKnownType {
    case timestamp
    case duration
    case fieldMask
    case any

    /// `nil` for every other message.
    init?(_ message: UnsafePointer<ProtobufCMessageDescriptor>) {
        let name = ByteView(text: message.pointee.name)
        guard name.hasPrefix("google.protobuf.") else { return nil }
        if name.equals("google.protobuf.Timestamp") {
            self = .timestamp
        } else if name.equals("google.protobuf.Duration") {
            self = .duration
        } else if name.equals("google.protobuf.FieldMask") {
            self = .fieldMask
        } else if name.equals("google.protobuf.Any") {
            self = .any
        } else {
            return nil
        }
    }

    /// From 0001-01-01T00:00:00Z to the end of 9999, in seconds since 1970.
    static let timestampSeconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
    /// Ten thousand years either way.
    static let durationSeconds: ClosedRange<Int64> = -315_576_000_000...315_576_000_000
    static let nanosecondsPerSecond: Int64 = 1_000_000_000
}
