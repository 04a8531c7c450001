/// Why TLS could not be set up or did not hold, in words for people; never holds a secret.
public struct TLSFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence without its end, such as `the file a.pem cannot be read: no start line`.
    public let description: String

    init(_ description: String) { self.description = description }
}
