/// Why and where a text is not JSON.
public struct JSONFault: Error, Equatable, Sendable {
    /// What is wrong, such as "expected a comma or `}`".
    public let message: String
    /// The byte at fault, from zero; the length of the text when it ends too early.
    public let offset: Int
    /// The line of that byte, from one.
    public let line: Int
    /// The byte in its line, from one.
    public let column: Int

    /// Where and why, for people: "line 3, column 14: expected a comma or `}`".
    public var summary: String { "line \(line), column \(column): \(message)" }
}
