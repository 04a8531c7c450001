import Testing

@testable import API

/// What was not sent upstream, told in a header field.
struct DroppedParamsTests {
    @Test func namesStandSideBySide() {
        #expect(DroppedParams.text(["seed", "tools[0].x"]) == "seed,tools[0].x")
        #expect(DroppedParams.text([]).isEmpty)
    }

    /// Names are a client's, and may not make fields of their own.
    @Test func whatAFieldCannotHoldIsNotInIt() {
        #expect(DroppedParams.text(["a\r\nx: y", "b,c", "\u{e4}\u{0}"]) == "a??x:?y,b?c,??")
    }

    @Test func manyNamesAreCut() {
        let text = DroppedParams.text((0..<500).map { "name\($0)" })
        #expect(text.utf8.count <= DroppedParams.bytesMax + 4)
        #expect(text.hasSuffix(",..."))
    }
}
