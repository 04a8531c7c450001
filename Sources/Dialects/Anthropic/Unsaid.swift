internal import GatewayCore

/// What a request says that the upstream's dialect cannot: refused with the field's name, or left
/// out and reported where client or configuration allow that.
struct Unsaid {
    /// Whether what matters may be left out too.
    let mayDrop: Bool
    /// Whether the client wrote in OpenAI's words, and so knows the fields by those names.
    let isOpenAI: Bool
    private(set) var dropped: [String] = []
    private var refused: [FieldViolation] = []

    init(mayDrop: Bool, isOpenAI: Bool) {
        self.mayDrop = mayDrop
        self.isOpenAI = isOpenAI
    }

    /// The name of a field in the client's words.
    /// - Parameter contract: its path in a chat request of the contract.
    func name(_ contract: String, openAI: String) -> String { isOpenAI ? openAI : contract }

    /// Leaves out what does not change the answer's meaning: hints and labels.
    mutating func drop(_ contract: String, openAI: String) {
        dropped.append(name(contract, openAI: openAI))
    }

    /// Leaves out what matters, if that is allowed.
    mutating func refuse(_ contract: String, openAI: String, _ why: String = "is not supported") {
        guard mayDrop else {
            let field = isOpenAI ? openAI : "chat.\(contract)"
            refused.append(FieldViolation(field: field, message: why))
            return
        }
        drop(contract, openAI: openAI)
    }

    /// Throws if anything was refused; the message tells the first.
    func finish() throws(GatewayError) {
        guard let first = refused.first else { return }
        throw GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment,
            message: "`\(first.field)` \(first.message) by this deployment. Leave it out, or set "
                + (isOpenAI ? "drop_params." : "routing.drop_unsupported_params."),
            fields: refused, outcome: .invalidRequest)
    }
}
