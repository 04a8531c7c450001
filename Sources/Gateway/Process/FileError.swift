import Glibc

/// A file cannot be used; says which and why.
struct FileError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// - Parameter doing: such as `read`.
    init(_ path: String, doing: String, code: Int32) {
        description = "cannot \(doing) \(path): \(String(cString: strerror(code)))"
    }
}
