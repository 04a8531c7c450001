/// What has passed of an attempt's answer, counted, and how much of it comes at once.
///
/// Counting is nothing but additions, since it is done for every piece.
struct AnswerMeter {
    private var bytes = 0
    private var pieces = 0
    /// Tokens of pieces that were counted by the model's vocabulary.
    private var counted: Int64 = 0
    /// What had passed at the last look.
    private var tokensBefore: Int64 = 0
    /// The most tokens that were read at once.
    private(set) var batchMax: Int64 = 0

    /// Adds a piece of content.
    @inline(__always)
    mutating func add(_ more: Int) {
        bytes &+= more
        pieces &+= 1
    }

    /// Adds a piece whose tokens were counted: one at least, however it was cut.
    mutating func add(tokens: Int) { counted &+= Int64(max(tokens, 1)) }

    /// Output tokens that have passed. Where they were not counted: upstreams send at least a token
    /// in a piece, and where they gather several, a token has four bytes on average.
    @inline(__always)
    var tokens: Int64 { counted &+ Int64(max(pieces, (bytes &+ 3) / 4)) }

    /// Output tokens that have passed for certain, as far as counting can tell: upstreams that send
    /// less than a token in a piece are counted by bytes, those that gather several by pieces.
    @inline(__always)
    var tokensAtLeast: Int64 { Int64(min(pieces, bytes / 4)) }

    /// Looks at what was read at once, when it has been read.
    @inline(__always)
    mutating func look() {
        let passed = tokens
        if passed &- tokensBefore > batchMax { batchMax = passed &- tokensBefore }
        tokensBefore = passed
    }

    /// How many tokens may be on their way and not read: at least so many, and twice what came at
    /// once, since as much may come again.
    @inline(__always)
    func margin(atLeast least: Int64) -> Int64 { max(least, 2 &* batchMax) }
}
