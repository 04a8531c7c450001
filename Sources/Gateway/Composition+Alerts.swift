import GatewayCore
import GatewayPrimitives
import Providers
import Storage
import Telemetry
import Transport

extension Composition {
    /// Names the loop of alerts among the threads; those that serve count from zero.
    static let alertLoopIndex = 1_000

    /// What posts alerts from a loop of its own; `nil` where no webhook is configured. The address
    /// stands in the configuration, and is the operator's: it is not held to the egress rule.
    static func makeAlerts(
        on loop: EventLoop, _ settings: Settings, _ tls: TLSClient, _ resolver: Resolver,
        _ store: SQLiteStore, _ administration: Administration, _ log: Log
    ) throws(UpstreamAddress.Invalid) -> WebhookAlerts? {
        guard let alerts = settings.alerts else { return nil }
        let client = HTTPClient(
            loop: loop, resolver: resolver, limits: settings.client, http2: settings.http2,
            tls: tls, proxies: settings.proxies)
        return try WebhookAlerts(
            settings: alerts, client: client, record: AlertRecord(store: store), log: log
        ) { userID in
            administration.read { $0.users[userID]?.settings.email }
        }
    }
}
