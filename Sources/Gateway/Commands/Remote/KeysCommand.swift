import ArgumentParser
import Foundation

/// `llm-gateway keys`: the keys of a gateway that serves.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke keys of a running gateway.",
        discussion: """
            Example: llm-gateway keys create --alias backend --team core --max-budget 100
            The admin's key is read from LLM_GATEWAY_ADMIN_KEY, LITELLM_MASTER_KEY or --key-file, \
            the address from LLM_GATEWAY_URL or --url.
            Exit status: 0 when it is done, 1 when the options cannot be used, 2 when no gateway \
            answers, 3 when the gateway declines.
            """,
        subcommands: [
            KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self,
        ])
}

/// A key as the gateway shows it: LiteLLM's row, as far as a table tells of it.
struct RemoteKey: Decodable {
    let key: String?
    let token: String
    let keyId: String
    let keyName: String
    let keyAlias: String?
    let teamId: String?
    let userId: String?
    let models: [String]
    let spend: Decimal
    let maxBudget: Decimal?
    let budgetDuration: String?
    let expires: String?
    let status: String
}

/// How commands print what a gateway answers.
enum RemoteJSON {
    /// JSON as it came, laid out for people; the bytes themselves where they are none.
    static func pretty(_ body: [UInt8]) -> String {
        guard let value = try? JSONSerialization.jsonObject(with: Data(body)),
            let text = text(of: value)
        else { return String(decoding: body, as: UTF8.self) }
        return text
    }

    static func text(of value: Any) -> String? {
        let options: JSONSerialization.WritingOptions = [
            .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
        ]
        return (try? JSONSerialization.data(withJSONObject: value, options: options)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
