import Foundation
import GatewayCore
import GatewayPrimitives
import Providers
import Transport

/// Reads a model that was made over the API as an entry of `model_list` is read, but trusts it
/// less: nothing in it is looked up in the environment, whose secrets are not for whoever may make
/// models; and its address is held to the egress rule.
struct StoredModelReader {
    private let entries: DeploymentReader
    private let egress: EgressRule

    /// - Parameter settings: of the configuration file, for what an entry does not say.
    init(_ settings: Settings) {
        entries = DeploymentReader(
            environment: ConfigEnvironment(process: [:]), defaultTimeouts: settings.timeouts,
            defaultSecurity: settings.security, prices: settings.prices,
            tokenizers: settings.tokenizers,
            requestsAtOnceDefault: settings.requestsAtOnceDefault,
            dropsUnsupportedParams: settings.dropsUnsupportedParams)
        egress = settings.egress
    }

    /// Throws what is wrong with it, by field.
    func read(_ model: StoredModel) throws(GatewayError) -> DeploymentDraft {
        var faults: [FieldViolation] = []
        for (section, members) in [("litellm_params", model.params), ("model_info", model.info)] {
            for (name, json) in members {
                if json.contains("os.environ/") {
                    faults.append(
                        FieldViolation(
                            field: "\(section).\(name)",
                            message: "names a variable of the environment, which only the "
                                + "configuration file may; send the value."))
                }
                if section == "litellm_params", name.hasPrefix("ssl_") {
                    faults.append(
                        FieldViolation(
                            field: "\(section).\(name)",
                            message: "stands in the configuration file only."))
                }
            }
        }
        try Self.check(faults)
        var reader = ConfigReader()
        let draft = entries.read(Self.node(of: model), with: &reader)
        faults = reader.findings.filter { $0.verdict == .refused }.map {
            FieldViolation(field: $0.path, message: $0.meaning)
        }
        try Self.check(faults)
        guard var draft else {
            throw GatewayError(
                .invalidRequest, origin: .client, message: "The model cannot be read.")
        }
        if let reason = draft.disabledReasons.first(where: { !$0.contains("blocked") }) {
            try Self.check([FieldViolation(field: "litellm_params", message: reason + ".")])
        }
        if !draft.apiBase.isEmpty, let address = try? UpstreamAddress(apiBase: draft.apiBase),
            let refusal = egress.refusal(ofHost: address.origin.host)
        {
            try Self.check([
                FieldViolation(field: "litellm_params.api_base", message: refusal + ".")
            ])
        }
        draft.id = model.id
        draft.isStored = true
        return draft
    }

    private static func check(_ faults: [FieldViolation]) throws(GatewayError) {
        guard !faults.isEmpty else { return }
        throw GatewayError(
            .invalidRequest, origin: .client,
            message: faults.map { "\($0.field): \($0.message)" }.joined(separator: " "),
            fields: faults)
    }

    // MARK: - As a file has it

    private static let position = ConfigPosition(fileIndex: 0, file: "the API", line: 1, column: 1)

    private static func node(of model: StoredModel) -> ConfigNode {
        mapping(
            [
                ("model_name", scalar(model.name, "model_name")),
                ("litellm_params", mapping(model.params, "litellm_params")),
                ("model_info", mapping(model.info, "model_info")),
            ], "")
    }

    private static func mapping(_ members: [String: String], _ path: String) -> ConfigNode {
        mapping(
            members.sorted { $0.key < $1.key }.map { name, json in
                if json == "true" || json == "false" {
                    return (name, scalar(json, "\(path).\(name)", isQuoted: false))
                }
                let options: JSONSerialization.ReadingOptions = [.fragmentsAllowed]
                let value =
                    (try? JSONSerialization.jsonObject(with: Data(json.utf8), options: options))
                    ?? NSNull()
                return (name, node(value, "\(path).\(name)"))
            }, path)
    }

    private static func mapping(
        _ entries: [(String, ConfigNode)], _ path: String
    ) -> ConfigNode {
        ConfigNode(
            content: .mapping(
                entries.map { ConfigEntry(key: $0.0, position: position, value: $0.1) }),
            position: position, path: path)
    }

    private static func scalar(_ text: String, _ path: String, isQuoted: Bool = true) -> ConfigNode
    {
        ConfigNode(
            content: .scalar(ConfigScalar(text: text, variable: nil, isQuoted: isQuoted)),
            position: position, path: path)
    }

    private static func node(_ value: Any, _ path: String) -> ConfigNode {
        switch value {
        case let text as String: return scalar(text, path)
        case let list as [Any]:
            return ConfigNode(
                content: .sequence(
                    list.enumerated().map { node($1, "\(path)[\($0)]") }), position: position,
                path: path)
        case let object as [String: Any]:
            return mapping(
                object.sorted { $0.key < $1.key }.map {
                    ($0.key, node($0.value, "\(path).\($0.key)"))
                },
                path)
        case let number as NSNumber: return scalar(number.stringValue, path, isQuoted: false)
        default: return ConfigNode(content: .null, position: position, path: path)
        }
    }
}
