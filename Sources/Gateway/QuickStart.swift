import Foundation
import GatewayCore

/// The set-up without a configuration: a model that needs no upstream, and a key of its own.
enum QuickStart {
    /// Why it cannot be set up.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func keyPath(_ settings: Settings) -> String { settings.dataDirectory + "/master-key" }

    /// Adds the `demo` model and the master key, which is made once and kept in the data folder.
    static func prepare(_ settings: inout Settings) throws {
        settings.deployments = [
            Deployment(
                index: 0, id: "demo-0", model: "demo", provider: .scripted, upstreamModel: "demo",
                apiBase: "", apiKey: nil, timeouts: settings.timeouts)
        ]
        settings.masterKey = Secret(try masterKey(settings))
    }

    private static func masterKey(_ settings: Settings) throws -> String {
        let path = keyPath(settings)
        if let data = FileManager.default.contents(atPath: path) {
            let key = String(decoding: data, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard key.hasPrefix("sk-"), key.utf8.count >= 16 else {
                throw Failure(description: "the file \(path) holds no master key; delete it")
            }
            return key
        }
        try FileManager.default.createDirectory(
            atPath: settings.dataDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let key =
            "sk-" + String((0..<40).map { _ in alphabet.randomElement(using: &random) ?? "x" })
        let wasWritten = FileManager.default.createFile(
            atPath: path, contents: Data(key.utf8), attributes: [.posixPermissions: 0o600])
        guard wasWritten else { throw Failure(description: "the file \(path) cannot be written") }
        return key
    }
}
