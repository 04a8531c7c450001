import Telemetry
import Transport

/// Reads the files of TLS again when they have changed, or when it is asked to.
///
/// May be used from any thread. A file that cannot be used leaves what was read before in place.
final class CertificateReload: Sendable {
    private let server: TLSServer?
    private let client: TLSClient
    private let log: Log

    /// A certificate that lasts no longer is warned of.
    static let warningSeconds = 14 * 86_400

    init(server: TLSServer?, client: TLSClient, log: Log) {
        self.server = server
        self.client = client
        self.log = log
    }

    /// Reads all again; throws the first thing that is wrong, after all was tried.
    func read() throws(TLSFailure) {
        var failures: [TLSFailure] = []
        do throws(TLSFailure) { try server?.reload() } catch { failures.append(error) }
        failures += client.reload()
        warn()
        if let failure = failures.first { throw failure }
    }

    /// Reads all again and logs how it went.
    func readAndLog() {
        do throws(TLSFailure) {
            try read()
            log.write(.info, "certificates read again") { _ in }
        } catch {
            log.write(.error, "certificates cannot be read again; those before stay in use") {
                $0.text("why", error.description)
            }
        }
    }

    /// Warns of a certificate that ends soon, or has ended.
    func warn() {
        guard let seconds = server?.secondsUntilExpiry, seconds < Self.warningSeconds else {
            return
        }
        log.write(.warning, seconds < 0 ? "the certificate has expired" : "certificate ends soon") {
            line in
            line.text("file", server?.settings.certificateFile ?? "")
            line.number("days", seconds / 86_400)
        }
    }
}
