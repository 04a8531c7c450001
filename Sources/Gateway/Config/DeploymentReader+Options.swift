import GatewayCore

// What only one vendor knows.
extension DeploymentReader {
    func readOptions(
        _ params: [String: ConfigNode], with reader: inout ConfigReader,
        into draft: inout DeploymentDraft
    ) {
        if draft.vendor.kind == .azure {
            readAzure(params, with: &reader, into: &draft)
        } else if draft.vendor.kind == .ollama {
            draft.options.keepAliveJSON =
                reader.value(
                    params["keep_alive"], expected: "seconds, or a duration such as 5m",
                    Self.keepAliveJSON) ?? ""
            draft.options.contextTokens = reader.integer(
                params["num_ctx"], in: 1...100_000_000)
        }
    }

    /// Whether responses are asked for as such: where the configuration says so; else of OpenAI
    /// itself, and of Azure's API without versions, which offer them.
    func readEndpoints(
        _ node: ConfigNode?, with reader: inout ConfigReader, into draft: inout DeploymentDraft
    ) {
        let kind = draft.vendor.kind
        let speaksOpenAI = kind == .openAI || kind == .azure
        if let node {
            let paths = reader.texts(node)
            for path in paths where !path.hasPrefix("/") {
                reader.refuse(node, "`\(path)` is no path; write one such as /v1/responses")
            }
            draft.options.offersResponses =
                speaksOpenAI && (paths.contains("/v1/responses") || paths.contains("/responses"))
        } else if kind == .openAI {
            draft.options.offersResponses = draft.apiBase.hasPrefix("https://api.openai.com/")
        } else if kind == .azure {
            draft.options.offersResponses =
                draft.apiBase.hasSuffix("/openai/v1")
                || ["v1", "latest", "preview"].contains(draft.options.apiVersion)
        }
    }

    private func readAzure(
        _ params: [String: ConfigNode], with reader: inout ConfigReader,
        into draft: inout DeploymentDraft
    ) {
        let isVersion = { (text: String) in
            !text.isEmpty
                && text.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                        || byte == UInt8(ascii: "-")
                }
        }
        if let node = params["api_version"] {
            draft.options.apiVersion =
                reader.value(node, expected: "a version such as 2024-10-21, or v1") {
                    isVersion($0) ? $0 : nil
                } ?? ""
        } else if let version = environment["AZURE_API_VERSION"], isVersion(version) {
            draft.options.apiVersion = version
        }
        guard let node = params["azure_ad_token"], params["api_key"] == nil else { return }
        draft.options.sendsToken = true
        guard let token = text(node, named: "azure_ad_token", with: &reader, into: &draft) else {
            return
        }
        setKey(token, node, with: &reader, into: &draft)
    }

    /// A number of seconds as it is, a duration in Go's form as a text.
    private static func keepAliveJSON(_ text: String) -> String? {
        if let seconds = Int(text) { return "\(seconds)" }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard digits.first?.isNumber == true, digits.last?.isLetter == true,
            digits.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: ".")
            })
        else { return nil }
        return "\"\(text)\""
    }
}
