import GatewayCore

/// Where alerts are told, and how hard it is tried.
struct AlertSettings: Sendable {
    /// Whom they are posted to. Its path is often all that keeps others from posting there.
    var webhook: Secret
    /// Alerts that wait to be posted; more are dropped, and said in the log.
    var queueMax = 1_000
    /// Tries to post one.
    var attemptsMax = 5
    /// What one try may take.
    var timeout = Duration.seconds(10)

    /// The pause after the first try that fails; it doubles with each.
    static let backoffFirst = Duration.seconds(1)
    static let backoffMax = Duration.seconds(60)
    /// Alerts that are remembered as told, besides those in the store.
    static let rememberedMax = 100_000
    /// What is read of an answer.
    static let answerBytesMax = 64 * 1024
}
