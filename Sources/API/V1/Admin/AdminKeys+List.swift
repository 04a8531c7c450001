import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// The list of keys, newest first, with those that were revoked if they are asked for.
extension AdminKeys {
    static func list(
        _ call: AdminCall, _ request: Llmgateway__V1__ListApiKeysRequest
    ) async throws(GatewayError) {
        let query = try PageQuery(size: request.page_size, token: request.page_token)
        var filter = KeyFilter()
        filter.teamID = try ResourceName.optionalID(
            request.team, ResourceName.teams, field: "team")
        filter.userID = try ResourceName.optionalID(
            request.user, ResourceName.users, field: "user")
        let alias = request.alias.text
        if !alias.isEmpty { filter.alias = alias }
        var keys = call.administration.keys(filter, by: call.caller)
        if request.show_revoked != 0 {
            let revoked = try await call.administration.revokedKeys(
                filter, before: query.after.flatMap(KeyPlace.init(text:)),
                limit: query.size + 1, by: call.caller)
            keys = (keys + revoked).sorted { $0.place > $1.place }
        }
        let page = query.page(of: keys, place: \.place.text) { place, other in
            guard let place = KeyPlace(text: place), let other = KeyPlace(text: other) else {
                return true
            }
            return place < other
        }
        let figures = try await call.administration.spend(of: page.items)
        call.respond(AdminTypes.listApiKeysResponse) { response in
            response.n_api_keys = page.items.count
            response.api_keys = call.records.arena.array(
                zip(page.items, figures).map { Optional(message(of: $0, $1, call)) })
            response.next_page_token = call.records.arena.text(page.next)
        }
    }
}

extension KeyPlace {
    /// As a page's token has it.
    fileprivate var text: String { "\(createdAt.nanoseconds) \(id)" }

    fileprivate init?(text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let nanoseconds = Int64(parts[0]) else { return nil }
        self.init(createdAt: WallTime(nanoseconds: nanoseconds), id: String(parts[1]))
    }
}
