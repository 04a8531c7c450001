import Foundation
import GatewayPrimitives
import Testing

@testable import GRPC

@Suite("Binary metadata")
struct Base64Tests {
    private static func encode(_ bytes: [UInt8]) -> String {
        var queue = ByteQueue()
        Base64.append(bytes, to: &queue)
        return queue.view.string
    }

    @Test("is written without padding, and read with and without")
    func roundTrips() {
        var random = SeededRandom(seed: 5)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let padded = Data(bytes).base64EncodedString()
            let encoded = Self.encode(bytes)
            #expect(encoded == padded.replacingOccurrences(of: "=", with: ""))
            #expect(lend(encoded) { Base64.decode($0) } == bytes)
            #expect(lend(padded) { Base64.decode($0) } == bytes)
        }
    }

    @Test(
        "is refused when it is not base64",
        arguments: [
            "A", "AAAAA", "====", "=", "AA=", "AAA==", "AAAA=", "AAAA==", "AA===", "A===", "AA=A",
            "A A=", "AA-_", "AB\n=", "AAB", "AB", "é", "QQ==QQ==",
        ])
    func refuses(_ text: String) {
        #expect(lend(text) { Base64.decode($0) } == nil)
    }
}
