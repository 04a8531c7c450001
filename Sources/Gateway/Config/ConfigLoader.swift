import Foundation
import GatewayCore

/// Reads a configuration, with the files it includes, into ``Settings`` and what there is to say
/// about each of its keys.
struct ConfigLoader {
    private(set) var settings = Settings()
    var reader = ConfigReader()
    private var environment: ConfigEnvironment
    private var fileCount = 0

    /// Files that may include each other.
    static let filesMax = 32

    init(environment: [String: String]) {
        self.environment = ConfigEnvironment(process: environment)
    }

    /// What there is to say, in the order of the file.
    var findings: [ConfigFinding] {
        reader.findings.enumerated().sorted { left, right in
            switch (left.element.position, right.element.position) {
            case (let first?, let second?) where first != second: first < second
            default: left.offset < right.offset
            }
        }.map(\.element)
    }

    var isRefused: Bool { reader.findings.contains { $0.verdict == .refused } }

    /// Reads a file and all it includes.
    mutating func load(path: String) {
        guard fileCount < Self.filesMax else {
            return reader.add(
                .refused, "", at: nil, "more than \(Self.filesMax) files include each other")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            return reader.add(.refused, "", at: nil, "the file `\(path)` cannot be read")
        }
        guard let text = String(bytes: data, encoding: .utf8) else {
            return reader.add(.refused, "", at: nil, "the file `\(path)` is not UTF-8")
        }
        load(text: text, name: path)
    }

    /// Reads a configuration's text. Files it includes are looked for beside `name`.
    mutating func load(text: String, name: String) {
        let index = fileCount
        fileCount += 1
        do throws(ConfigFile.Unreadable) {
            // Twice: the variables of the file may stand behind their use.
            let first = try ConfigFile(name: name, index: index, environment: environment)
                .parse(text)
            environment = environment.adding(variables(first["environment_variables"]))
            let root = try ConfigFile(name: name, index: index, environment: environment)
                .parse(text)
            read(root, directory: (name as NSString).deletingLastPathComponent)
        } catch {
            reader.add(.refused, "", at: error.position, error.message)
        }
    }

    private func variables(_ node: ConfigNode?) -> [String: String] {
        var variables: [String: String] = [:]
        for entry in node?.entries ?? [] {
            if case .scalar(let scalar) = entry.value.content { variables[entry.key] = scalar.text }
        }
        return variables
    }

    private mutating func read(_ root: ConfigNode, directory: String) {
        let rules: [String: ConfigRule] = [
            "model_list": .section, "router_settings": .section, "litellm_settings": .section,
            "general_settings": .section, "gateway_settings": .section,
            "include": .honoured("files read after this one"),
            "environment_variables": .honoured("variables for os.environ/NAME"),
            "guardrails": .refusedUnlessOff("guardrails are not built in; take them out"),
            "mcp_servers": .notBuilt("MCP is"),
        ]
        let sections = reader.section(root, rules: rules, unknown: .ignored)
        // Ours first: what it sets is the default of what deployments set.
        ConfigGatewaySection(node: sections["gateway_settings"]).read(&settings, &reader)
        ConfigLiteLLMSections(
            router: sections["router_settings"], litellm: sections["litellm_settings"],
            general: sections["general_settings"]
        ).read(&settings, &reader)
        ConfigModelList(node: sections["model_list"]).read(&settings, &reader)
        for file in reader.texts(sections["include"]) {
            load(path: file.hasPrefix("/") || directory.isEmpty ? file : directory + "/" + file)
        }
    }
}
