import GatewayPrimitives

/// Reads the header that a proxy puts before a connection's own bytes, as it arrives: the PROXY
/// protocol (HAProxy's specification, 2020), version 1 in text and version 2 in binary.
///
/// Whether there is one is never guessed: it is read where the configuration says that it comes,
/// and must be there. What follows it is left in the input. Not to be used after it is done.
struct ProxyHeader {
    /// What a call of ``take(_:)`` has found.
    enum Step: Equatable {
        /// All input has been taken and the header goes on.
        case needsMore
        /// The header is complete. The client's address, or `nil` where the proxy speaks for
        /// itself (its health checks) or of a client without such an address.
        case complete(NetworkAddress?)
        /// It is no such header.
        case malformed
    }

    /// Version 1, section 2.1: the longest line, with its end.
    private static let lineBytesMax = 107
    /// Version 2, section 2.2: how a header begins. Its first byte tells it from version 1.
    private static let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
    private static let fixedBytes = 16

    /// What has come of the header.
    private var bytes: ContiguousArray<UInt8> = []

    /// Takes of the front of the input what belongs to the header.
    mutating func take(_ input: inout ByteView) -> Step {
        while !input.isEmpty {
            bytes.append(input[0])
            input = input.dropping(first: 1)
            let step = bytes[0] == 0x50 ? lineStep() : binaryStep()
            if step != .needsMore { return step }
        }
        return .needsMore
    }

    // MARK: - Version 1

    private func lineStep() -> Step {
        guard bytes.last == 0x0A else {
            return bytes.count < Self.lineBytesMax ? .needsMore : .malformed
        }
        return bytes.withUnsafeBufferPointer { buffer in
            let line = ByteView(start: buffer.baseAddress, count: buffer.count)
            guard line.hasSuffix("\r\n") else { return .malformed }
            return Self.read(line[0..<line.count - 2])
        }
    }

    /// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443`, or `PROXY UNKNOWN` and anything.
    private static func read(_ line: ByteView) -> Step {
        let words = line.buffer.split(separator: 0x20, omittingEmptySubsequences: false).map {
            line[$0.startIndex..<$0.endIndex]
        }
        guard words.count >= 2, words[0].equals("PROXY") else { return .malformed }
        if words[1].equals("UNKNOWN") { return .complete(nil) }
        guard words.count == 6, words[1].equals("TCP4") || words[1].equals("TCP6"),
            let client = NetworkAddress(words[2]), NetworkAddress(words[3]) != nil,
            (words[2].firstIndex(of: 0x3A) == nil) == words[1].equals("TCP4"),
            isPort(words[4]), isPort(words[5])
        else { return .malformed }
        return .complete(client)
    }

    private static func isPort(_ digits: ByteView) -> Bool {
        (digits.decimal ?? .max) <= 65_535
    }

    // MARK: - Version 2

    private func binaryStep() -> Step {
        let place = bytes.count - 1
        if place < 12 {
            return bytes[place] == ByteView(Self.signature)[place] ? .needsMore : .malformed
        }
        guard bytes.count >= Self.fixedBytes else { return .needsMore }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        // The upper half of byte 12 is the version, the lower half the command.
        guard bytes[12] == 0x20 || bytes[12] == 0x21,
            Self.fixedBytes + length <= Limits.proxyHeaderBytesMax
        else { return .malformed }
        guard bytes.count == Self.fixedBytes + length else { return .needsMore }
        return bytes[12] == 0x20 ? .complete(nil) : addresses(length)
    }

    private func addresses(_ length: Int) -> Step {
        bytes.withUnsafeBufferPointer { buffer in
            let rest = ByteView(start: buffer.baseAddress, count: buffer.count)
                .dropping(first: Self.fixedBytes)
            switch buffer[13] >> 4 {
            case 1:
                guard length >= 12 else { return .malformed }
                return .complete(
                    NetworkAddress(ipv4: rest[0..<4].buffer.reduce(0) { $0 << 8 | UInt32($1) }))
            case 2:
                guard length >= 36 else { return .malformed }
                return .complete(NetworkAddress(ipv6: rest[0..<16]))
            // No address, or one of a local socket.
            case 0, 3: return .complete(nil)
            default: return .malformed
            }
        }
    }
}
