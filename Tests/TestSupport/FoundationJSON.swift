public import Foundation

/// JSON as a reader that is not the project's own sees it.
public enum FoundationJSON {
    /// The object that a text is; `nil` if it is none.
    public static func object(_ text: String) -> NSDictionary? {
        value(Array(text.utf8)) as? NSDictionary
    }

    /// The value that a text is; `nil` if it is no JSON.
    public static func value(_ bytes: [UInt8]) -> NSObject? {
        let value = try? JSONSerialization.jsonObject(
            with: Data(bytes), options: .fragmentsAllowed)
        return value as? NSObject
    }
}

extension NSDictionary {
    /// What is at a path of names and indexes, such as `choices.0.message`.
    public func at(_ path: String) -> NSObject? {
        var here: NSObject? = self
        for step in path.split(separator: ".") {
            if let array = here as? NSArray, let index = Int(step), index < array.count {
                here = array[index] as? NSObject
            } else {
                here = (here as? NSDictionary)?[String(step)] as? NSObject
            }
        }
        return here
    }
}
