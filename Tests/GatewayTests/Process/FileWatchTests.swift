import Foundation
import Testing
import Transport

@testable import Gateway

/// Files are seen to change however they are changed.
struct FileWatchTests {
    private final class Counter {
        var count = 0
    }

    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("file-watch-\(UUID().uuidString)")

    private func watch(_ change: (String) throws -> Void) throws -> Int {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("a.pem").path
        try "one".write(toFile: file, atomically: false, encoding: .utf8)
        let counter = Counter()
        let watch = FileWatch(loop: EventLoop(index: 0), files: [file]) { counter.count += 1 }
        watch.look()
        #expect(counter.count == 0)
        try change(file)
        watch.look()
        watch.look()
        return counter.count
    }

    @Test func aFileWrittenInPlaceIsSeen() throws {
        #expect(
            try watch { try "another".write(toFile: $0, atomically: false, encoding: .utf8) } == 1)
    }

    @Test func aFileMovedIntoPlaceIsSeen() throws {
        #expect(try watch { try "two".write(toFile: $0, atomically: true, encoding: .utf8) } == 1)
    }

    @Test func aFileThatGoesIsSeen() throws {
        #expect(try watch { try FileManager.default.removeItem(atPath: $0) } == 1)
    }

    /// As secrets are given to containers: the files are links through a folder that is switched.
    @Test func aFolderOfLinksThatIsSwitchedIsSeen() throws {
        let files = FileManager.default
        let switched = folder.appendingPathComponent("data").path
        let count = try watch { file in
            for name in ["1", "2"] {
                let inner = folder.appendingPathComponent(name)
                try files.createDirectory(at: inner, withIntermediateDirectories: true)
                try "new".write(
                    to: inner.appendingPathComponent("a.pem"), atomically: false, encoding: .utf8)
            }
            try files.removeItem(atPath: file)
            try files.createSymbolicLink(atPath: switched, withDestinationPath: "2")
            try files.createSymbolicLink(atPath: file, withDestinationPath: "data/a.pem")
        }
        #expect(count == 1)
    }

    @Test func nothingIsSeenWhereNothingChanges() throws {
        #expect(try watch { _ in } == 0)
    }
}
