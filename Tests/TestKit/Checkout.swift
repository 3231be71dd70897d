/// The project's own files, for tests that read them.
package enum Checkout {
    /// The directory that holds `Package.swift`, without a slash at the end.
    package static let path: String = {
        let file = #filePath
        guard let tests = file.ranges(of: "/Tests/").last else { return "." }
        return String(file[..<tests.lowerBound])
    }()

    /// A topology that comes with the project, as a path.
    package static func topology(_ name: String) -> String { "\(path)/Topologies/\(name).yaml" }
}
