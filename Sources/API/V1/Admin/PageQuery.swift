import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// Which part of a list is asked for: what stands behind the place where the part before it ended.
///
/// A place is in the order of the list, so that what comes or goes between two pages neither shifts
/// nor doubles the rest.
struct PageQuery {
    /// How many to give at most.
    let size: Int
    /// The place; `nil` for the first page.
    let after: String?

    static let sizeDefault = 100
    static let sizeMax = 1_000

    init(size: Int32, token: UnsafeMutablePointer<CChar>?) throws(GatewayError) {
        let violations = FieldViolations()
        if size < 0 { violations.add("page_size", "is negative.") }
        self.size = size == 0 ? Self.sizeDefault : min(max(1, Int(size)), Self.sizeMax)
        let text = token.text
        after = text.isEmpty ? nil : Self.place(of: text)
        if !text.isEmpty, after == nil {
            violations.add(
                "page_token", "is not one that this gateway gave; begin again without it.")
        }
        try violations.finish()
    }

    /// A page of a list, and the token of the next one.
    /// - Parameters:
    ///   - items: all that may be there, in order.
    ///   - place: of each in that order.
    ///   - isBehind: whether a place comes behind another.
    func page<Item>(
        of items: [Item], place: (Item) -> String,
        isBehind: (String, String) -> Bool = { $0 > $1 }
    ) -> (items: [Item], next: String) {
        let rest = items.drop { item in
            after.map { !isBehind(place(item), $0) } ?? false
        }
        let page = Array(rest.prefix(size))
        guard page.count < rest.count, let last = page.last else { return (page, "") }
        return (page, Self.token(of: place(last)))
    }

    /// Clients take it as it is.
    private static func token(of place: String) -> String {
        var place = place
        var token = ByteQueue()
        place.withUTF8 { Base64.append(UnsafeRawBufferPointer($0), into: &token) }
        return token.view.string
    }

    private static func place(of token: String) -> String? {
        var queue = ByteQueue()
        queue.append(text: token)
        guard let bytes = Base64.decode(queue.view) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
