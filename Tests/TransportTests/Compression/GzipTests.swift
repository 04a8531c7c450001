import GatewayPrimitives
import Testing

@testable import Transport

@Suite("gzip")
struct GzipTests {
    private static func deflate(_ bytes: [UInt8], by deflater: GzipDeflater) -> [UInt8] {
        var input = ByteQueue()
        input.append(array: bytes)
        var output = ByteQueue()
        deflater.deflate(input.view, into: &output)
        return output.view.bytes
    }

    private static func inflate(
        _ bytes: [UInt8], bytesMax: Int = 1 << 20, by inflater: GzipInflater = GzipInflater()
    ) throws(GzipInflater.Fault) -> [UInt8] {
        var input = ByteQueue()
        input.append(array: bytes)
        var output = ByteQueue()
        output.append("before")
        defer { #expect(output.view.hasPrefix("before")) }
        try inflater.inflate(input.view, bytesMax: bytesMax, into: &output)
        return Array(output.view.bytes.dropFirst(6))
    }

    @Test("comes back as it was, of one object again and again")
    func roundTrips() throws {
        let deflater = GzipDeflater()
        let inflater = GzipInflater()
        for count in [0, 1, 100, 16_384, 16_385, 300_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
            let small = Self.deflate(bytes, by: deflater)
            #expect(small.prefix(2) == [0x1F, 0x8B])
            #expect(try Self.inflate(small, by: inflater) == bytes)
        }
    }

    @Test("may be several members")
    func members() throws {
        let deflater = GzipDeflater()
        let both = Self.deflate([1, 2], by: deflater) + Self.deflate([3], by: deflater)
        #expect(try Self.inflate(both) == [1, 2, 3])
    }

    @Test("stops at the bound, however much it stands for")
    func bomb() {
        let bomb = Self.deflate([UInt8](repeating: 0, count: 50_000_000), by: GzipDeflater())
        #expect(bomb.count < 300_000)
        let inflater = GzipInflater()
        #expect(throws: GzipInflater.Fault.tooLarge) {
            try Self.inflate(bomb, bytesMax: 100_000, by: inflater)
        }
        #expect(throws: GzipInflater.Fault.tooLarge) {
            try Self.inflate(Self.deflate([1, 2, 3], by: GzipDeflater()), bytesMax: 2)
        }
        // What was half done before does no harm.
        let good = Self.deflate([7], by: GzipDeflater())
        #expect((try? Self.inflate(good, by: inflater)) == [7])
    }

    @Test("is refused when it is cut, changed or none")
    func malformed() {
        let good = Self.deflate(Array("hello, hello, hello".utf8), by: GzipDeflater())
        for count in 0..<good.count {
            #expect(throws: GzipInflater.Fault.malformed, "\(count)") {
                try Self.inflate(Array(good.prefix(count)))
            }
        }
        for index in good.indices where index != 4 && !(3...9).contains(index) {
            var changed = good
            changed[index] ^= 0x55
            #expect((try? Self.inflate(changed)) != Array("hello, hello, hello".utf8))
        }
        #expect(throws: GzipInflater.Fault.malformed) { try Self.inflate(good + [0]) }
    }

    @Test("can be read up to each piece, of a body that is being made")
    func streams() throws {
        let deflater = StreamDeflater()
        var output = ByteQueue()
        var plain: [UInt8] = []
        for count in [1, 300, 0, 40_000, 5] {
            let piece = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 2) }
            plain += piece
            let before = output.count
            deflater.append({ $0.append(array: piece) }, to: &output)
            // What ends a piece (RFC 1951, 3.2.4: an empty stored block).
            if count > 0 { #expect(output.view.bytes.suffix(4) == [0, 0, 0xFF, 0xFF]) }
            #expect((output.count > before) == (count > 0))
        }
        deflater.finish(into: &output)
        #expect(try Self.inflate(output.view.bytes) == plain)
    }
}
