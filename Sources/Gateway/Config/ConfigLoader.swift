import GatewayCore

/// Turns a configuration file, and what it includes, into a ``Configuration`` and its findings.
///
/// Reads no file itself, so that tests need none.
struct ConfigLoader {
    /// The process's environment.
    let environment: [String: String]
    /// Reads a file whole.
    let readFile: (String) throws(FileError) -> String

    /// Files that one configuration may consist of.
    static let filesMax = 32

    private static let topRules: [String: ConfigRule] = [
        "model_list": .section, "general_settings": .section, "litellm_settings": .section,
        "router_settings": .section, "gateway_settings": .section,
        "environment_variables": .section,
        "include": .honoured("further files"),
        "guardrails": LiteLLMSections.guarded("guardrails"),
        "policies": LiteLLMSections.guarded("policies"),
        "policy_attachments": LiteLLMSections.guarded("policies"),
        "credential_list": .ignored("named credentials are not built yet; set api_key"),
        "callback_settings": .notBuilt("export of telemetry is"),
        "mcp_servers": .ignored("MCP does not exist here"),
        "mcp_tools": .ignored("MCP does not exist here"),
        "vector_store_registry": .ignored("vector stores do not exist here"),
        "files_settings": .ignored("files do not exist here"),
        "finetune_settings": .ignored("fine-tuning does not exist here"),
    ]

    /// - Parameter path: the file that was named on the command line.
    func load(_ path: String, overrides: SettingsOverrides = SettingsOverrides())
        -> LoadedConfiguration
    {
        var reader = ConfigReader()
        var settings = Settings()
        let files = readAll(path, with: &reader)
        // Variables first: any other value may name them.
        var environment = ConfigEnvironment(process: self.environment)
        for file in files {
            let node = try? ConfigFile(name: file.name, index: file.index, environment: environment)
                .parse(file.text)
            environment = environment.adding(variables(of: node))
        }
        var roots: [ConfigNode] = []
        for file in files {
            let parser = ConfigFile(name: file.name, index: file.index, environment: environment)
            do {
                roots.append(try parser.parse(file.text))
            } catch {
                reader.add(.refused, "", at: error.position, error.message)
            }
        }
        let root = ConfigMerge.merge(roots, with: &reader)
        if !files.isEmpty && roots.count == files.count {
            read(root, environment: environment, with: &reader, into: &settings)
        }
        overrides.apply(to: &settings)
        return LoadedConfiguration(
            settings: settings, findings: reader.sortedFindings, files: files.map(\.name))
    }

    /// All sections, in the order in which they depend on one another.
    private func read(
        _ root: ConfigNode, environment: ConfigEnvironment, with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let sections = reader.section(root, rules: Self.topRules, unknown: .ignored)
        for entry in sections["environment_variables"]?.entries ?? [] {
            reader.add(
                .honoured, entry.value.path, at: entry.position,
                "what os.environ/\(entry.key) stands for, unless the process's environment has it")
        }
        let masterKey = LiteLLMSections.readGeneral(
            sections["general_settings"], environment: environment, with: &reader, into: &settings)
        LiteLLMSections.readSettings(sections["litellm_settings"], with: &reader, into: &settings)
        RouterSection.read(sections["router_settings"], with: &reader, into: &settings)
        // Ours comes after LiteLLM's: where both set a bound, ours says it more exactly.
        GatewaySection.read(
            sections["gateway_settings"], environment: environment, readFile: readFile,
            with: &reader, into: &settings)
        KeysSection.readMasterKey(
            masterKey, environment: environment, with: &reader, into: &settings)
        settings.modelSalt =
            (self.environment["LLM_GATEWAY_SALT_KEY"] ?? self.environment["LITELLM_SALT_KEY"])
            .flatMap { $0.isEmpty ? nil : Secret($0) }
        ModelListSection.read(
            sections["model_list"], environment: environment, with: &reader, into: &settings)
        if sections["model_list"] == nil {
            reader.add(
                .refused, "model_list", at: root.position,
                "there is no model; list at least one, as in the README's example")
        }
    }

    private func variables(of root: ConfigNode?) -> [String: String] {
        var variables: [String: String] = [:]
        for entry in root?["environment_variables"]?.entries ?? [] {
            if case .scalar(let scalar) = entry.value.content { variables[entry.key] = scalar.text }
        }
        return variables
    }

    // MARK: - Files

    private struct SourceFile {
        let name: String
        let index: Int
        let text: String
    }

    /// The first file and all that it includes, each once.
    private func readAll(_ path: String, with reader: inout ConfigReader) -> [SourceFile] {
        var files: [SourceFile] = []
        var waiting: [(name: String, from: ConfigPosition?)] = [(path, nil)]
        var seen: Set<String> = []
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            guard seen.insert(next.name).inserted else { continue }
            guard files.count < Self.filesMax else {
                reader.add(.refused, "", at: next.from, "more than \(Self.filesMax) files")
                return []
            }
            let text: String
            do { text = try readFile(next.name) } catch {
                reader.add(.refused, "", at: next.from, error.description)
                return []
            }
            let file = SourceFile(name: next.name, index: files.count, text: text)
            files.append(file)
            waiting += includes(of: file)
        }
        return files
    }

    /// The files that a file includes, relative to its own folder.
    private func includes(of file: SourceFile) -> [(name: String, from: ConfigPosition?)] {
        let environment = ConfigEnvironment(process: environment)
        let parser = ConfigFile(name: file.name, index: file.index, environment: environment)
        // What cannot be parsed is told when the file is read for good.
        guard let root = try? parser.parse(file.text),
            case .sequence(let items)? = root["include"]?.content
        else { return [] }
        return items.compactMap { item in
            guard case .scalar(let scalar) = item.content, let name = scalar.text else {
                return nil
            }
            guard !name.hasPrefix("/"), let slash = file.name.lastIndex(of: "/") else {
                return (name, item.position)
            }
            return (file.name[...slash] + name, item.position)
        }
    }
}

/// A configuration and what there is to say about each of its keys.
struct LoadedConfiguration: Sendable {
    let settings: Settings
    /// In the order of the files.
    let findings: [ConfigFinding]
    /// The files that it was read from.
    var files: [String] = []

    /// Whether the gateway may start.
    var isAccepted: Bool { !findings.contains { $0.verdict == .refused } }
}
