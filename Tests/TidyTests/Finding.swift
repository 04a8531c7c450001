/// A place where a convention is broken.
struct Finding: CustomStringConvertible, Equatable {
    let path: String
    /// From one; zero stands for the file as a whole.
    let line: Int
    /// Which convention, and what to do about it.
    let message: String

    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}
