public import GatewayPrimitives

/// Counts the tokens of texts as a model of a byte-pair vocabulary does.
///
/// A text is cut into pieces by its vocabulary's pattern (see ``TextPieces``), and each piece is
/// joined from its bytes, the pair of the lowest rank first, until no pair is a token. Texts that
/// look like a model's control tokens are counted as texts.
public final class Tokenizer: Sendable {
    /// Where its vocabulary comes from, to tell it from others.
    public let source: String
    private let vocabulary: BytePairVocabulary
    private let pattern: TextPieces.Pattern

    public init(
        _ vocabulary: BytePairVocabulary, pattern: TextPieces.Pattern, source: String = ""
    ) {
        self.vocabulary = vocabulary
        self.pattern = pattern
        self.source = source
    }

    /// How many tokens a text has. The bytes should be UTF-8; others are taken one by one.
    public func count(_ text: ByteView) -> Int {
        var pieces = TextPieces(text, pattern: pattern)
        var sum = 0
        while let piece = pieces.next() { sum += count(piece: piece.buffer) }
        return sum
    }

    public func count(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { count(ByteView(start: $0.baseAddress, count: $0.count)) }
    }

    private func count(piece: UnsafeBufferPointer<UInt8>) -> Int {
        if piece.count <= 1 || vocabulary.rank(of: piece) != nil { return 1 }
        return piece.count <= Self.scanBytesMax ? joinByScan(piece) : joinByHeap(piece)
    }

    /// Up to here looking at all pairs again after each join is cheaper than a heap of them.
    private static let scanBytesMax = 96

    private func rank(
        _ piece: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int
    ) -> UInt32 {
        vocabulary.rank(of: UnsafeBufferPointer(rebasing: piece[start..<end])) ?? .max
    }

    private func joinByScan(_ piece: UnsafeBufferPointer<UInt8>) -> Int {
        // Where each part begins, and the rank of it and the next together.
        var starts = Array(0...piece.count)
        var ranks = (0..<piece.count).map {
            $0 + 2 <= piece.count ? rank(piece, $0, $0 + 2) : .max
        }
        while true {
            var best = UInt32.max
            var place = 0
            for index in ranks.indices where ranks[index] < best {
                best = ranks[index]
                place = index
            }
            if best == .max { return ranks.count }
            starts.remove(at: place + 1)
            ranks.remove(at: place + 1)
            func pair(_ index: Int) -> UInt32 {
                index + 2 < starts.count ? rank(piece, starts[index], starts[index + 2]) : .max
            }
            ranks[place] = pair(place)
            if place > 0 { ranks[place - 1] = pair(place - 1) }
        }
    }

    /// The same in n log n steps, for pieces that somebody made long on purpose.
    private func joinByHeap(_ piece: UnsafeBufferPointer<UInt8>) -> Int {
        let count = piece.count
        // The part that begins at a place ends where the next begins; joined parts have no next.
        var next = (0..<count).map { Int32($0 + 1) }
        var previous = (0..<count).map { Int32($0 - 1) }
        var heap = PairHeap()
        for start in 0..<count - 1 {
            let rank = rank(piece, start, start + 2)
            if rank != .max {
                heap.push(.init(rank: rank, start: Int32(start), end: Int32(start + 2)))
            }
        }
        var parts = count
        while let pair = heap.pop() {
            let start = Int(pair.start)
            let middle = Int(next[start])
            // A pair of which a part was joined meanwhile is none any more.
            guard middle > 0, middle < count, next[middle] == pair.end else { continue }
            next[start] = pair.end
            next[middle] = -1
            parts -= 1
            let end = Int(pair.end)
            if end < count {
                previous[end] = pair.start
                push(piece, start, Int(next[end]), &heap)
            }
            if previous[start] >= 0 { push(piece, Int(previous[start]), end, &heap) }
        }
        return parts
    }

    private func push(
        _ piece: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ heap: inout PairHeap
    ) {
        let rank = rank(piece, start, end)
        if rank != .max { heap.push(.init(rank: rank, start: Int32(start), end: Int32(end))) }
    }
}

/// Pairs of parts of a piece, that of the lowest rank first, and of equal ones the leftmost.
private struct PairHeap {
    struct Pair {
        let rank: UInt32
        let start: Int32
        let end: Int32

        func isBefore(_ other: Pair) -> Bool {
            rank != other.rank ? rank < other.rank : start < other.start
        }
    }

    private var pairs: [Pair] = []

    mutating func push(_ pair: Pair) {
        pairs.append(pair)
        var child = pairs.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard pairs[child].isBefore(pairs[parent]) else { return }
            pairs.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Pair? {
        guard let first = pairs.first else { return nil }
        let last = pairs.removeLast()
        guard !pairs.isEmpty else { return first }
        pairs[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < pairs.count {
                if pairs[child].isBefore(pairs[least]) { least = child }
            }
            if least == parent { return first }
            pairs.swapAt(parent, least)
            parent = least
        }
    }
}
