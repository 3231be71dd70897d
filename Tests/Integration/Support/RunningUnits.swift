/// The processes of a cluster's units: a unit that was stopped, restarted or moved has another.
struct RunningUnits: Sendable, Equatable, CustomStringConvertible {
    /// Node, unit, process, when it became active.
    var units: Set<String>

    /// The units of the project's own topologies and those of ``Faults``, on some nodes.
    init(_ cluster: TestCluster, on nodes: [String]) async throws {
        units = []
        let names = "hello.service busybox.service node-report.service web@1.service web@2.service"
        let script = """
            more=$(systemctl list-units --plain --no-legend 'fault*' | awk '{print $1}')
            for unit in \(names) $more; do
                set -- $(systemctl show -p MainPID -p ActiveEnterTimestampMonotonic -p ActiveState --value $unit)
                case " $* " in *" active "*) echo $unit $* ;; esac
            done
            """
        for node in nodes {
            let lines = try await cluster.output(node, script).split(separator: "\n")
            units.formUnion(lines.map { "\(node) \($0)" })
        }
    }

    func filter(_ isWanted: (_ node: String, _ unit: String) -> Bool) -> RunningUnits {
        var some = self
        some.units = units.filter { line in
            let words = line.split(separator: " ").map(String.init)
            return words.count > 1 && isWanted(words[0], words[1])
        }
        return some
    }

    /// Names of units on a node, by what they begin with.
    func names(_ start: String, on node: String) -> [String] {
        units.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.count > 1 && words[0] == node && words[1].hasPrefix(start) ? words[1] : nil
        }.sorted()
    }

    /// Fails where one of `before` is not there any more, and says which.
    static func requireKept(_ before: RunningUnits, in now: RunningUnits, after what: String) throws {
        let lost = before.units.subtracting(now.units)
        guard lost.isEmpty else {
            let lines = lost.sorted().joined(separator: "\n")
            throw Unexpected("after \(what) these do not run as they did:\n\(lines)\nwhat runs:\n\(now)")
        }
    }

    var description: String { units.sorted().joined(separator: "\n") }
}
