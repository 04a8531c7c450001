import GatewayCore
import GatewayPrimitives
import Providers
import Storage
import Telemetry
import Transport

/// What the gateway is to do, in its own types: a configuration that was read and understood, with
/// defaults filled in.
struct Settings: Sendable {
    /// The address to listen on.
    var host = "127.0.0.1"
    /// The port to listen on; 0 for one of the kernel's choice.
    var port: UInt16 = 4000
    /// Event loops, and so threads; `nil` means one a core.
    var loops: Int?
    /// Where the gateway keeps what it must remember.
    var dataDirectory = "./data"
    /// The key that may use every model.
    var masterKey: Secret?
    var keys: [StaticKey] = []
    /// How connections of clients are encrypted; `nil` when they are not.
    var tls: TLSServerSettings?
    /// Which keys clients' certificates stand for.
    var certificateRules: [CertificateRule] = []
    /// Teams that static keys belong to.
    var teams: [StaticTeam] = []
    /// The bounds of the directory of keys, teams and users.
    var directory = DirectoryLimits()
    /// What new keys have where their makers say nothing, and what no key passes.
    var keyDefaults = KeyTerms()
    var keyBounds = KeyTerms()
    /// How often it is looked whether another process has changed it.
    var directoryPoll = Duration.milliseconds(200)
    /// Where alerts of budgets are told; `nil` for nowhere.
    var alerts: AlertSettings?
    /// What the whole gateway is held to.
    var limitsOfAll = LimitSet()
    var budgetsOfAll: [BudgetSpec] = []
    /// How calls are held and charged.
    var accounting = AccountingRules()
    /// What counts tokens, the first that fits a model.
    var tokenizers: [ModelTokenizer] = []
    /// What models cost.
    var prices = PriceTable.bundled
    /// What a row of the ledger survives.
    var durability = SQLiteStore.Durability.normal
    /// How long another process's transaction on the ledger's file is waited for.
    var timeoutDatabaseLock = Duration.seconds(2)
    /// The file of the ledger; `nil` for one in the data folder.
    var databasePath: String?
    /// The status of an exhausted budget, with LiteLLM's statuses.
    var statusBudgetExhausted = 422
    /// Whether streams that are asked for their usage tell their cost too.
    var tellsCostInStreams = false
    /// Calls at once of the whole process, and how many wait.
    var callsMax = 100_000
    var callsWaitingMax = 1_000
    /// Calls that wait for a deployment to return, all being left alone.
    var callsCooledMax = 1_000
    /// How long a call waits while the gateway is full.
    var timeoutQueue = Duration.seconds(1)
    /// What one probe of a deployment may take.
    var timeoutHealthCheck = Duration.seconds(30)
    /// How long rows of the ledger are kept; `nil` for ever.
    var retention: Duration? = .seconds(90 * 86_400)
    /// Whether a master key that can be guessed is accepted.
    var allowsWeakMasterKey = false
    /// Whether models may be made over the API, beside those of the file.
    var storesModels = false
    /// What the secrets of such models are encrypted with; `nil` where the environment has none.
    var modelSalt: Secret?
    /// The entries of `model_list` as they were read, for what else is served beside them.
    var drafts: [DeploymentDraft] = []
    /// All deployments, those that take no part included, in the order of the file.
    var configured: [ConfiguredDeployment] = []
    /// Bounds of the server's side.
    var server = Limits()
    /// The proxies in front whose word about a client's address is taken.
    var trust = ProxyTrust()
    /// Where addresses may lie that are set over the API.
    var egress = EgressRule()
    /// How upstreams are called over TLS, for deployments that say nothing else.
    var security = UpstreamSecurity()
    /// Which upstreams are reached through a proxy.
    var proxies = ProxyRules()
    /// The bounds of what upstreams answer.
    var replies = ProviderLimits()
    /// Bounds of the client's side.
    var client = ClientLimits()
    /// Which upstreams are called by HTTP/2.
    var http2 = HTTP2Policy()
    /// A gRPC message.
    var messageBytesMax = 4 * 1024 * 1024
    /// One message of a response, in gRPC, gRPC-Web and Connect.
    var responseBytesMax = 64 * 1024 * 1024
    /// Whether messages are compressed for clients that want it.
    var compressesMessages = true
    /// Whether JSON responses are compressed for clients that ask for it.
    var compressesJSON = true
    /// Whether streams of events are compressed for clients that ask for it.
    var compressesEvents = false
    /// JSON responses shorter than this are not compressed.
    var compressionBytesMin = 1024
    /// Origins whose web pages may call the gateway; `*` for all.
    var corsOrigins: [String] = []
    /// Bounds of a call.
    var calls = CallLimits(callTimeout: .seconds(15 * 60), attemptsMax: 32)
    /// How deployments are chosen and left.
    var routing = RoutingRules()
    /// Requests at once of a deployment that says nothing else.
    var requestsAtOnceDefault: Int?
    /// Whether deployments that say nothing else leave out parameters that they do not support.
    var dropsUnsupportedParams = false
    /// Bounds of an attempt, for deployments that set none of their own.
    var timeouts = AttemptTimeouts(
        firstToken: .seconds(60), betweenTokens: .seconds(60), attempt: .seconds(10 * 60))
    /// How often a stream that has not begun says that it is waited for; zero for never.
    var keepAliveInterval = Duration.seconds(30)
    /// How long calls may go on after the gateway was told to end.
    var timeoutDrain = Duration.seconds(30)
    /// Whether JSON doors answer with LiteLLM's statuses where they differ from OpenAI's.
    var usesLiteLLMStatuses = true
    /// Whether the gRPC reflection service is offered.
    var offersReflection = true
    var log = LogSettings()
    /// Whether `/metrics` is for keys that see everything only.
    var metricsNeedKey = true

    /// The deployments that take part.
    var deployments: [Deployment] {
        configured.compactMap { $0.disabledReason == nil ? $0.deployment : nil }
    }

    /// Those that do not, and why.
    var unable: [UnableDeployment] { configured.compactMap(\.unable) }
}

/// A key that stands in the configuration.
struct StaticKey: Sendable {
    let hash: KeyHash
    /// What logs call it.
    let alias: String
    /// Models it may use; empty for all.
    let models: [String]
    /// The team it belongs to, by its id.
    var teamID: String?
    var userID: String?
    var tags: [String] = []
    var limits = LimitSet()
    var budgets: [BudgetSpec] = []
}

/// A team that stands in the configuration.
struct StaticTeam: Sendable {
    let id: String
    let standing: Standing
}

/// A deployment of the configuration, and whether it takes part.
struct ConfiguredDeployment: Sendable {
    let deployment: Deployment
    /// The vendor as the file names it, such as `anthropic`.
    let vendor: String
    /// Why it takes no part; `nil` when it does.
    let disabledReason: String?

    /// The deployment with the reason, where there is one.
    var unable: UnableDeployment? {
        disabledReason.map { UnableDeployment(deployment, why: $0) }
    }
}

/// What the command line says; it wins over the file.
struct SettingsOverrides: Sendable {
    var host: String?
    var port: UInt16?
    var loops: Int?
    var dataDirectory: String?

    /// Puts what was given in place of what the file says.
    func apply(to settings: inout Settings) {
        if let host { settings.host = host }
        if let port { settings.port = port }
        if let loops { settings.loops = loops }
        if let dataDirectory { settings.dataDirectory = dataDirectory }
    }
}
