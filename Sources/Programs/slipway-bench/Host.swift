import Foundation
import Subprocess
import SystemPackage

/// Programs of this host, and measurements of nodes from outside, the same whoever started them.
enum Host {
    /// The load average of the last minute.
    static func load() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8) else { return 0 }
        return text.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// Memory that programs can still have, in KiB.
    static func availableKiB() throws -> Double {
        let text = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") } ?? ""
        guard let value = Double(line.filter(\.isNumber)) else { throw BenchError("/proc/meminfo has no MemAvailable") }
        return value
    }

    static func note(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text) (load \(load()))\n".utf8))
    }

    /// Runs a program and returns what it printed; an exit code that is not expected is an error with what it said.
    @discardableResult
    static func run(_ words: [String], expecting codes: Set<Int32> = [0]) async throws -> String {
        let result = try await Subprocess.run(
            words[0].contains("/") ? .path(.init(words[0])) : .name(words[0]),
            arguments: Arguments(Array(words.dropFirst())),
            output: .string(limit: 1 << 26),
            error: .string(limit: 1 << 24),
        )
        guard case .exited(let code) = result.terminationStatus, codes.contains(code) else {
            throw BenchError(
                "\(words.joined(separator: " ")): \(result.terminationStatus)\n\(result.standardError)"
            )
        }
        return result.standardOutput
    }

    static func shell(_ script: String, _ arguments: String...) async throws -> String {
        try await run(["bash", "-c", script, "bash"] + arguments)
    }

    static func json<Value: Decodable>(_ words: [String], expecting codes: Set<Int32> = [0])
        async throws -> Value
    {
        try JSONDecoder().decode(Value.self, from: Data(try await run(words, expecting: codes).utf8))
    }

    /// Time that `body` takes.
    static func timed(_ body: () async throws -> Void) async rethrows -> Duration {
        let begin = ContinuousClock.now
        try await body()
        return ContinuousClock.now - begin
    }

    /// Waits until `isTrue`, looking again after each pause, and returns when that was.
    @discardableResult
    static func wait(
        for what: String,
        within limit: Duration,
        pause: Duration = .milliseconds(10),
        until isTrue: () async throws -> Bool,
    ) async throws -> Date {
        let deadline = ContinuousClock.now + limit
        while try await !isTrue() {
            guard ContinuousClock.now < deadline else {
                throw BenchError("waited \(limit) in vain for \(what)")
            }
            try await Task.sleep(for: pause)
        }
        return .now
    }

    /// Returns the time at which etcd, or the proxy, was healthy on each. One curl asks all at once, which costs the
    /// machine little.
    static func healthy(_ addresses: [String], within limit: Duration) async throws -> Date {
        let script =
            #"curl -s -Z --connect-timeout 0.2 -m 0.3 "$@" | grep -o '"health":"true"' | wc -l"#
        let urls = addresses.map { "http://\($0):2379/health" }
        return try await wait(for: "etcd on \(addresses)", within: limit, pause: .milliseconds(20)) {
            let answers = try await run(["bash", "-c", script, "bash"] + urls)
            return Int(answers.trimmingCharacters(in: .whitespacesAndNewlines)) == addresses.count
        }
    }

    /// Returns the time at which sshd had greeted on each.
    static func greetedBySSH(_ addresses: [String], within limit: Duration) async throws -> Date {
        let script = #"exec 9<>"/dev/tcp/$1/22" && IFS= read -r -t 1 line <&9 && [[ $line == SSH-* ]]"#
        for address in addresses {
            try await wait(for: "ssh on \(address)", within: limit, pause: .milliseconds(100)) {
                try await run([
                    "bash", "-c", "(\(script)) 2>/dev/null && echo yes || true", "bash", address,
                ]) == "yes\n"
            }
        }
        return .now
    }

    /// Returns the time at which libvirt began to start the first of some containers, by its own log.
    static func firstStart(_ domains: [String]) async throws -> Date {
        let script = """
            for domain in "$@"; do
                line=$(grep -h ': starting up$' "/var/log/libvirt/lxc/$domain.log" | tail -n 1)
                date -d "${line%: starting up}" +%s.%N
            done | sort -n | head -n 1
            """
        let text = try await run(["bash", "-c", script, "bash"] + domains)
        guard let seconds = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw BenchError("libvirt's logs do not say when \(domains) started")
        }
        return Date(timeIntervalSince1970: seconds)
    }
}

/// The program under test.
struct SlipwayProgram {
    let path: String

    private struct Image: Decodable {
        var kind: String
        var path: String
        var current: Bool
    }

    struct Node: Decodable {
        var name: String
        var role: String
        var address: String?
    }

    private struct Nodes: Decodable { var nodes: [Node] }

    @discardableResult
    func callAsFunction(_ words: String..., expecting codes: Set<Int32> = [0]) async throws -> String {
        try await Host.run([path] + words, expecting: codes)
    }

    /// The directory of a part of the image that nodes made now get: `root` or `layer`.
    func image(_ kind: String) async throws -> String {
        let images: [Image] = try await Host.json([path, "image", "list", "--json"])
        guard let image = images.first(where: { $0.kind == kind && $0.current }) else {
            throw BenchError("slipway image list names no current \(kind)")
        }
        return image.path
    }

    /// Addresses follow from the file, so a prober can look before there is anything.
    func addresses(of role: String, in topology: String) async throws -> [String] {
        let plan: Nodes = try await Host.json([path, "plan", topology, "--json"], expecting: [0, 2])
        return plan.nodes.filter { $0.role == role }.compactMap(\.address)
    }

    func address(of node: String, in cluster: String) async throws -> String {
        let status: Nodes = try await Host.json([path, "status", cluster, "--json"])
        guard let address = status.nodes.first(where: { $0.name == node })?.address else {
            throw BenchError("slipway status names no address of \(node)")
        }
        return address
    }

    /// Takes clusters down that may be there, whatever comes of it: what follows says so itself.
    func clear(_ clusters: [String]) async {
        for cluster in clusters { _ = try? await Host.run([path, "down", cluster, "--yes"]) }
    }
}

/// A directory for the files of one measurement.
struct Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "slipway-bench-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Writes a file and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    func remove() throws { try FileManager.default.removeItem(atPath: path) }
}
