import Foundation
import GatewayPrimitives
import Testing

@testable import GRPC

@Suite("grpc-message")
struct PercentEncodingTests {
    private static func encode(_ text: String, bytesMax: Int = .max) -> String {
        var queue = ByteQueue()
        PercentEncoding.append(text, bytesMax: bytesMax, to: &queue)
        return queue.view.string
    }

    @Test(
        "leaves printable ASCII but the percent sign as it is",
        arguments: [
            ("", ""), ("plain words, \"quoted\" ~", "plain words, \"quoted\" ~"),
            ("100%", "100%25"), ("a\nb", "a%0Ab"), ("\t", "%09"), ("\u{7F}", "%7F"),
            ("é", "%C3%A9"), ("€", "%E2%82%AC"), ("😀", "%F0%9F%98%80"), ("\0", "%00"),
        ])
    func table(_ text: String, _ encoded: String) {
        #expect(Self.encode(text) == encoded)
    }

    @Test("is read back by a decoder of URLs, and fits into a header")
    func roundTrips() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<500 {
            let count = Int.random(in: 0..<40, using: &random)
            let scalars = (0..<count).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random))
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            let encoded = Self.encode(text)
            #expect(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E })
            #expect(encoded.removingPercentEncoding == text)
        }
    }

    @Test("is cut between characters, whatever its bound")
    func cutsBetweenCharacters() {
        let text = "aé€😀z"
        for bytesMax in 0...text.utf8.count + 1 {
            let decoded = Self.encode(text, bytesMax: bytesMax).removingPercentEncoding
            #expect(decoded.map { text.hasPrefix($0) && $0.utf8.count <= bytesMax } == true)
        }
        #expect(Self.encode(text, bytesMax: 3) == "a%C3%A9")
        #expect(Self.encode(text, bytesMax: 5) == "a%C3%A9")
    }
}
