import Foundation

/// gzip by another implementation than the room's own.
enum Gzip {
    static func compress(_ bytes: [UInt8]) throws -> [UInt8] { try run(["-c"], bytes) }
    static func decompress(_ bytes: [UInt8]) throws -> [UInt8] { try run(["-dc"], bytes) }

    private static func run(_ arguments: [String], _ input: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip"] + arguments
        let source = Pipe()
        let sink = Pipe()
        process.standardInput = source
        process.standardOutput = sink
        try process.run()
        // What is sent in tests fits into a pipe, so that writing does not wait for reading.
        source.fileHandleForWriting.write(Data(input))
        try source.fileHandleForWriting.close()
        let output = sink.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [UInt8](output)
    }
}
