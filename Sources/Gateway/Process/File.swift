import Glibc

/// Small files, read and written whole at the start of the process.
enum File {
    /// Larger files are refused.
    static let bytesMax = 16 * 1024 * 1024

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Reads a text.
    static func read(_ path: String) throws(FileError) -> String {
        try read(path, bytesMax: bytesMax)
    }

    /// The same of a file that may be larger than those of a configuration.
    static func read(_ path: String, bytesMax: Int) throws(FileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path, doing: "read", code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw FileError(path, doing: "read", code: errno)
            }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else {
                throw FileError("\(path) is larger than \(bytesMax) bytes")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError("\(path) is not UTF-8")
        }
        return text
    }

    /// Writes a new file that nobody else may read; fails if there is one already.
    static func createPrivate(_ path: String, _ text: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(path, doing: "create", code: errno) }
        defer { close(descriptor) }
        var text = text
        let isWritten = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) == $0.count }
        guard isWritten else { throw FileError(path, doing: "write", code: errno) }
    }

    /// Makes a folder that nobody else may enter, unless there is one.
    static func createPrivateFolder(_ path: String) throws(FileError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw FileError(path, doing: "create the folder", code: errno)
    }

    /// Whether only the file's owner may read it.
    static func isPrivate(_ path: String) throws(FileError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(path, doing: "look at", code: errno) }
        return status.st_mode & 0o077 == 0
    }
}
