import ArgumentParser
import GatewayCore

/// `llm-gateway serve`
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve models until SIGTERM or SIGINT, or until another process takes over.",
        discussion: """
            Example: llm-gateway serve --config config.yaml --port 4000
            Without --config it serves a model `demo` that needs no upstream, with a random master \
            key in the data folder.
            SIGHUP reads again what can be; SIGUSR2 starts the program again, to take over.
            \(ExitStatus.explanation)
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

    @Flag(
        help: """
            Take over the sockets of the gateway that serves this port from this data folder, so \
            that no connection is refused, and have it drain. Without one, start as usual.
            """)
    var takeover = false

    func validate() throws {
        if let loops, !(1...GatewaySection.loopsMax).contains(loops) {
            throw ValidationError("--loops must be from 1 to \(GatewaySection.loopsMax).")
        }
    }

    func run() throws {
        let overrides = SettingsOverrides(
            host: host, port: port, loops: loops, dataDirectory: dataDir)
        let environment = ProcessEnvironment.variables
        let loaded: LoadedConfiguration
        var keySource: QuickStart.KeySource?
        if let config {
            loaded = ConfigLoader(environment: environment, readFile: File.read)
                .load(config, overrides: overrides).checkingFiles()
        } else {
            do throws(FileError) {
                (loaded, keySource) = try QuickStart.load(environment, overrides: overrides)
            } catch {
                throw failure(error.description)
            }
        }
        guard loaded.isAccepted else {
            for finding in loaded.findings where finding.verdict == .refused {
                Output.problem("llm-gateway: \(finding.text)")
            }
            throw ExitCode(ExitStatus.refused)
        }
        let process: GatewayProcess
        let address: String
        do {
            process = try GatewayProcess(
                settings: loaded.settings, environment: environment,
                reload: reload(environment, overrides),
                configFiles: config == nil ? [] : loaded.files)
            process.report(loaded)
            let listening = try process.start(takesOver: takeover, environment: environment)
            address = Self.address(listening.host, listening.port)
        } catch {
            throw failure("\(error)")
        }
        Output.line("llm-gateway \(Version.text) listens on \(address)")
        if let keySource { Output.line(QuickStart.invitation(address: address, keySource)) }
        throw ExitCode(process.waitForEnd())
    }

    /// Reads the configuration's file again; `nil` where there is none.
    private func reload(
        _ environment: [String: String], _ overrides: SettingsOverrides
    ) -> ModelReload.Load? {
        guard let config else { return nil }
        return {
            ConfigLoader(environment: environment, readFile: File.read)
                .load(config, overrides: overrides).checkingFiles()
        }
    }

    private func failure(_ message: String) -> ExitCode {
        Output.problem("llm-gateway: \(message)")
        return ExitCode(ExitStatus.unavailable)
    }

    /// How a client on this machine writes it.
    static func address(_ host: String, _ port: UInt16) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
