import Glibc

/// The set-up without a configuration: a model that needs no upstream, the vendors whose keys are
/// in the environment, and a master key of its own.
enum QuickStart {
    /// Where people find the master key.
    enum KeySource: Equatable {
        /// In a file that only they may read.
        case file(String)
        /// In this variable.
        case variable(String)

        /// What a shell puts in its place.
        var shell: String {
            switch self {
            case .file(let path):
                // A quotation mark ends the quoting, stands escaped, and begins it again.
                "$(cat '"
                    + path.split(separator: "'", omittingEmptySubsequences: false)
                    .joined(separator: "'\\''") + "')"
            case .variable(let name): "$\(name)"
            }
        }
    }

    /// It is read as any other configuration, so that nothing is special about it.
    static func configuration(_ environment: [String: String]) -> String {
        var text = """
            model_list:
              - model_name: demo
                litellm_params: {model: scripted/demo}

            """
        if environment["OPENAI_API_KEY"]?.isEmpty == false {
            for model in ["gpt-4o", "gpt-4o-mini"] {
                text += """
                      - model_name: \(model)
                        litellm_params: {model: openai/\(model), api_key: os.environ/OPENAI_API_KEY}

                    """
            }
        }
        return text
    }

    static func load(
        _ environment: [String: String], overrides: SettingsOverrides
    ) throws(FileError) -> (LoadedConfiguration, KeySource) {
        let variable = "LITELLM_MASTER_KEY"
        var environment = environment
        var source = KeySource.variable(variable)
        if environment[variable]?.isEmpty != false {
            let directory = overrides.dataDirectory ?? Settings().dataDirectory
            let path = directory + "/master-key"
            environment[variable] = try masterKey(path: path, directory: directory)
            source = .file(path)
        }
        let loader = ConfigLoader(environment: environment) { [environment] _ in
            configuration(environment)
        }
        return (loader.load("quick-start", overrides: overrides), source)
    }

    /// The key of a data folder; drawn when there is none.
    static func masterKey(path: String, directory: String) throws(FileError) -> String {
        try File.createPrivateFolder(directory)
        if access(path, F_OK) == 0 {
            guard try File.isPrivate(path) else {
                throw FileError(
                    "\(path) can be read by others; run `chmod 600 \(path)`, or delete it")
            }
            var key = try File.read(path)[...]
            while key.last?.isWhitespace == true { key.removeLast() }
            let text = String(key)
            guard KeyStrength.flaw(of: text) == nil, KeyStrength.weakness(of: text) == nil else {
                throw FileError("\(path) holds no strong key; delete it, and a new one is made")
            }
            return text
        }
        let key = randomKey()
        try File.createPrivate(path, key + "\n")
        return key
    }

    /// 192 bits from the kernel (getrandom(2), which Swift's system generator reads on Linux).
    private static func randomKey() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        return "sk-"
            + String((0..<48).map { _ in digits[Int.random(in: 0..<digits.count, using: &random)] })
    }

    /// Two commands to try it with.
    static func invitation(address: String, _ source: KeySource) -> String {
        let chat = #"{"model":"demo","messages":[{"role":"ROLE_USER","parts":[{"text":"Hello"}]}]}"#
        return """

            Try it:
              curl -N http://\(address)/v1/chat/completions \\
                -H "authorization: Bearer \(source.shell)" -H 'content-type: application/json' \\
                -d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
              grpcurl -plaintext -H "authorization: Bearer \(source.shell)" \\
                -d '{"chat":\(chat)}' \\
                \(address) llmgateway.v1.ChatService/StreamChatCompletion
            """
    }
}
