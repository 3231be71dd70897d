import FoundationEssentials
import SystemPackage

/// The project's node programs, found on the host.
package struct NodePrograms: Sendable {
    /// Programs found.
    package var programs: [NodeProgram]

    /// The command that builds what a node needs.
    package static let buildCommand =
        "swift build -c release --static-swift-stdlib"

    /// Finds the programs beside `executable` (the path of the running `slipway`), in the release build next to a debug
    /// build, or in `lib/slipway` of an installation; `SLIPWAY_NODE_PROGRAMS` names another directory.
    ///
    /// - Parameter cache: spares reading programs that were read before.
    /// - Throws: an error that lists every program that is missing or cannot run in a node, and how to build it.
    package static func locate(
        near executable: String,
        environment: [String: String] = [:],
        cache: DigestCache? = nil,
    ) throws(ImagesError) -> NodePrograms {
        var cache = cache ?? DigestCache()
        let directories = searchPath(near: executable, environment: environment)
        var found: [NodeProgram] = []
        var problems: [String] = []
        for name in NodeProgramName.allCases {
            switch find(name, in: directories) {
            case .success(let path):
                found.append(NodeProgram(name: name, path: path, digest: try cache.digest(of: path)))
            case .failure(let problem):
                problems.append("  \(problem.text)")
            }
        }
        guard problems.isEmpty else {
            throw ImagesError(
                .programs,
                """
                the node programs are not complete:
                \(problems.joined(separator: "\n"))
                build them with: \(buildCommand)
                """,
            )
        }
        cache.save(Set(found.map(\.digest)))
        return NodePrograms(programs: found)
    }

    static func searchPath(near executable: String, environment: [String: String]) -> [String] {
        if let directory = environment["SLIPWAY_NODE_PROGRAMS"], !directory.isEmpty {
            return [directory]
        }
        let directory = FilePath(executable).removingLastComponent()
        let parent = directory.removingLastComponent()
        return [directory, parent.appending("release"), parent.appending("lib/slipway")].map(\.string)
    }

    private struct Problem: Error {
        var text: String
    }

    /// The first that can run in a node; otherwise why the last that exists cannot.
    private static func find(_ name: NodeProgramName, in directories: [String]) -> Result<String, Problem> {
        var problem = "\(name.rawValue) is in none of: \(directories.joined(separator: ", "))"
        for directory in directories {
            let path = FilePath(directory).appending(name.rawValue).string
            guard FileManager.default.fileExists(atPath: path) else { continue }
            guard let reason = ProgramCheck.reasonAgainst(path) else { return .success(path) }
            problem = "\(path) \(reason)"
        }
        return .failure(Problem(text: problem))
    }
}
