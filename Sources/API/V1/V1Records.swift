import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// Writes what is known of a call in the contract's words: usage, routing, attempts, outcomes.
struct V1Records {
    let arena: MessageArena

    func usage(_ usage: Usage) -> UnsafeMutablePointer<Llmgateway__V1__Usage> {
        let message = arena.make(V1Types.usage)
        message.pointee.input_tokens = usage.inputTokens
        message.pointee.cached_input_tokens = usage.cachedInputTokens
        message.pointee.cache_write_tokens = usage.cacheWriteTokens
        message.pointee.audio_input_tokens = usage.audioInputTokens
        message.pointee.output_tokens = usage.outputTokens
        message.pointee.reasoning_tokens = usage.reasoningTokens
        message.pointee.audio_output_tokens = usage.audioOutputTokens
        message.pointee.in_flight_tokens = usage.inFlightTokens
        // The raw values are the contract's numbers.
        message.pointee.source.rawValue = UInt32(usage.source.rawValue)
        return message
    }

    func routing(
        _ record: CallRecord, dialect: Dialect
    ) -> UnsafeMutablePointer<Llmgateway__V1__RoutingInfo> {
        let message = arena.make(V1Types.routing)
        if let deployment = record.deployment {
            message.pointee.model = arena.text(deployment.model)
            message.pointee.upstream_model = arena.text(deployment.upstreamModel)
            message.pointee.provider = arena.text(deployment.provider.rawValue)
            let spoken = deployment.provider.spoken(for: dialect)
            message.pointee.dialect = arena.text(ByteView(spoken.name))
            message.pointee.deployment = arena.text(deployment.id)
        }
        if let tier = record.serviceTier { message.pointee.service_tier = arena.text(tier) }
        message.pointee.max_output_tokens = Int32(clamping: record.outputTokensMax ?? 0)
        let attempts = attempts(record.attempts, record)
        message.pointee.n_attempts = attempts.count
        message.pointee.attempts = arena.array(attempts)
        if record.queueTime > .zero {
            message.pointee.queue_duration = duration(record.queueTime)
        }
        if let firstTokenAt = record.firstTokenAt {
            message.pointee.first_token_latency = duration(firstTokenAt.since(record.receivedAt))
        }
        let dropped: [UnsafeMutablePointer<CChar>?] = record.droppedParams.map { arena.text($0) }
        message.pointee.n_dropped_params = dropped.count
        message.pointee.dropped_params = arena.array(dropped)
        return message
    }

    func attempts(
        _ attempts: [Attempt], _ record: CallRecord
    ) -> [UnsafeMutablePointer<Llmgateway__V1__Attempt>?] {
        attempts.map { attempt in
            let message = arena.make(V1Types.attempt)
            message.pointee.deployment = arena.text(attempt.deployment.id)
            let offset = attempt.startedAt.since(record.receivedAt).wholeNanoseconds
            message.pointee.start_time = timestamp(
                WallTime(nanoseconds: record.receivedAtWall.nanoseconds + Int64(offset)))
            message.pointee.latency = duration(attempt.latency)
            message.pointee.outcome.rawValue = attempt.outcome.number
            message.pointee.http_status = Int32(attempt.httpStatus)
            if let timeout = attempt.timeout {
                message.pointee.timeout_kind.rawValue = timeout.number
            }
            return message
        }
    }

    func cost(_ record: CallRecord) -> UnsafeMutablePointer<Llmgateway__V1__Cost> {
        let message = cost(record.cost, of: record.id)
        message.pointee.price_unknown = record.isPriceUnknown ? 1 : 0
        return message
    }

    /// What a call cost. The ledger's rows are found by the call's own id.
    func cost(_ cost: Cost, of id: CallID) -> UnsafeMutablePointer<Llmgateway__V1__Cost> {
        let message = arena.make(V1Types.cost)
        message.pointee.total_nano_usd = cost.total.nanoUSD
        message.pointee.input_nano_usd = cost.input.nanoUSD
        message.pointee.output_nano_usd = cost.output.nanoUSD
        message.pointee.failed_attempts_nano_usd = cost.failedAttempts.nanoUSD
        message.pointee.ledger_id = arena.text(id.text)
        message.pointee.excess_nano_usd = cost.excess.nanoUSD
        return message
    }

    func violations(
        _ violations: [LimitViolation]
    ) -> [UnsafeMutablePointer<Llmgateway__V1__LimitViolation>?] {
        violations.map { violation in
            let message = arena.make(V1Types.limitViolation)
            message.pointee.subject = arena.text(violation.subject)
            message.pointee.kind.rawValue = violation.kind.number
            if let window = violation.window { message.pointee.window = duration(window) }
            message.pointee.limit = violation.limit
            message.pointee.requested = violation.requested
            message.pointee.remaining = violation.remaining
            message.pointee.spent = violation.spent
            message.pointee.held = violation.held
            if let reset = violation.resetAt { message.pointee.reset_time = timestamp(reset) }
            return message
        }
    }

    func timestamp(_ time: WallTime) -> UnsafeMutablePointer<Google__Protobuf__Timestamp> {
        let message = arena.make(V1Types.timestamp)
        message.pointee.seconds = time.nanoseconds / 1_000_000_000
        message.pointee.nanos = Int32(time.nanoseconds % 1_000_000_000)
        return message
    }

    func duration(_ duration: Duration) -> UnsafeMutablePointer<Google__Protobuf__Duration> {
        let message = arena.make(V1Types.duration)
        message.pointee.seconds = duration.components.seconds
        message.pointee.nanos = Int32(duration.components.attoseconds / 1_000_000_000)
        return message
    }

    func logprobs(
        _ tokens: [TokenLogprob]
    ) -> [UnsafeMutablePointer<Llmgateway__V1__TokenLogprob>?] {
        tokens.map { token in
            let message = arena.make(V1Types.logprob)
            message.pointee.token = arena.text(token.token)
            message.pointee.logprob = token.logprob
            if let bytes = token.tokenBytes {
                message.pointee._token_data_case =
                    LLMGATEWAY__V1__TOKEN_LOGPROB___TOKEN_DATA_TOKEN_DATA
                message.pointee.token_data = arena.data(bytes)
            }
            let candidates = token.candidates.map {
                candidate -> UnsafeMutablePointer<Llmgateway__V1__TokenCandidate>? in
                let message = arena.make(V1Types.candidate)
                message.pointee.token = arena.text(candidate.token)
                message.pointee.logprob = candidate.logprob
                return message
            }
            message.pointee.n_candidates = candidates.count
            message.pointee.candidates = arena.array(candidates)
            return message
        }
    }
}

extension AttemptOutcome {
    /// Its number in the contract.
    var number: UInt32 {
        switch self {
        case .succeeded: 1
        case .connectFailed: 2
        case .rateLimited: 3
        case .serverError: 4
        case .timedOut: 5
        case .authFailed: 6
        case .modelNotFound: 7
        case .invalidRequest: 8
        case .contextWindowExceeded: 9
        case .contentPolicy: 10
        case .malformed: 11
        case .interrupted: 12
        case .cancelled: 13
        case .hedgeLost: 15
        }
    }
}

extension LimitKind {
    /// Its number in the contract.
    var number: UInt32 {
        switch self {
        case .requests: 1
        case .tokens: 2
        case .inputTokens: 3
        case .outputTokens: 4
        case .requestsAtOnce: 5
        case .spend: 6
        }
    }
}

extension TimeoutKind {
    /// Its number in the contract.
    var number: UInt32 {
        switch self {
        case .connect: 1
        case .firstToken: 2
        case .betweenTokens: 3
        case .attempt: 4
        case .call: 5
        }
    }
}

extension FinishReason {
    /// Its number in the contract.
    var number: UInt32 {
        switch self {
        case .unknown: 0
        case .stop: 1
        case .length: 2
        case .toolCalls: 3
        case .contentFilter: 4
        case .refusal: 5
        }
    }
}

extension FinishCause {
    /// Its number in the contract.
    var number: UInt32 {
        switch self {
        case .unknown: 0
        case .model: 1
        case .maxTokens: 2
        case .stopSequence: 3
        case .budget: 4
        case .deadline: 5
        case .contextWindow: 6
        }
    }
}
