import Diagnostics

/// A piece of YAML with its place in the text. Scalars keep the text as written: what `yes` means is the reader's to
/// say.
package struct YAMLNode: Sendable, Hashable {
    /// Scalar, sequence or mapping.
    package enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLPair])
    }

    /// Value of the node.
    package var content: Content
    /// Location of the value, after its tag and anchor. An alias has the location of its anchor.
    package var location: SourceLocation
    /// The explicit tag, such as `tag:yaml.org,2002:binary`; nil when there is none.
    package var tag: String?
    /// True when the text has an alias (`*name`) here.
    package var isAlias: Bool

    package init(_ content: Content, at location: SourceLocation, tag: String? = nil, isAlias: Bool = false) {
        self.content = content
        self.location = location
        self.tag = tag
        self.isAlias = isAlias
    }

    /// Scalar; nil for sequences and mappings.
    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// Elements of a sequence; nil for other nodes.
    package var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The pairs in the order of the text, those from merge keys (`<<`) last. A key can be there twice.
    package var pairs: [YAMLPair]? {
        if case .mapping(let pairs) = content { pairs } else { nil }
    }

    /// The value of `key`; the last one when it is there twice.
    package subscript(key: String) -> YAMLNode? {
        pairs?.last { $0.key == key }?.value
    }

    /// Both lists or both mappings as one, and of nothing and something the latter; nil where only one of the two can
    /// count. Scalars that both mappings have under the same key are those of `other`.
    func joined(with other: YAMLNode) -> YAMLNode? {
        var joined = self
        switch (content, other.content) {
        case (.sequence(let first), .sequence(let second)): joined.content = .sequence(first + second)
        case (.mapping(let first), .mapping(let second)):
            var pairs = first
            for pair in second {
                if let index = pairs.lastIndex(where: { $0.key == pair.key }),
                    let value = pairs[index].value.joined(with: pair.value)
                {
                    pairs[index].value = value
                } else {
                    pairs.append(pair)
                }
            }
            joined.content = .mapping(pairs)
        case (.sequence, _), (.mapping, _): return other.isNull ? self : nil
        case (_, .sequence), (_, .mapping): return isNull ? other : nil
        case (.scalar, .scalar): return nil
        }
        return joined
    }

    /// The same where an alias stands for it: nothing of it can be changed there alone.
    var asAlias: YAMLNode {
        var alias = self
        alias.isAlias = true
        switch content {
        case .scalar: break
        case .sequence(let elements): alias.content = .sequence(elements.map(\.asAlias))
        case .mapping(let pairs):
            alias.content = .mapping(
                pairs.map { YAMLPair(key: $0.key, keyLocation: $0.keyLocation, value: $0.value.asAlias) }
            )
        }
        return alias
    }

    /// Nothing at all, `~` or `null`.
    package var isNull: Bool {
        guard let scalar, scalar.style == .plain, tag == nil || tag == YAMLTag.null else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }
}

/// A key and its value.
package struct YAMLPair: Sendable, Hashable {
    /// Text of the key.
    package var key: String
    /// Location of the key.
    package var keyLocation: SourceLocation
    /// Value beside the key.
    package var value: YAMLNode

    package init(key: String, keyLocation: SourceLocation, value: YAMLNode) {
        self.key = key
        self.keyLocation = keyLocation
        self.value = value
    }
}

/// A scalar as the text has it, escapes and folding undone.
package struct YAMLScalar: Sendable, Hashable {
    /// Way in which a scalar is written.
    package enum Style: Sendable, Hashable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    /// Text of the scalar, unquoted.
    package var text: String
    /// Way in which it is written.
    package var style: Style

    package init(_ text: String, style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

/// The tags that change how a scalar is read (https://yaml.org/type/).
package enum YAMLTag {
    /// Tag of base64 data.
    package static let binary = "tag:yaml.org,2002:binary"
    /// Tag of booleans.
    package static let bool = "tag:yaml.org,2002:bool"
    /// Tag of floating-point numbers.
    package static let float = "tag:yaml.org,2002:float"
    /// Tag of integers.
    package static let int = "tag:yaml.org,2002:int"
    /// Tag of null.
    package static let null = "tag:yaml.org,2002:null"
    /// Tag of strings.
    package static let string = "tag:yaml.org,2002:str"
}
