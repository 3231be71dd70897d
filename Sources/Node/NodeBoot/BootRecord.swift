/// An image as a node's boot knows it: two directories of the host's image store.
package struct BootImage: Sendable, Hashable {
    /// Name of the root's directory: its digest.
    package let root: String
    /// Name of the directory of the node programs: their digest.
    package let layer: String

    /// Nil for names that are none of directories in the store: what a node says is not taken for a path.
    package init?(root: String, layer: String) {
        for name in [root, layer] {
            let isPlain = name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
            }
            guard !name.isEmpty, name.utf8.count <= 128, isPlain else { return nil }
        }
        self.root = root
        self.layer = layer
    }
}

/// What a node may boot and has booted, as CoreOS kept it in the attributes of its partitions: an image that is wanted has
/// tries until the node is well on it, and is passed over without.
///
/// It lies in the node's directory. The host writes it while the node is off, the node's init at each boot, and the node
/// once it is well.
package struct BootRecord: Sendable, Hashable {
    /// An image on trial.
    package struct Trial: Sendable, Hashable {
        /// Number of boots that are left to it.
        package var tries: Int
        /// Seconds from a boot until the node has to be well.
        package var within: Int

        package init(tries: Int = 1, within: Int) {
            self.tries = tries
            self.within = within
        }
    }

    /// An image that a node may boot.
    package struct Entry: Sendable, Hashable {
        /// Image to boot.
        package var image: BootImage
        /// Nil where the node was well on it.
        package var trial: Trial?
        /// Digest of the configuration that the image belongs to; nil where that is not known.
        package var config: String?
        /// Root that a person may have the node go back to from this one; nil for none.
        package var previous: String?

        package init(_ image: BootImage, trial: Trial? = nil, config: String? = nil, previous: String? = nil) {
            self.image = image
            self.trial = trial
            self.config = config
            self.previous = previous
        }

        /// True where the node was well on it.
        package var isGood: Bool { trial == nil }
        var mayBoot: Bool { trial.map { $0.tries > 0 } ?? true }
    }

    /// An image that a node left by itself.
    package struct Retreat: Sendable, Hashable {
        /// Image that it left.
        package var image: BootImage
        /// Seconds since 1970, by the node's clock.
        package var time: Int
        /// Reason, for people.
        package var reason: String

        /// A retreat for a reason, of which one line is kept.
        package init(_ image: BootImage, time: Int, reason: String) {
            self.image = image
            self.time = time
            self.reason = reason.asOneLine
        }
    }

    /// Images, the most wanted first.
    package var entries: [Entry]
    /// Image that was booted last; nil before the first boot, and where none of these could be.
    package var booted: BootImage?
    /// Root that the node's own files belong to; ``between`` while they are changed over, and nil where that is not known.
    package var filesRoot: String?
    /// The last image that the node left by itself; nil once it is well on another that was wanted.
    package var retreat: Retreat?

    /// Value of ``filesRoot`` when those of one root are put aside and those of the next not all back.
    package static let between = "-"

    package init(_ entries: [Entry] = [], filesRoot: String? = nil) {
        self.entries = entries
        self.filesRoot = filesRoot
    }

    /// Image that a boot now would take.
    package var next: Entry? { entries.first(where: \.mayBoot) }

    /// Entry of the image that was booted last.
    package var current: Entry? { entries.first { $0.image == booted } }

    /// True while the node runs an image on which it has not been well yet.
    package var isOnTrial: Bool { current?.trial != nil }

    /// Image that the node goes back to where it is not well on the one that it runs.
    package var fallback: BootImage? { isOnTrial ? entries.first { $0.trial == nil }?.image : nil }

    // MARK: Changes

    /// Wants an image of a node that is off.
    ///
    /// - Parameters:
    ///   - entry: image that is wanted. Without a trial it is taken for good; but one that is on trial already stays so,
    ///     and has its try again: that it is off is none of its doing.
    ///   - fallback: entry that the node goes back to; nil where there is none.
    package mutating func want(_ entry: Entry, fallback: Entry? = nil) {
        if entry.trial != nil, let fallback, fallback.image != entry.image {
            entries = [entry, fallback]
            retreat = nil
        } else if next?.image == entry.image || current?.image == entry.image {
            entries.removeAll { $0.image != entry.image && !$0.isGood }
            for index in entries.indices where entries[index].image == entry.image {
                entries[index].config = entry.config
                entries[index].previous = entry.previous
                entries[index].trial?.tries = 1
            }
        } else {
            settle(on: entry)
            retreat = nil
        }
        // What it boots next is said by the entries alone.
        booted = nil
    }

    /// Makes an image the only one, which needs no trial.
    private mutating func settle(on entry: Entry) {
        entries = [entry]
        entries[0].trial = nil
    }

    /// Chooses the image of a boot, and uses up a try of one that is on trial.
    ///
    /// - Returns: nil where there is none to boot.
    package mutating func boot(at time: Int) -> Entry? {
        guard let index = entries.firstIndex(where: \.mayBoot) else {
            booted = nil
            return nil
        }
        for entry in entries[..<index] where retreat?.image != entry.image {
            retreat = Retreat(entry.image, time: time, reason: "it ended before the node was well")
        }
        entries.removeFirst(index)
        entries[0].trial?.tries -= 1
        booted = entries[0].image
        return entries[0]
    }

    /// Gives up the image that was booted last, which is on trial.
    package mutating func giveUp(at time: Int, because reason: String) {
        guard let index = entries.firstIndex(where: { $0.image == booted }), entries[index].trial != nil else { return }
        entries[index].trial?.tries = 0
        retreat = Retreat(entries[index].image, time: time, reason: reason)
    }

    /// The node is well on the image that it runs: no other is left to go back to.
    package mutating func succeed() {
        guard let current, current.trial != nil else { return }
        settle(on: current)
        retreat = nil
    }

    /// Puts an image that is wanted before the one that the node runs, which is good.
    package mutating func stage(_ entry: Entry) {
        guard entry.image != booted else { return }
        entries = [entry] + entries.filter { $0.trial == nil && $0.image != entry.image }
        if retreat?.image == entry.image { retreat = nil }
    }
}

// MARK: Text

extension BootRecord {
    /// The record as it is stored: a line each.
    package var text: String {
        var lines = entries.map(\.line)
        if let booted { lines.append("booted \(booted.root) \(booted.layer)") }
        if let filesRoot { lines.append("files \(filesRoot)") }
        if let retreat {
            lines.append("left \(retreat.image.root) \(retreat.image.layer) \(retreat.time) \(retreat.reason)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Reads a record; nil for a text that is none. Lines of a later version are passed over.
    package init?(_ text: String) {
        self.init()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 4).map(String.init)
            switch words[0] {
            case "image":
                guard let entry = Entry(line: String(line)) else { return nil }
                entries.append(entry)
            case "booted":
                guard words.count == 3, let image = BootImage(root: words[1], layer: words[2]) else { return nil }
                booted = image
            case "files":
                guard words.count == 2, BootImage(root: words[1], layer: words[1]) != nil else { return nil }
                filesRoot = words[1]
            case "left":
                guard words.count == 5, let image = BootImage(root: words[1], layer: words[2]),
                    let time = Int(words[3])
                else { return nil }
                retreat = Retreat(image, time: time, reason: words[4])
            default: continue
            }
        }
    }
}

extension BootRecord.Entry {
    /// The entry as a line of a record.
    package var line: String {
        let attempt = trial.map { " tries=\($0.tries) within=\($0.within)" } ?? ""
        return "image \(image.root) \(image.layer)\(attempt)" + (config.map { " config=\($0)" } ?? "")
            + (previous.map { " previous=\($0)" } ?? "")
    }

    /// Reads a line; nil for one that is no entry.
    package init?(line: String) {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count >= 3, words[0] == "image", let image = BootImage(root: words[1], layer: words[2]) else {
            return nil
        }
        self.init(image)
        var settings: [String: String] = [:]
        for word in words.dropFirst(3) {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { return nil }
            settings[pair[0]] = pair[1]
        }
        config = settings["config"]
        previous = settings["previous"].flatMap { BootImage(root: $0, layer: image.layer)?.root }
        guard let tries = settings["tries"] else { return }
        guard let tries = Int(tries), let within = settings["within"].flatMap({ Int($0) }), within > 0 else {
            return nil
        }
        trial = BootRecord.Trial(tries: tries, within: within)
    }
}

extension String {
    /// The text without what a terminal would take for more than text, and no longer than a line for people.
    var asOneLine: String {
        var line = ""
        for scalar in unicodeScalars.prefix(400) {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            line.unicodeScalars.append(isControl || scalar.properties.isBidiControl ? " " : scalar)
        }
        return line
    }
}
