import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML
import UnitFiles

extension ValidationRule {
    /// Names under which systemd or networkd would not find the file.
    static let unitNames = ValidationRule("unit names") { root in
        (root.value("coreos")?.elements("units") ?? []).flatMap { unit -> [Diagnostic] in
            guard let pair = unit.pair(["name"]), let name = pair.value.asString, !name.isEmpty else {
                let place = unit.pair(["name"])?.keyLocation ?? unit.location
                return [.error("a unit needs a name", at: place, notes: ["one without is passed over"])]
            }
            return nameFault(name, at: pair.valueLocation).map { [$0] } ?? dropInNameFaults(unit)
        }
    }

    /// Units and drop-ins that systemd would not take, read as systemd reads them; the places are those in the file.
    static func units(text: String) -> ValidationRule {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(Substring.init)
        return ValidationRule("units") { root in
            (root.value("coreos")?.elements("units") ?? []).flatMap { unit -> [Diagnostic] in
                let name = unit.pair(["name"])?.value.asString ?? ""
                let own = unit.pair(["content"]).map { contentFaults($0, unit: name, isDropIn: false, lines) } ?? []
                let dropIns = unit.elements("drop_ins").compactMap { $0.pair(["content"]) }.flatMap {
                    contentFaults($0, unit: name, isDropIn: true, lines)
                }
                return own + installFault(unit) + dropIns
            }
        }
    }
}

private func nameFault(_ name: String, at place: SourceLocation) -> Diagnostic? {
    if isNetwork(name), !name.contains("/") { return nil }
    do {
        _ = try UnitName(name)
        return nil
    } catch {
        // fleet does not take slices and the like, systemd does.
        let isSystemds = name.hasSuffix(".slice") && !name.contains("/")
        return isSystemds ? nil : .error("\"\(name)\" is no unit's name: \(error)", at: place)
    }
}

private func dropInNameFaults(_ unit: YAMLNode) -> [Diagnostic] {
    unit.elements("drop_ins").compactMap { dropIn in
        guard let pair = dropIn.pair(["name"]), let name = pair.value.asString, !name.isEmpty else {
            return .warning("a drop-in without a name is passed over", at: dropIn.location)
        }
        if name.contains("/") { return .error("a drop-in's name has no slash in it", at: pair.valueLocation) }
        guard !name.hasSuffix(".conf") else { return nil }
        let notes = ["systemd reads only drop-ins whose names end in .conf"]
        return .warning("the drop-in \"\(name)\" is not read", at: pair.valueLocation, notes: notes)
    }
}

private func contentFaults(
    _ pair: YAMLPair,
    unit: String,
    isDropIn: Bool,
    _ lines: [Substring],
) -> [Diagnostic] {
    guard let content = pair.value.asString, !content.isEmpty else { return [] }
    let place = BlockPlace(pair, content: content, lines: lines)
    let (file, syntax) = UnitFile.parse(content, origin: place.origin)
    var found = syntax
    // networkd's files have keys of their own, of which nothing is known here.
    if !isNetwork(unit), !file.options.isEmpty || syntax.isEmpty {
        found += file.diagnostics(name: optionalName(unit), origin: place.origin)
            // What a whole unit lacks has no place, and a drop-in is only a part of one.
            .filter { !isDropIn || $0.location != nil }
    }
    return found.filter { $0.severity != .note }.map(ignoredLine).map(place.resolved)
}

/// systemd passes over a line that is no option; fleet's parser, of which this is, refused the unit.
private func ignoredLine(_ diagnostic: Diagnostic) -> Diagnostic {
    guard diagnostic.code == .missingEquals else { return diagnostic }
    var diagnostic = diagnostic
    diagnostic.severity = .warning
    diagnostic.notes.append("systemd ignores the line")
    return diagnostic
}

/// `enable: true` links what `[Install]` names: without it nothing happens, and after a reboot the unit is not started.
private func installFault(_ unit: YAMLNode) -> [Diagnostic] {
    guard let enable = unit.pair(["enable"]), enable.value.asBool(.coreOS) == true,
        let content = unit.pair(["content"])?.value.asString, !content.isEmpty
    else { return [] }
    let origin = TextOrigin(file: enable.keyLocation.file)
    let texts = [content] + unit.elements("drop_ins").compactMap { $0.pair(["content"])?.value.asString }
    let hasInstall = texts.contains { UnitFile.parse($0, origin: origin).unit.has(section: "Install") }
    guard !hasInstall else { return [] }
    return [
        .warning(
            "enable has no effect on a unit without [Install]",
            at: enable.keyLocation,
            notes: ["add [Install] with WantedBy=multi-user.target, or leave enable out"],
        )
    ]
}

private func isNetwork(_ name: String) -> Bool { CloudConfig.Unit(name: name).isNetwork }

private func optionalName(_ name: String) -> UnitName? {
    do {
        return try UnitName(name)
    } catch {
        // The rule on names has said so.
        return nil
    }
}

/// Locations of a scalar's lines in the file: only a literal block (`|`) has them unchanged.
private struct BlockPlace {
    let origin: TextOrigin
    private let fallback: SourceLocation?
    /// Place of what the whole unit lacks.
    private let start: SourceLocation

    init(_ pair: YAMLPair, content: String, lines: [Substring]) {
        let location = pair.value.location
        start = pair.valueLocation
        guard pair.value.scalar?.style == .literal,
            let indent = Self.indent(of: content, below: location.line, lines)
        else {
            origin = TextOrigin(file: location.file)
            fallback = pair.valueLocation
            return
        }
        origin = TextOrigin(file: location.file, lineOffset: location.line, columnOffset: indent)
        fallback = nil
    }

    func resolved(_ diagnostic: Diagnostic) -> Diagnostic {
        guard let place = fallback ?? (diagnostic.location == nil ? start : nil) else { return diagnostic }
        var diagnostic = diagnostic
        if let location = diagnostic.location, fallback != nil {
            diagnostic.notes.append("at line \(location.line) of the unit")
        }
        diagnostic.location = place
        return diagnostic
    }

    /// Returns the indentation of the block's lines, from its first line with text in the file.
    private static func indent(of content: String, below line: Int, _ lines: [Substring]) -> Int? {
        let own = content.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard let index = own.firstIndex(where: { !$0.isEmpty }), lines.indices.contains(line + index) else {
            return nil
        }
        let written = lines[line + index]
        let indent = written.count - own[index].count
        return indent >= 0 && written.hasSuffix(own[index]) ? indent : nil
    }
}
