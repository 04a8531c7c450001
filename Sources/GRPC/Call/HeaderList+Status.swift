import GatewayPrimitives
import Transport

extension HeaderList {
    /// Adds `grpc-status` and what explains it.
    mutating func append(_ status: GRPCStatus) {
        append("grpc-status", decimal: status.code.rawValue)
        if !status.message.isEmpty {
            var encoded = ByteQueue()
            PercentEncoding.append(
                status.message, bytesMax: GRPCLimits.statusMessageBytesMax, to: &encoded)
            append("grpc-message", encoded.view)
        }
        if !status.details.isEmpty && status.details.count <= GRPCLimits.statusDetailsBytesMax {
            append("grpc-status-details-bin", base64: status.details)
        }
    }

    /// Adds a field of bytes, as those whose names end in `-bin` have them.
    mutating func append(_ name: StaticString, base64 value: [UInt8]) {
        var encoded = ByteQueue()
        value.withUnsafeBytes { Base64.append($0, isPadded: false, into: &encoded) }
        append(name, encoded.view)
    }

    mutating func append(contentsOf other: borrowing HeaderList) {
        for index in 0..<other.count {
            append(name: other.name(at: index), value: other.value(at: index))
        }
    }
}
