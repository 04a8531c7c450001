import ArgumentParser
import GatewayCore
import Providers

/// How a command finds a gateway that serves, and what it presents to it. The key is never an
/// argument: arguments can be read by everybody on the machine.
struct RemoteOptions: ParsableArguments {
    @Option(help: "Where the gateway serves (LLM_GATEWAY_URL, else http://127.0.0.1:4000).")
    var url: String?

    @Option(
        help: """
            The file with the admin's key; else it is in LLM_GATEWAY_ADMIN_KEY or \
            LITELLM_MASTER_KEY.
            """)
    var keyFile: String?

    @Option(help: "The authorities of the gateway's certificate, in PEM; else the system's.")
    var caFile: String?

    @Option(help: "How many seconds to wait for each answer.")
    var timeout = 30

    static let urlVariable = "LLM_GATEWAY_URL"
    static let urlDefault = "http://127.0.0.1:4000"
    static let keyVariables = ["LLM_GATEWAY_ADMIN_KEY", "LITELLM_MASTER_KEY"]

    func validate() throws {
        guard (1...3_600).contains(timeout) else {
            throw ValidationError("--timeout must be from 1 to 3600.")
        }
    }

    /// The gateway that the options and the environment name.
    func client(
        _ environment: [String: String] = ProcessEnvironment.variables
    ) throws(RemoteFailure) -> GatewayClient {
        let given = url ?? environment[Self.urlVariable].flatMap { $0.isEmpty ? nil : $0 }
        let address: UpstreamAddress
        var security = UpstreamSecurity()
        security.authorityFile = caFile
        do {
            address = try UpstreamAddress(apiBase: given ?? Self.urlDefault, security: security)
        } catch {
            throw RemoteFailure(.usage, "--url: \(error.message)")
        }
        return GatewayClient(
            address: address, key: try key(environment), timeout: .seconds(timeout))
    }

    private func key(_ environment: [String: String]) throws(RemoteFailure) -> Secret {
        if let keyFile {
            var text: Substring
            do { text = try File.read(keyFile)[...] } catch {
                throw RemoteFailure(.usage, "--key-file: \(error.description)")
            }
            while text.last?.isWhitespace == true { text.removeLast() }
            guard text.hasPrefix("sk-"), !text.contains(where: \.isWhitespace) else {
                throw RemoteFailure(
                    .usage, "--key-file: \(keyFile) does not hold one key that begins with `sk-`")
            }
            return Secret(String(text))
        }
        for name in Self.keyVariables {
            if let text = environment[name], !text.isEmpty { return Secret(text) }
        }
        throw RemoteFailure(
            .usage,
            "no key: put the admin's key into \(Self.keyVariables[0]), or name its file by "
                + "--key-file")
    }
}

/// Why a command that asks a gateway did not do what it was told.
struct RemoteFailure: Error, Equatable {
    let kind: Kind
    let message: String

    enum Kind: Equatable {
        /// What the command was given cannot be used.
        case usage
        /// No gateway answered.
        case unreachable
        /// The gateway said no.
        case declined
    }

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    var exitStatus: Int32 {
        switch kind {
        case .usage: ExitStatus.usage
        case .unreachable: ExitStatus.unavailable
        case .declined: ExitStatus.declined
        }
    }

    /// Runs a command's work, and tells what went wrong as commands do.
    static func reported(_ work: () throws(RemoteFailure) -> Void) throws {
        do { try work() } catch {
            Output.problem("llm-gateway: \(error.message)")
            throw ExitCode(error.exitStatus)
        }
    }
}
