import Foundation

/// The project runs on any machine: its files name no folder of the one it was written on.
enum PlaceCheck {
    /// In halves, or this file would name them.
    private static let everywhere = ["/" + "work/", "/" + "home/", "/" + "Users/", "/" + "root/"]
    private static let outsideTests = ["/" + "tmp/"]

    static func check(_ file: SourceFile) -> [Finding] {
        let isTest = file.path.hasPrefix("Tests/") || file.path.hasPrefix("bench/")
        let places = everywhere + (isTest ? [] : outsideTests)
        return file.lines.indices.compactMap { index in
            guard let place = places.first(where: { names($0, in: file.lines[index]) }) else {
                return nil
            }
            return Finding(
                path: file.path, line: index + 1,
                message: "names \(place), a folder of one machine")
        }
    }

    /// Whether a path begins there; a longer path or an address may hold the same words.
    private static func names(_ place: String, in line: String) -> Bool {
        var rest = line[...]
        while let found = rest.range(of: place) {
            let before =
                found.lowerBound == line.startIndex
                ? " " : line[line.index(before: found.lowerBound)]
            if !before.isLetter && !before.isNumber && before != "." && before != "}" {
                return true
            }
            rest = rest[found.upperBound...]
        }
        return false
    }
}
