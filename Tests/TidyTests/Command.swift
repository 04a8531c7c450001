import Foundation
import Testing

/// Runs a tool that the tests compare with.
enum Command {
    /// What the tool writes; fails the test if the tool fails.
    static func output(_ words: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let written = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(words.joined(separator: " ")) failed")
        return String(decoding: written, as: UTF8.self)
    }
}
