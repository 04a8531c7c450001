import CGatewayProto
import GRPC
import GatewayCore

extension AdminRecords {
    /// All limits of an allowance: of the subject itself, then by model.
    func limits(_ allowance: Allowance) -> [UnsafeMutablePointer<Llmgateway__V1__Limit>?] {
        limits(allowance.limits, model: "")
            + allowance.modelLimits.sorted { $0.key < $1.key }.flatMap {
                limits($0.value, model: $0.key)
            }
    }

    private func limits(
        _ set: LimitSet, model: String
    ) -> [UnsafeMutablePointer<Llmgateway__V1__Limit>?] {
        var rates: [RateLimit] = []
        if let value = set.requestsPerMinute {
            rates.append(RateLimit(.requests, seconds: 60, value: value))
        }
        if let value = set.tokensPerMinute {
            rates.append(RateLimit(.tokens, seconds: 60, value: value))
        }
        if let value = set.requestsAtOnce {
            rates.append(RateLimit(.requestsAtOnce, seconds: 0, value: value))
        }
        return (rates + set.others).map { rate in
            let limit = arena.make(AdminTypes.limit)
            // The contract's own number.
            limit.pointee.kind.rawValue = rate.kind.number
            if rate.seconds > 0 { limit.pointee.window = duration(.seconds(rate.seconds)) }
            limit.pointee.value = Int64(rate.value)
            limit.pointee.model = arena.text(model)
            return limit
        }
    }

    private func duration(_ time: Duration) -> UnsafeMutablePointer<Google__Protobuf__Duration> {
        V1Records(arena: arena).duration(time)
    }
}
