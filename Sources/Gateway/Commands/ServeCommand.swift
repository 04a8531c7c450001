import ArgumentParser
import Foundation
import GatewayCore

/// `llm-gateway serve`
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve models until SIGTERM or SIGINT.",
        discussion: """
            Example: llm-gateway serve --config config.yaml --port 4000
            Without --config it serves a model `demo` that needs no upstream, with a random master \
            key in the data folder. Exit status: 0 after a drain, 1 when it cannot start.
            """)

    @Option(help: "The configuration, in YAML.")
    var config: String?

    @Option(help: "The address to listen on.")
    var host: String?

    @Option(help: "The port to listen on.")
    var port: UInt16?

    @Option(help: "Where the gateway keeps its files.")
    var dataDir: String?

    @Option(help: "Event loops, one thread each; by default one a core.")
    var loops: Int?

    func run() throws {
        var settings = try load()
        if let host { settings.host = host }
        if let port { settings.port = port }
        if let loops { settings.loops = max(1, min(loops, 256)) }
        do {
            let process = try GatewayProcess(settings: settings)
            announce(settings, port: try process.start())
            process.waitForEnd()
        } catch {
            Output.problem("llm-gateway: \(error)")
            throw ExitCode(1)
        }
    }

    private func load() throws -> Settings {
        let environment = ProcessInfo.processInfo.environment
        var loader = ConfigLoader(environment: environment)
        if let config { loader.load(path: config) }
        var settings = loader.settings
        if let dataDir { settings.dataDirectory = dataDir }
        for finding in loader.findings where finding.verdict != .honoured {
            Output.problem("llm-gateway: " + finding.text)
        }
        if loader.isRefused { throw ExitCode(1) }
        for deployment in settings.disabled {
            Output.problem(
                "llm-gateway: deployment \(deployment.id) is disabled: \(deployment.reason)")
        }
        if config == nil {
            try QuickStart.prepare(&settings)
        } else if settings.masterKey == nil, let key = environment["LITELLM_MASTER_KEY"] {
            settings.masterKey = Secret(key)
        }
        guard settings.masterKey != nil || !settings.keys.isEmpty else {
            Output.problem(
                "llm-gateway: there is no key; set general_settings.master_key (os.environ/NAME "
                    + "reads it from the environment) or gateway_settings.keys")
            throw ExitCode(1)
        }
        return settings
    }

    private func announce(_ settings: Settings, port: UInt16) {
        let address = "\(settings.host):\(port)"
        Output.line("llm-gateway \(Version.text) listens on \(address)")
        guard config == nil else { return }
        let key = QuickStart.keyPath(settings)
        Output.line(
            """

            Try it:
              curl -N http://\(address)/v1/chat/completions \\
                -H "authorization: Bearer $(cat \(key))" -H 'content-type: application/json' \\
                -d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
            """)
    }
}
