/// What a model of Gemini's takes, by its name: its generations differ in how thinking is asked for
/// (ai.google.dev/gemini-api/docs/thinking).
///
/// Names that tell no version, such as `gemini-flash-latest`, are taken for the newest.
struct GeminiModel {
    /// How thinking is asked for.
    enum Thinking {
        /// Not at all (until 2.0).
        case none
        /// By a budget of tokens (2.5).
        case budget
        /// By a level (since 3).
        case level
    }

    let thinking: Thinking
    /// Whether it always thinks: its larger models do.
    let isPro: Bool
    /// Whether it knows the level between low and high: the first of the third generation's larger
    /// models does not.
    let hasMedium: Bool

    init(named name: String) {
        isPro = name.contains("pro")
        guard let version = Self.version(of: name) else {
            (thinking, hasMedium) = (.level, true)
            return
        }
        thinking = version < (2, 5) ? .none : version < (3, 0) ? .budget : .level
        hasMedium = !isPro || version > (3, 0)
    }

    /// The first number of a name: `gemini-2.5-flash` is 2.5, `gemini-3-pro-preview` is 3.0.
    private static func version(of name: String) -> (major: Int, minor: Int)? {
        for word in name.split(whereSeparator: { $0 == "-" || $0 == "/" || $0 == "@" }) {
            let numbers = word.split(separator: ".", omittingEmptySubsequences: false)
            guard numbers.count <= 2, let major = Int(numbers[0]), major < 100 else { continue }
            return (major, numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0)
        }
        return nil
    }
}
