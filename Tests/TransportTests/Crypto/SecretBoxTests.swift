import Testing

@testable import Transport

/// Sealed texts open for who has the key, at the place they belong to, and only whole.
struct SecretBoxTests {
    private let box = SecretBox(passphrase: "a passphrase of a test")

    @Test(arguments: ["", "x", String(repeating: "key ü ", count: 1_000)])
    func whatWasSealedOpens(text: String) {
        let sealed = box.seal(Array(text.utf8), at: "model 1")
        #expect(box.open(sealed, at: "model 1") == Array(text.utf8))
        #expect(box.open(sealed, at: "model 2") == nil)
        #expect(SecretBox(passphrase: "another").open(sealed, at: "model 1") == nil)
    }

    @Test func noTwoAreTheSame() {
        #expect(box.seal([1, 2, 3], at: "m") != box.seal([1, 2, 3], at: "m"))
    }

    @Test func anyChangedByteKeepsItShut() {
        let sealed = box.seal(Array("secret".utf8), at: "m")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(box.open(changed, at: "m") == nil, "byte \(index)")
        }
        for count in 0..<sealed.count {
            #expect(box.open(Array(sealed.prefix(count)), at: "m") == nil)
        }
    }
}
