import GRDB
import GatewayCore
import GatewayPrimitives

/// The statements of requests' ids, prepared once. Used on the database's thread only.
final class ClaimStatements {
    private let select: PreparedStatement
    private let insert: PreparedStatement
    private let sweep: PreparedStatement
    private let bound: PreparedStatement
    private let remove: PreparedStatement
    private let selectFirst: PreparedStatement

    init(_ database: Database) throws {
        func prepare(_ sql: String) throws -> PreparedStatement {
            try PreparedStatement(sql, in: database)
        }
        select = try prepare(
            """
            SELECT call_id, body, claimed_at FROM request_claim
            WHERE key_id = ? AND request_id = ?
            """)
        insert = try prepare(
            """
            INSERT OR REPLACE INTO request_claim (
                key_id, request_id, sequence, call_id, body, instance_id, claimed_at)
            VALUES (
                ?1, ?2,
                (SELECT coalesce(max(sequence), 0) + 1 FROM request_claim WHERE key_id = ?1),
                ?3, ?4, ?5, ?6)
            RETURNING sequence
            """)
        sweep = try prepare(
            """
            DELETE FROM request_claim WHERE (key_id, request_id) IN (
                SELECT key_id, request_id FROM request_claim WHERE claimed_at <= ?1
                ORDER BY claimed_at LIMIT ?2)
            """)
        bound = try prepare("DELETE FROM request_claim WHERE key_id = ?1 AND sequence <= ?2")
        remove = try prepare(
            "DELETE FROM request_claim WHERE key_id = ? AND request_id = ? AND call_id = ?")
        selectFirst = try prepare(
            """
            SELECT input_tokens, cached_input_tokens, cache_write_tokens, audio_input_tokens,
                output_tokens, reasoning_tokens, audio_output_tokens, usage_source,
                in_flight_tokens, cost_input, cost_output, cost_failed_attempts
            FROM ledger WHERE received_at BETWEEN ?1 AND ?2 AND call_id = ?3
            """)
    }

    /// The claim that an id stands under.
    func claim(
        _ claim: RequestClaim
    ) throws -> (callID: CallID, body: [UInt8], at: WallTime)? {
        select.bind(1, claim.keyID)
        select.bind(2, claim.requestID)
        return try select.first {
            ($0.callID(0), $0.blob(1), WallTime(nanoseconds: $0.integer(2)))
        }
    }

    /// Stores a claim in place of one that has lapsed, and removes what is too old or too much.
    func insert(_ claim: RequestClaim, owner: Int64) throws {
        sweep.bind(
            1,
            claim.at.nanoseconds
                &- Int64(clamping: RequestClaim.lifetime.wholeNanoseconds))
        sweep.bind(2, StorageLimits.requestIDsSwept)
        try sweep.run()
        insert.bind(1, claim.keyID)
        insert.bind(2, claim.requestID)
        insert.bind(3, claim.callID)
        insert.bind(4, bytes: claim.bodyDigest)
        insert.bind(5, owner)
        insert.bind(6, claim.at.nanoseconds)
        guard let sequence = try insert.first({ $0.integer(0) }) else {
            throw StoreFailure(.other, "a request's id that was just stored is not there")
        }
        guard sequence > Int64(StorageLimits.requestIDsPerKeyMax) else { return }
        bound.bind(1, claim.keyID)
        bound.bind(2, sequence - Int64(StorageLimits.requestIDsPerKeyMax))
        try bound.run()
    }

    func remove(_ key: String, _ request: String, of call: CallID) throws {
        remove.bind(1, key)
        remove.bind(2, request)
        remove.bind(3, call)
        try remove.run()
    }

    /// What a call came to; without usage and cost while it has no row.
    func firstCall(_ id: CallID) throws -> FirstCall {
        selectFirst.bind(1, id.moments.lowerBound)
        selectFirst.bind(2, id.moments.upperBound)
        selectFirst.bind(3, id)
        return try selectFirst.first { row in
            var usage = Usage(source: UsageSource(rawValue: UInt8(row.integer(7))) ?? .estimated)
            usage.inputTokens = row.integer(0)
            usage.cachedInputTokens = row.integer(1)
            usage.cacheWriteTokens = row.integer(2)
            usage.audioInputTokens = row.integer(3)
            usage.outputTokens = row.integer(4)
            usage.reasoningTokens = row.integer(5)
            usage.audioOutputTokens = row.integer(6)
            usage.inFlightTokens = row.integer(8)
            var cost = Cost()
            cost.input = row.money(9)
            cost.output = row.money(10)
            cost.failedAttempts = row.money(11)
            return FirstCall(callID: id, usage: usage, cost: cost)
        } ?? FirstCall(callID: id)
    }
}
