import GatewayPrimitives
import Glibc

@testable import Telemetry

/// A file without a name that a log under test writes to.
final class LogFile {
    let descriptor: Int32

    init() {
        var path = Array("/tmp/log-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        precondition(descriptor >= 0, "mkstemp failed with errno \(errno)")
        unlink(path)
    }

    deinit { close(descriptor) }

    /// All that was written.
    var text: String {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, size, 0))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// 2026-11-24 00:18:11.042 UTC.
    static let time = WallTime(nanoseconds: 1_795_479_491_042_000_000)

    func log(
        level: LogLevel = .info, format: LogFormat = .json, bufferBytesMax: Int = 1 << 20
    ) -> Log {
        Log(
            level: level, format: format, descriptor: descriptor, bufferBytesMax: bufferBytesMax,
            clock: { LogFile.time })
    }
}
