import Diagnostics
import LocatedYAML
import TopologyModel
import UnitFiles

extension TopologyReader {
    static let unitKeys = ["file", "state", "instances"]
    private static let mostInstances = 10_000

    mutating func readUnits(_ fields: YAMLFields) -> [UnitDeployment] {
        var first: [String: SourceLocation] = [:]
        return decoder.list("units", in: fields).flatMap { readEntry($0) }.filter { deployment in
            guard let earlier = first[deployment.name] else {
                first[deployment.name] = deployment.location
                return true
            }
            let note = "it is listed first at line \(earlier.line)"
            decoder.report("\(deployment.name) is listed twice", at: deployment.location, notes: [note])
            return false
        }
    }

    private mutating func readEntry(_ node: YAMLNode) -> [UnitDeployment] {
        if let text = node.asString {
            decoder.report(
                "expected a mapping for a unit, found \(node.found)",
                at: node.location,
                notes: ["write `file: \(text)`"]
            )
            return []
        }
        guard let fields = decoder.fields(of: node, as: "a unit", keys: Self.unitKeys) else {
            return []
        }
        let state = decoder.word("state", in: fields, as: TargetState.self) ?? .launched
        guard let path = decoder.requiredString("file", in: fields) else { return [] }
        let place = fields.location(of: "file")
        guard let name = unitName(of: path, at: place) else { return [] }
        let instances = readInstances(of: name, fields)
        guard let unit = readUnitFile(path, name: instances.first?.name ?? name, at: place) else { return [] }
        return instances.map {
            UnitDeployment(
                name: $0.name.full,
                file: found(path),
                unit: unit,
                desiredState: state,
                location: $0.location
            )
        }
    }

    private mutating func unitName(of path: String, at location: SourceLocation) -> UnitName? {
        do {
            return try UnitName(FilePath.split(path).name)
        } catch {
            decoder.report("\(path) cannot be a unit's file: \(error)", at: location)
            return nil
        }
    }

    // MARK: Instances

    private typealias Instance = (name: UnitName, location: SourceLocation)

    /// The units an entry stands for: the unit itself, or the instances of a template.
    private mutating func readInstances(of name: UnitName, _ fields: YAMLFields) -> [Instance] {
        guard let node = fields["instances"] else {
            guard name.isTemplate else { return [(name, fields.location(of: "file"))] }
            let notes = [
                "`instances: 2` makes \(name.prefix)@1 and \(name.prefix)@2; names are given as `[blue, green]`"
            ]
            decoder.report(
                "\(name) is a template, and needs \"instances\"",
                at: fields.location(of: "file"),
                notes: notes
            )
            return []
        }
        let place = fields.location(of: "instances")
        guard name.isTemplate else {
            let note = "a template's name ends in @, as in \(name.stem)@.\(name.suffix)"
            decoder.report("\(name) is not a template, and has no instances", at: place, notes: [note])
            return [(name, fields.location(of: "file"))]
        }
        if let elements = node.elements { return named(elements, of: name, at: place) }
        guard node.asInt(.core) != nil else {
            decoder.report("expected a number or a list of names for \"instances\", found \(node.found)", at: place)
            return []
        }
        guard let count = integer("instances", in: fields, range: 1...Self.mostInstances) else { return [] }
        return (1...count).compactMap { number in instance("\(number)", of: name, at: place).map { ($0, place) } }
    }

    private mutating func named(_ elements: [YAMLNode], of name: UnitName, at location: SourceLocation) -> [Instance] {
        if elements.isEmpty { decoder.report("\"instances\" is empty", at: location) }
        return elements.compactMap { element in
            guard let text = element.asString, !text.isEmpty else {
                decoder.report("expected an instance's name, found \(element.found)", at: element.location)
                return nil
            }
            return instance(text, of: name, at: element.location).map { ($0, element.location) }
        }
    }

    private mutating func instance(_ text: String, of name: UnitName, at location: SourceLocation) -> UnitName? {
        do {
            return try name.instance(text)
        } catch {
            decoder.report("\"\(text)\" cannot be an instance's name: \(error)", at: location)
            return nil
        }
    }

    // MARK: Files

    /// The unit in a file; one with faults comes back empty, so that others may still name it.
    private mutating func readUnitFile(_ written: String, name: UnitName, at location: SourceLocation) -> UnitFile? {
        let path = found(written)
        do {
            guard let text = try files.text(at: path) else {
                reportMissing(written, at: location)
                return nil
            }
            let (unit, diagnostics) = UnitFile.check(text, name: name, origin: TextOrigin(file: path))
            // A file that several entries name is reported once.
            if sources.updateValue(text, forKey: path) == nil { decoder.diagnostics += diagnostics }
            return diagnostics.hasErrors ? UnitFile() : unit
        } catch {
            decoder.report("cannot read \(path): \(error)", at: location)
            return nil
        }
    }

    /// The path of a unit file: as written, from the topology file's directory.
    private func found(_ written: String) -> String { FilePath.join(FilePath.split(file).directory, written) }

    private mutating func reportMissing(_ written: String, at location: SourceLocation) {
        let (directory, name) = FilePath.split(written)
        let near = Spelling.nearest(to: name, among: files.names(in: FilePath.split(found(written)).directory))
        let notes = near.map { ["did you mean \(FilePath.join(directory, $0))?"] }
        let fallback = ["its path is taken from the topology file's own directory"]
        decoder.report("there is no unit file \(found(written))", at: location, notes: notes ?? fallback)
    }
}
