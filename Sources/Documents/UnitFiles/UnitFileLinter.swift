import Diagnostics

/// Finds what is wrong with a unit that reads well.
struct UnitFileLinter {
    let unit: UnitFile
    let name: UnitName?
    /// Name whose specifiers are replaced: a template is checked as one of its instances.
    private let sample: UnitName?
    let origin: TextOrigin
    var found: [Diagnostic] = []

    init(unit: UnitFile, name: UnitName?, origin: TextOrigin) {
        self.unit = unit
        self.name = name
        sample = name?.isTemplate == true ? name?.firstInstance : name
        self.origin = origin
    }

    mutating func lint() -> [Diagnostic] {
        if unit.options.isEmpty { found.append(.warning("the unit \(name?.full ?? "file") is empty")) }
        for option in unit.options {
            if let fault = option.fault { add(.error, fault, at: option) }
            checkSection(of: option)
            checkFleetKey(option)
            checkCommand(option)
        }
        checkRepeats()
        checkExclusions()
        checkInstall()
        checkService()
        lintForSystemd()
        lintValues()
        lintWords()
        return found
    }

    // MARK: [X-Fleet]

    private mutating func checkSection(of option: UnitOption) {
        guard option.section != XFleetKey.section else { return }
        let folded = option.section.lowercased().filter(\.isLetter)
        let isNear = option.section.hasPrefix("X-") && Spelling.nearest(to: "xfleet", among: [folded]) != nil
        guard folded == "xfleet" || isNear, unit.options.first(where: { $0.section == option.section }) == option else {
            return
        }
        add(.warning, "[\(option.section)] is not read by anyone; did you mean [X-Fleet]?", atSectionOf: option)
    }

    private mutating func checkFleetKey(_ option: UnitOption) {
        guard option.section == XFleetKey.section else { return }
        guard let key = XFleetKey(spelling: option.name) else {
            let nearest = Spelling.nearest(to: option.name, among: XFleetKey.allCases.map(\.rawValue))
            add(
                .warning,
                "unrecognized requirement in [X-Fleet] section: \"\(option.name)\"",
                at: option,
                notes: [nearest.map { "did you mean \($0)?" } ?? UnitFileLinter.knownKeys],
            )
            return
        }
        if option.name != key.rawValue {
            add(.warning, "\(option.name) is the old spelling of \(key.rawValue)", at: option)
        }
        checkValue(of: key, option)
    }

    private mutating func checkValue(of key: XFleetKey, _ option: UnitOption) {
        let values = FleetRequirements.split(option.value).map { sample?.expandingSpecifiers(in: $0) ?? $0 }
        for value in values {
            switch key {
            case .machineMetadata: checkMetadata(value, option, .warning)
            case .preferMachineMetadata: checkMetadata(value, option, .error)
            case .conflicts, .preferApart:
                value.split(whereSeparator: \.isWhitespace).forEach { checkGlob(String($0), option) }
            case .replaces: checkGlob(value, option)
            case .machineOf: checkPeer(value, option)
            // What an instance's name will make of a specifier is not known yet.
            case .machineID: if !option.value.contains("%") { checkMachineID(value, option) }
            case .global: checkGlobal(value, option)
            case .weight: checkWeight(value, option)
            }
        }
    }

    /// - Parameter severity: a warning for what the original takes, too.
    private mutating func checkMetadata(_ entry: String, _ option: UnitOption, _ severity: Diagnostic.Severity) {
        // Two spaces between values in quotes make an empty one.
        guard !entry.isEmpty, FleetRequirements.metadataPair(entry) == nil else { return }
        let hint =
            entry.contains(" ")
            ? "for several values put each in quotes: \(option.name)=\"region=us\" \"disk=ssd\""
            : "write it as \(option.name)=region=us"
        addToValue(severity, "\"\(entry)\" is not key=value, and fleet ignores it", of: option, notes: [hint])
    }

    private mutating func checkGlob(_ pattern: String, _ option: UnitOption) {
        if pattern.isEmpty {
            addToValue(.warning, "\(option.name) is empty and matches no unit", of: option)
        } else if Glob(pattern).isMalformed {
            let notes = ["a [ needs its ], and a backslash needs a character after it"]
            addToValue(.error, "the pattern \"\(pattern)\" is malformed and matches no unit", of: option, notes: notes)
        }
    }

    private mutating func checkPeer(_ peer: String, _ option: UnitOption) {
        if let sample, peer == sample.full {
            addToValue(.error, "a unit cannot be required to be where it is itself", of: option)
            return
        }
        if FleetRequirements.isPattern(peer), !peer.contains(" ") { return checkGlob(peer, option) }
        do {
            let peer = try UnitName(peer)
            guard peer.isTemplate else { return }
            addToValue(.error, "\(peer) is a template, which never runs on a machine", of: option)
        } catch {
            let advice = "for several units put each in quotes: MachineOf=\"a.service\" \"b.service\""
            let notes = peer.contains(" ") ? [advice] : []
            addToValue(.error, "MachineOf names no unit: \(error)", of: option, notes: notes)
        }
    }

    private mutating func checkMachineID(_ id: String, _ option: UnitOption) {
        let digits = id.allSatisfy { $0.isASCII && $0.isHexDigit }
        guard !digits || (id.count != 32 && id.count != 8) else { return }
        let notes = ["a machine id has 32 hexadecimal digits; the first 8 of them will do"]
        addToValue(.warning, "\"\(id)\" does not look like a machine id", of: option, notes: notes)
    }

    private mutating func checkGlobal(_ value: String, _ option: UnitOption) {
        let known = ["true", "yes", "1", "on", "t", "false", "no", "0", "off", "f"]
        guard !known.contains(value.lowercased()) else { return }
        addToValue(.warning, "\"\(value)\" counts as false; write true or false", of: option)
    }

    private mutating func checkWeight(_ value: String, _ option: UnitOption) {
        guard FleetRequirements.weight(value) == nil else { return }
        let notes = ["an ordinary unit weighs 1"]
        addToValue(.error, "\"\(value)\" is no weight: write a whole number from 0 to 1000", of: option, notes: notes)
    }

    private mutating func checkRepeats() {
        for key in [XFleetKey.machineID, .global, .weight] {
            let options = unit.options.filter { option in
                option.section == XFleetKey.section && key.spellings.contains(option.name)
            }
            guard let last = options.last, options.count > 1 else { continue }
            let winner = key == .machineID ? "first" : "last"
            add(.warning, "\(key.rawValue) is given \(options.count) times; the \(winner) one counts", at: last)
        }
    }

    private mutating func checkExclusions() {
        for exclusion in unit.exclusions(name: sample) {
            let place = unit.options.last { option in
                option.section == XFleetKey.section && exclusion.other.spellings.contains(option.name)
            }
            add(.error, exclusion.message, at: place)
        }
    }

    // MARK: systemd

    /// A container that detaches leaves the service without a main process: systemd takes it for finished.
    private mutating func checkCommand(_ option: UnitOption) {
        guard option.section == "Service", option.name == "ExecStart" else { return }
        let words = option.value.split { $0.isWhitespace || $0 == "\\" }.map(String.init)
        guard
            let docker = words.firstIndex(where: { $0.split(separator: "/").last == "docker" }),
            let run = words[docker...].firstIndex(of: "run"),
            let flag = UnitFileLinter.flags(in: words[(run + 1)...]).first(where: UnitFileLinter.detaches)
        else { return }
        addToValue(
            .warning,
            "\"docker run \(flag)\" leaves systemd nothing to supervise",
            of: option,
            notes: ["remove \(flag): the service then lives, logs and stops with its container"],
        )
    }

    /// The words that may still be flags of `docker run`: of two plain words in a row the second belongs to the
    /// container.
    private static func flags(in words: ArraySlice<String>) -> ArraySlice<String> {
        let end = zip(words, words.dropFirst()).enumerated().first { _, pair in
            !pair.0.hasPrefix("-") && !pair.1.hasPrefix("-")
        }
        return words.prefix(end.map { $0.offset + 1 } ?? words.count)
    }

    private static func detaches(_ word: String) -> Bool {
        if word == "--detach" || word == "--detach=true" { return true }
        // Short flags of docker run that take no value and so can stand together with d.
        return word.hasPrefix("-") && word.contains("d") && word.dropFirst().allSatisfy { "ditP".contains($0) }
            && !word.dropFirst().isEmpty
    }

    private mutating func checkInstall() {
        guard let option = unit.options.first(where: { $0.section == "Install" }) else { return }
        add(.note, "[Install] is not needed: fleet starts the unit where it is placed", atSectionOf: option)
    }

    private mutating func checkService() {
        guard name?.suffix == "service", !unit.options.isEmpty, !unit.has(section: "Service") else { return }
        found.append(.warning("\(name?.full ?? "") has no [Service] section, and systemd will refuse it"))
    }

    // MARK: Output

    private static let knownKeys =
        "the requirements are " + XFleetKey.allCases.map(\.rawValue).joined(separator: ", ")

    mutating func add(
        _ severity: Diagnostic.Severity,
        _ message: String,
        at option: UnitOption?,
        notes: [String] = [],
    ) {
        found.append(Diagnostic(severity, message, at: origin.location(of: option?.position), notes: notes))
    }

    mutating func add(
        _ severity: Diagnostic.Severity,
        _ message: String,
        atSectionOf option: UnitOption,
        notes: [String] = [],
    ) {
        let place = origin.location(of: option.headerPosition ?? option.position)
        found.append(Diagnostic(severity, message, at: place, notes: notes))
    }

    mutating func addToValue(
        _ severity: Diagnostic.Severity,
        _ message: String,
        of option: UnitOption,
        notes: [String] = [],
    ) {
        let length = option.value.prefix { !$0.isNewline }.count
        let place = origin.location(ofValue: option.position, length: length)
        found.append(Diagnostic(severity, message, at: place, notes: notes))
    }
}
