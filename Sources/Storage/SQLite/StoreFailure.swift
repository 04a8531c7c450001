import GRDB
public import GatewayCore

/// Why a store could not be opened, read or written, in words for an operator.
public struct StoreFailure: Error, Sendable, CustomStringConvertible {
    public let kind: Kind
    public let description: String

    /// What is to be done about it.
    public enum Kind: Sendable {
        /// The disk is full, or the file may not grow.
        case full
        /// Another process holds it for too long.
        case locked
        /// It is no database, or a broken one.
        case corrupt
        /// It may not be written.
        case readOnly
        /// Too much waits to be written.
        case queueFull
        /// Too many questions wait to be answered.
        case readQueueFull
        /// A question took too long.
        case tooLong
        /// Another process has changed it.
        case conflict
        case other
    }

    /// Whether the store itself is at fault, and not what was asked of it.
    var isOfStore: Bool {
        switch kind {
        case .full, .locked, .corrupt, .readOnly: true
        case .queueFull, .readQueueFull, .tooLong, .conflict, .other: false
        }
    }

    /// A hold is not in its ledger, which is a fault of the gateway.
    static let noHold = StoreFailure(.other, "a hold that is to be moved is not there")

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A transaction passed a change over, which is a fault of the gateway.
    static let notRun = StoreFailure(.other, "the change was not run")

    static let queueFull = StoreFailure(
        .queueFull,
        "more than \(StorageLimits.waitingJobsMax) changes wait to be written; the disk is too slow"
    )

    static let readQueueFull = StoreFailure(
        .readQueueFull,
        "\(StorageLimits.waitingReadsMax) reports wait to be read; ask again in a while")
    static let conflict = StoreFailure(
        .conflict, "another process has changed the record meanwhile")

    /// What SQLite's result code means (sqlite.org/rescode.html).
    init(_ error: any Error) {
        if let failure = error as? StoreFailure {
            self = failure
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.other, "\(error)")
            return
        }
        let said = error.message ?? "result code \(error.resultCode.rawValue)"
        switch error.resultCode.primaryResultCode {
        case .SQLITE_FULL:
            self.init(.full, "the disk is full (\(said)); free some space")
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_WRITE:
            // SQLite tells ENOSPC only as full: this is a quota, a limit of the process, a device.
            self.init(
                .full,
                "the file cannot be written (\(said)): a quota or the process's limit of file "
                    + "sizes (ulimit -f) is reached, or the device fails")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.locked, "another process holds the database (\(said)); end it")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .corrupt, "the file is damaged or no database (\(said)); restore it from a backup")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            self.init(
                .readOnly,
                "the file cannot be opened or written (\(said)); check its folder and its owner")
        case .SQLITE_INTERRUPT:
            self.init(
                .tooLong,
                "the report took longer than \(StorageLimits.readSeconds) seconds; ask for less")
        default: self.init(.other, said)
        }
    }

    /// What a client is told; the details are the operator's.
    public var gatewayError: GatewayError {
        switch kind {
        case .readQueueFull:
            return GatewayError(
                .overloaded, origin: .gateway,
                message: "The gateway has as many reports to read as it takes at once. "
                    + "Try again shortly.", retryAfter: .seconds(1))
        case .tooLong:
            return GatewayError(
                .timedOut, origin: .gateway,
                message: "The report took longer than \(StorageLimits.readSeconds) seconds. "
                    + "Ask for fewer days, or for one key.")
        case .conflict:
            return GatewayError(
                .changedMeanwhile, origin: .gateway,
                message: "Another process has changed this record meanwhile. Read it again.")
        default: return unavailable
        }
    }

    private var unavailable: GatewayError {
        GatewayError(
            .storeUnavailable, origin: .gateway,
            message: "The gateway's ledger cannot be read or written at the moment, and without it "
                + "no budget can be checked. Try again later.",
            retryAfter: .seconds(1))
    }
}
