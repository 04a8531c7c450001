import Testing

/// As ``CheckTests``, for the formatter's configuration.
@Suite("The formatter's configuration is compared rule by rule")
struct FormatConfigCheckTests {
    private let complete = #"{"lineLength": 100, "rules": {"A": true, "B": false}}"#

    @Test("What is not set, and what does not exist, is found")
    func differences() throws {
        let file = SourceFile(path: "f", text: #"{"rules": {"A": true, "C": true}}"#)
        let messages = try FormatConfigCheck.check(file, against: complete).map(\.message)
        #expect(
            messages == [
                "rule B is not set", "rule C does not exist", "setting lineLength is not set",
            ])
    }

    @Test("Other values of all that exists are fine")
    func otherValues() throws {
        let file = SourceFile(
            path: "f", text: #"{"lineLength": 80, "rules": {"A": false, "B": false}}"#)
        #expect(try FormatConfigCheck.check(file, against: complete).isEmpty)
    }
}
