import GatewayPrimitives
import Transport

@testable import GRPC

/// What the wires besides gRPC read: Base64 that comes in pieces, queries, lists of encodings, and
/// compressed messages.
enum WireFuzzing {
    static func web(_ input: [UInt8]) -> String? {
        input.withView { view in
            _ = AcceptedEncodings.includeGzip(view)
            _ = ConnectQuery(target: view)
        }
        return Cuts.difference(input[...]) { pieces in
            var waiting = ByteQueue()
            var decoded = ByteQueue()
            for piece in pieces {
                waiting.append(array: piece)
                guard let count = Base64.decodeGroups(waiting.view, into: &decoded) else {
                    return ["refused"]
                }
                waiting.consume(count)
            }
            return ["\(decoded.view.bytes) and \(waiting.count) more"]
        }
    }

    /// What is taken stays within its bound, and comes back when it is compressed again.
    static func gzip(_ input: [UInt8]) -> String? {
        let bytesMax = 64 * 1024
        var output = ByteQueue()
        let isTaken = input.withView { view in
            (try? GzipInflater().inflate(view, bytesMax: bytesMax, into: &output)) != nil
        }
        guard isTaken else { return output.isEmpty ? nil : "a fault left \(output.count) bytes" }
        if output.count > bytesMax { return "\(output.count) bytes where \(bytesMax) may be" }
        var small = ByteQueue()
        GzipDeflater().deflate(output.view, into: &small)
        var again = ByteQueue()
        guard (try? GzipInflater().inflate(small.view, bytesMax: bytesMax, into: &again)) != nil,
            again.view.equals(output.view)
        else { return "what was compressed does not come back" }
        return nil
    }
}
