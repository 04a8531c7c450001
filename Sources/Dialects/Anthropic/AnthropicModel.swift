/// What a model of Anthropic's takes, by its name: its generations differ.
///
/// From docs.claude.com: extended and adaptive thinking, effort, and the Messages API's notes on
/// `temperature`, `top_p` and `top_k`. Names that tell no version are taken for the newest; those
/// of other vendors' models, behind a server that speaks the dialect, for the oldest, which had
/// fewer rules.
struct AnthropicModel {
    /// Thinking is asked for by a budget of tokens (until 4.6).
    let takesBudget: Bool
    /// Thinking is asked for as `adaptive`, with an effort (since 4.6).
    let takesEffort: Bool
    /// Temperature and its like may be set (until 4.6).
    let takesSampling: Bool

    init(named name: String) {
        guard name.contains("claude") else {
            (takesBudget, takesEffort, takesSampling) = (true, false, true)
            return
        }
        let version = Self.version(of: name) ?? (major: .max, minor: 0)
        let isOldest = version < (4, 6)
        let isNewest = version > (4, 6)
        takesBudget = !isNewest
        takesEffort = !isOldest
        takesSampling = !isNewest
    }

    /// The first numbers of a name that are no date: `claude-3-5-sonnet-20241022` is 3.5,
    /// `claude-opus-4-20250514` is 4.0.
    private static func version(of name: String) -> (major: Int, minor: Int)? {
        var numbers: [Int] = []
        let words = name.split { $0 == "-" || $0 == "." || $0 == "@" || $0 == "/" || $0 == ":" }
        for word in words {
            guard let number = Int(word), word.count <= 2 else {
                if numbers.isEmpty { continue }
                break
            }
            numbers.append(number)
        }
        guard let major = numbers.first else { return nil }
        return (major, numbers.count > 1 ? numbers[1] : 0)
    }
}
