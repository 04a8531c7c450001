import GatewayCore
import Telemetry
import Transport

/// Everything that is configured, checked and with defaults filled in.
struct Configuration: Sendable {
    /// The address to listen on.
    var host = "127.0.0.1"
    /// The port to listen on; 0 for one of the kernel's choice.
    var port: UInt16 = 4000
    /// How many event loops there are; `nil` for one a core.
    var loopCount: Int?
    /// Where the gateway keeps what it must remember.
    var dataDirectory = "./data"
    /// All deployments, disabled ones included, in the order of the file.
    var deployments: [ConfiguredDeployment] = []
    /// The key that may do everything.
    var masterKey: Secret?
    /// Whether a master key that can be guessed is accepted.
    var allowsWeakMasterKey = false
    var keys: [ConfiguredKey] = []
    /// Bounds of the server's side.
    var limits = Limits()
    /// Connections of the whole process; `nil` for each loop's default.
    var connectionsMax: Int?
    /// Bounds of the client's side.
    var clientLimits = ClientLimits()
    /// A gRPC message.
    var messageBytesMax = 4 * 1024 * 1024
    /// Whether the gRPC reflection service is offered.
    var offersReflection = true
    /// Whether JSON doors answer with LiteLLM's statuses where they differ from OpenAI's.
    var usesLiteLLMStatuses = true
    /// Bounds of an attempt, for deployments that set none of their own.
    var attemptTimeouts = AttemptTimeouts(
        firstToken: .seconds(60), betweenTokens: .seconds(60), attempt: .seconds(600))
    /// Bounds of a call. LiteLLM makes two retries unless told otherwise.
    var callLimits = CallLimits(callTimeout: .seconds(900), attemptsMax: 3)
    /// How long calls may go on after the gateway was told to end.
    var timeoutDrain = Duration.seconds(30)
    var log = LogSettings()

    /// The deployments that take part.
    var enabledDeployments: [Deployment] {
        deployments.compactMap { $0.disabledReason == nil ? $0.deployment : nil }
    }
}

/// A deployment of the file, and whether it takes part.
struct ConfiguredDeployment: Sendable {
    let deployment: Deployment
    /// The vendor as the file names it, such as `anthropic`.
    let vendor: String
    /// Why it takes no part; `nil` when it does.
    let disabledReason: String?
    let position: ConfigPosition?
}

/// A key of a small set-up.
struct ConfiguredKey: Sendable {
    let hash: KeyHash
    /// What logs call it.
    let alias: String
    /// Models it may use; empty for all.
    let models: [String]
}

/// What the command line says; it wins over the file.
struct ConfigOverrides: Sendable {
    var host: String?
    var port: UInt16?
    var loopCount: Int?
    var dataDirectory: String?

    /// Puts what was given in place of what the file says.
    func apply(to configuration: inout Configuration) {
        if let host { configuration.host = host }
        if let port { configuration.port = port }
        if let loopCount { configuration.loopCount = loopCount }
        if let dataDirectory { configuration.dataDirectory = dataDirectory }
    }
}
