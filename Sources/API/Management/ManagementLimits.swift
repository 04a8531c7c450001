/// The bounds of the management doors.
enum ManagementLimits {
    /// The longest text in a field of a request.
    static let textBytesMax = 4096
    /// The longest path that is looked up.
    static let pathBytesMax = 1024
    /// Parameters of a query that are read; more make the request invalid.
    static let queryParametersMax = 100
    /// Elements of a list in a request.
    static let listElementsMax = 10_000
    /// What is wrong with a request is told up to this many fields.
    static let violationsMax = 20
    /// Of a value that is at fault, as much is shown.
    static let shownBytesMax = 80
}
