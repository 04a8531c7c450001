import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives

/// Reads and writes what requests have made that their clients gave an id, within the transaction
/// of its caller.
struct CreationRows {
    let database: Database

    /// Writes one, and deletes those that are not remembered any more. Another process that was
    /// asked the same meanwhile has made it first.
    func write(_ creation: Creation) throws {
        try database.execute(
            sql: "DELETE FROM creation WHERE at <= ?",
            arguments: [Creation.remembered(at: creation.at).nanoseconds])
        try database.execute(
            sql: """
                INSERT INTO creation (key_id, request_id, body, call_id, object, object_id, at)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
            arguments: [
                creation.keyID, creation.requestID, Data(creation.bodyDigest),
                creation.callID.stored, creation.object.rawValue, creation.objectID,
                creation.at.nanoseconds,
            ])
        guard database.changesCount == 1 else { throw StoreFailure.conflict }
    }

    func creation(
        _ requestID: String, ofKey keyID: String, at moment: WallTime
    ) throws -> Creation? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT * FROM creation WHERE key_id = ? AND request_id = ? AND at > ?",
            arguments: [keyID, requestID, Creation.remembered(at: moment).nanoseconds])
        guard let row, let object = AuditEntry.Object(rawValue: row["object"]) else { return nil }
        let body: Data = row["body"]
        return Creation(
            keyID: keyID, requestID: requestID, bodyDigest: Array(body),
            callID: CallID(stored: row["call_id"]), object: object,
            objectID: row["object_id"], at: WallTime(nanoseconds: row["at"]))
    }
}
