import Foundation
import Testing

/// The working tree that these tests were built from.
enum Repository {
    /// The folder of Package.swift.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files below some folders whose names end in one of some extensions, sorted by path.
    static func files(under folders: [String], extensions: Set<String>) throws -> [SourceFile] {
        var found: [SourceFile] = []
        for folder in folders {
            let start = root.appending(path: folder)
            guard FileManager.default.fileExists(atPath: start.path) else { continue }
            let walk = try #require(
                FileManager.default.enumerator(
                    at: start, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles]))
            for case let url as URL in walk {
                // What clients' tests build stands there.
                if url.lastPathComponent == "build" { walk.skipDescendants() }
                guard extensions.contains(url.pathExtension) else { continue }
                found.append(try file(String(url.path.dropFirst(root.path.count + 1))))
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    /// One file by its path from the root.
    static func file(_ path: String) throws -> SourceFile {
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        return SourceFile(path: path, text: text)
    }

    /// Every Swift file that people write.
    static func swift() throws -> [SourceFile] {
        let files = try files(under: ["Sources", "Tests"], extensions: ["swift"])
        try #require(files.count > 20, "the sources were not found from \(root.path)")
        return files
    }
}
