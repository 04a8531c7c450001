import TestSupport

/// gzip by another implementation than the room's own.
enum Gzip {
    static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        try Subprocess.run(["gzip", "-c"], input: bytes)
    }

    static func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
        try Subprocess.run(["gzip", "-dc"], input: bytes)
    }
}
