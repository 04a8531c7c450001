internal import GatewayPrimitives

// Vectors as OpenAI writes them when asked for Base64: little-endian single-precision numbers.
extension Base64 {
    /// Whether the characters stand for whole single-precision numbers.
    static func isVector(_ text: ByteView) -> Bool {
        decode(text).map { $0.count % 4 == 0 } ?? false
    }

    /// The numbers that the characters stand for; none if they stand for no vector.
    static func vector(_ text: ByteView) -> [Float] {
        guard let bytes = decode(text) else { return [] }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                let bits = raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    /// Appends the characters for numbers.
    static func append(vector: [Float], into output: inout ByteQueue) {
        let words = vector.map { $0.bitPattern.littleEndian }
        words.withUnsafeBytes { append($0, into: &output) }
    }
}
