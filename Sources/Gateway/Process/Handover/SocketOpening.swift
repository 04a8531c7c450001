import Glibc
import Telemetry
import Transport

/// Where the process's listening sockets come from: the supervisor, the predecessor, or itself.
struct SocketOpening {
    let settings: Settings
    let log: Log

    /// Where a successor finds the process that serves this address from this data folder; `nil`
    /// when it cannot be known before the port is.
    private var path: String? {
        settings.port == 0 ? nil : settings.dataDirectory + "/control-\(settings.port)"
    }

    /// The process that serves now; `nil` when there is none.
    func findPredecessor() throws -> Predecessor? {
        guard let path else {
            throw GatewayProcess.StartError(
                description: "--takeover needs a port: with port 0 nobody can be found")
        }
        return try Predecessor.find(at: path) {
            PortProbe.isTaken(host: settings.host, port: settings.port)
        }
    }

    /// The sockets to serve, at least one.
    ///
    /// Those of a supervisor are served whatever the configuration says, since the address is the
    /// supervisor's to choose. Of a predecessor's, those are served that the configuration still
    /// names. Nothing is opened beside either: a socket that only this process holds loses its
    /// queue with it.
    func open(
        supervisor: [ListeningSocket], predecessor: [ListeningSocket], loops: Int
    ) throws -> [ListeningSocket] {
        var sockets = supervisor
        for socket in predecessor where !sockets.contains(where: { $0.isSame(as: socket) }) {
            let isWanted =
                socket.listens(on: settings.host, port: settings.port)
                || supervisor.contains { $0.host == socket.host && $0.port == socket.port }
            if isWanted {
                sockets.append(socket)
            } else {
                log.write(.warning, "a socket of the predecessor is not served any more") { line in
                    line.text("host", socket.host)
                    line.number("port", Int(socket.port))
                }
            }
        }
        if sockets.isEmpty { sockets = try bind(loops) }
        return sockets
    }

    /// One a loop, so that the kernel spreads the connections (SO_REUSEPORT).
    private func bind(_ count: Int) throws -> [ListeningSocket] {
        guard !PortProbe.isTaken(host: settings.host, port: settings.port) else {
            throw GatewayProcess.StartError(
                description: "port \(settings.port) of \(settings.host) is taken; end what listens "
                    + "there (`ss -ltnp` shows it), choose another with --port, or, if it is a "
                    + "gateway with this data folder, replace it with --takeover")
        }
        var sockets = [try ListeningSocket.bind(host: settings.host, port: settings.port)]
        while sockets.count < count {
            sockets.append(
                try ListeningSocket.bind(host: settings.host, port: sockets[0].port))
        }
        return sockets
    }

    /// Makes the process one that can be taken over; `nil`, with a line in the log, when the data
    /// folder does not allow that.
    func makeHandoverServer(_ sockets: [ListeningSocket]) -> HandoverServer? {
        guard let path else { return nil }
        do {
            try File.createPrivateFolder(settings.dataDirectory)
            return try HandoverServer(
                path: path, sockets: sockets, log: log,
                handedOver: ProcessSignals.tellHandedOver)
        } catch {
            log.write(.warning, "this process cannot be taken over; a restart will refuse calls") {
                $0.text("why", "\(error)")
            }
            return nil
        }
    }
}
