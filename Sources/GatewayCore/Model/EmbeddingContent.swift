/// What to embed, in core types.
public struct EmbeddingContent: Sendable {
    public var inputs: [Input]
    /// Length of each vector; zero means the model's own.
    public var dimensionCount: Int
    /// An opaque id of the end user, passed upstream. Empty means none.
    public var endUser: String
    /// A JSON object merged into the upstream request. Empty means none.
    public var extraBodyJSON: String
    /// The dialect that ``extraBodyJSON`` is written in.
    public var jsonDialect = Dialect.openAIEmbeddings

    public enum Input: Sendable {
        case text(String)
        case tokens([Int32])
    }

    public init(
        inputs: [Input], dimensionCount: Int = 0, endUser: String = "", extraBodyJSON: String = ""
    ) {
        self.inputs = inputs
        self.dimensionCount = dimensionCount
        self.endUser = endUser
        self.extraBodyJSON = extraBodyJSON
    }
}
