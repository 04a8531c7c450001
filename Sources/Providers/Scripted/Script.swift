/// What a scripted deployment answers, and how fast.
///
/// Named by the deployment's upstream model: `scripted/demo`, or with other figures
/// `scripted/demo?chunks=100&first_ms=0&interval_ms=10&chunk_bytes=12`.
public struct Script: Equatable, Sendable {
    /// How many pieces the answer has. `nil`: as many as the text has words.
    public var chunkCount: Int?
    /// Bytes of text in a piece of a counted answer.
    public var chunkBytes = 12
    /// From the request to the first piece.
    public var firstTokenDelay = Duration.milliseconds(120)
    /// From one piece to the next. Zero: all at once.
    public var interval = Duration.milliseconds(25)
    /// Elements of an embedding, where the request does not say.
    public var dimensionCount = 16

    static let chunkCountMax = 1_000_000
    static let chunkBytesMax = 65_536
    static let delayMillisecondsMax = 600_000
    static let dimensionCountMax = 4_096

    /// Why a script cannot be used.
    public struct Invalid: Error, Equatable {
        public let message: String
    }

    /// What the demo says.
    static let text = """
        Hello! I am the demo model of this gateway. I need no key and no network: I answer from a \
        script, one word at a time, so that you can see a stream flow through the gateway before \
        you connect a real model. Add one to model_list in the configuration and ask it by name.
        """

    /// - Parameter upstreamModel: what stands behind `scripted/`.
    public init(upstreamModel: String) throws(Invalid) {
        let parts = upstreamModel.split(separator: "?", maxSplits: 1)
        guard parts.first == "demo" else {
            throw Invalid(message: "There is no script `\(upstreamModel)`; the script is `demo`.")
        }
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let value = Int(sides[1]), value >= 0 else {
                throw Invalid(message: "`\(pair)` of script `\(upstreamModel)` is not NAME=NUMBER.")
            }
            try set(sides[0], to: value, in: upstreamModel)
        }
    }

    private mutating func set(_ name: Substring, to value: Int, in script: String) throws(Invalid) {
        let maximum: Int
        switch name {
        case "chunks":
            maximum = Self.chunkCountMax
            chunkCount = value
        case "chunk_bytes":
            maximum = Self.chunkBytesMax
            chunkBytes = value
        case "first_ms":
            maximum = Self.delayMillisecondsMax
            firstTokenDelay = .milliseconds(value)
        case "interval_ms":
            maximum = Self.delayMillisecondsMax
            interval = .milliseconds(value)
        case "dimensions":
            maximum = Self.dimensionCountMax
            dimensionCount = value
        default:
            throw Invalid(
                message: "Script `\(script)` has no `\(name)`; there are chunks, chunk_bytes, "
                    + "first_ms, interval_ms and dimensions.")
        }
        guard value <= maximum else {
            throw Invalid(message: "`\(name)` of script `\(script)` is more than \(maximum).")
        }
    }

    /// The pieces of the answer, in order.
    var chunks: [[UInt8]] {
        guard let chunkCount else {
            var words = Self.text.split(separator: " ").map { Array($0.utf8) + [0x20] }
            words[words.count - 1].removeLast()
            return words
        }
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz ".utf8)
        return (0..<chunkCount).map { index in
            (0..<chunkBytes).map { alphabet[(index + $0) % alphabet.count] }
        }
    }
}
