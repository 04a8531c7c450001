import Foundation
import FuzzTargets
import Testing

/// What libFuzzer starts from and what it has found, given to the parsers again: each input, each
/// beginning of it, and each with a bit turned over.
@Suite("Corpora of the fuzz targets")
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Corpus")
    /// An input is cut and changed at this many places at most.
    private static let placesMax = 60

    private static func corpus(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = folder.appending(path: target.rawValue)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
        }
    }

    @Test("holds for each input", arguments: FuzzTarget.allCases)
    func holds(for target: FuzzTarget) throws {
        let corpus = try Self.corpus(of: target)
        #expect(corpus.count >= 5)
        for (name, bytes) in corpus {
            #expect(target.finding(in: bytes) == nil, "\(target.rawValue)/\(name)")
        }
    }

    @Test("holds for what is close to them", arguments: FuzzTarget.allCases)
    func holdsNearby(for target: FuzzTarget) throws {
        for (name, bytes) in try Self.corpus(of: target) {
            let step = bytes.count / Self.placesMax + 1
            for place in stride(from: 0, to: bytes.count, by: step) {
                let cut = Array(bytes[..<place])
                #expect(target.finding(in: cut) == nil, "\(name), \(place) bytes of it")
                var turned = bytes
                turned[place] ^= 1 << UInt8(place % 8)
                #expect(target.finding(in: turned) == nil, "\(name), byte \(place) changed")
            }
        }
    }
}
