public import GatewayPrimitives

/// Finds what a streamed reply is made of in bytes as they arrive; see ``SSEScanner/next(in:)``.
public protocol StreamScanning: ~Copyable {
    mutating func next(in bytes: ByteView) -> SSEScanner.Step
}

extension SSEScanner: StreamScanning {}

/// Finds the lines of a stream of JSON texts, one a line (application/x-ndjson), as events without
/// a name.
///
/// Line ends are LF and CRLF; empty lines say nothing. What is not ended by a line end is none.
public struct LineScanner: StreamScanning, ~Copyable {
    private let lineBytesMax: Int
    /// Up to where the first line is known to go on.
    private var searched = 0

    /// A scanner of lines that are at most `lineBytesMax` long.
    public init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    public mutating func next(in bytes: ByteView) -> SSEScanner.Step {
        var start = 0
        while let end = bytes.dropping(first: searched).firstIndex(of: 0x0A).map({ $0 + searched })
        {
            searched = end + 1
            if end - start > lineBytesMax { return .tooLong }
            let hasReturn = end > start && bytes[end - 1] == 0x0D
            let line = bytes[start..<(hasReturn ? end - 1 : end)]
            guard line.isEmpty else {
                searched = 0
                return .event(
                    SSEEvent(type: .empty, data: line, lastID: .empty), consumed: end + 1)
            }
            start = end + 1
        }
        if bytes.count - start > lineBytesMax { return .tooLong }
        searched = bytes.count - start
        return .incomplete(consumed: start)
    }
}
