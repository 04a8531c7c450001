import Foundation
import GatewayPrimitives
import Testing

@Suite("Base64")
struct Base64Tests {
    private static func encode(_ bytes: [UInt8], isPadded: Bool) -> String {
        var queue = ByteQueue()
        bytes.withUnsafeBytes { Base64.append($0, isPadded: isPadded, into: &queue) }
        return queue.view.string
    }

    private static func decode(_ text: String, as form: Base64.Form) -> [UInt8]? {
        var queue = ByteQueue()
        queue.append(text: text)
        return Base64.decode(queue.view, as: form)
    }

    /// Foundation's is the reference.
    @Test("is written and read in every form")
    func roundTrips() {
        var random = SeededRandom(seed: 5)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let padded = Data(bytes).base64EncodedString()
            let bare = padded.replacingOccurrences(of: "=", with: "")
            let urlSafe = bare.replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_")
            #expect(Self.encode(bytes, isPadded: true) == padded)
            #expect(Self.encode(bytes, isPadded: false) == bare)
            for form in [Base64.Form.padded, .unpadded, .any] {
                #expect(Self.decode(padded, as: form) == bytes)
            }
            for form in [Base64.Form.unpadded, .any] {
                #expect(Self.decode(bare, as: form) == bytes)
            }
            #expect(Self.decode(urlSafe, as: .any) == bytes)
        }
    }

    @Test(
        "is refused when it is not that",
        arguments: [
            "A", "AAAAA", "====", "=", "AA=", "AAA==", "AAAA=", "AAAA==", "AA===", "A===", "AA=A",
            "A A=", "AB\n=", "AAB", "AB", "é", "QQ==QQ==",
        ])
    func refuses(_ text: String) {
        for form in [Base64.Form.padded, .unpadded, .any] {
            #expect(Self.decode(text, as: form) == nil)
        }
    }

    @Test("keeps the alphabets and the padding that a form asks for")
    func forms() {
        #expect(Self.decode("AA-_", as: .unpadded) == nil)
        #expect(Self.decode("AA-_", as: .any) == [0, 15, 191])
        #expect(Self.decode("QQ", as: .padded) == nil)
        #expect(Self.decode("QQ", as: .unpadded) == [65])
    }

    /// A stream is decoded as it comes, whatever its pieces are.
    @Test("is decoded in groups, of which any may be padded")
    func groups() {
        var text = ByteQueue()
        text.append("QUJDREU=RkcA")
        text.append("Q==")
        var bytes = ByteQueue()
        #expect(Base64.decodeGroups(text.view, into: &bytes) == 12)
        #expect(bytes.view.bytes == Array("ABCDEFG".utf8) + [0])
    }

    @Test(
        "is refused in groups when one is not that",
        arguments: ["A===", "====", "A=AA", "AA=A", "AA-_", "AAAA AAA"])
    func refusesGroups(_ text: String) {
        var queue = ByteQueue()
        queue.append(text: text)
        var bytes = ByteQueue()
        #expect(Base64.decodeGroups(queue.view, into: &bytes) == nil)
    }
}
