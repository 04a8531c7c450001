import GatewayPrimitives
import TestSupport
import Testing

@testable import Dialects

/// Vectors as Base64 of whole little-endian numbers.
struct Base64VectorTests {
    @Test func vectorsReadBack() {
        let values: [Float] = [0, -1.5, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
        let coded = Bytes(written { Base64.append(vector: values, into: &$0) })
        #expect(Base64.isVector(coded.view))
        #expect(Base64.vector(coded.view) == values)
    }

    @Test func theOrderOfBytesIsThatOfOtherServers() {
        // numpy.array([1, 2], dtype="<f4").tobytes()
        #expect(Base64.vector(Bytes("AACAPwAAAEA=").view) == [1, 2])
    }

    @Test(arguments: ["AACAPwA=", "?", "AACAPwAAAEA"])
    func whatIsNoVectorIsToldApart(text: String) {
        #expect(!Base64.isVector(Bytes(text).view))
    }
}
