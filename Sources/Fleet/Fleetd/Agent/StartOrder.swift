/// In which order units are started.
///
/// systemd itself makes a unit wait for those it is to come after, but only while these are being started, too: they
/// have to be asked for first.
enum StartOrder {
    /// The units, each after those that are to be started before it; otherwise by name. Of units that wait for one
    /// another in a circle the first by name comes last.
    static func sorted(_ units: [String], after: (String) -> Set<String>) -> [String] {
        let wanted = Set(units)
        var (order, seen): ([String], Set<String>) = ([], [])
        for start in units.sorted() where seen.insert(start).inserted {
            var path = [(unit: start, rest: after(start).intersection(wanted).sorted(by: >))]
            while let (unit, rest) = path.last {
                guard let next = rest.last else {
                    order.append(unit)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].rest.removeLast()
                if seen.insert(next).inserted {
                    path.append((next, after(next).intersection(wanted).sorted(by: >)))
                }
            }
        }
        return order
    }
}
