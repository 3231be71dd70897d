import Diagnostics

/// A piece of YAML with its place in the text. Scalars keep the text as written: what `yes` means is the reader's to say.
package struct YAMLNode: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLPair])
    }

    package var content: Content
    /// Where the value stands, after its tag and anchor. An alias has the place of what it stands for.
    package var location: SourceLocation
    /// The explicit tag, such as `tag:yaml.org,2002:binary`; nil when there is none.
    package var tag: String?
    /// Whether the text has an alias (`*name`) here.
    package var isAlias: Bool

    package init(_ content: Content, at location: SourceLocation, tag: String? = nil, isAlias: Bool = false) {
        self.content = content
        self.location = location
        self.tag = tag
        self.isAlias = isAlias
    }

    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

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

    /// Nothing at all, `~` or `null`.
    package var isNull: Bool {
        guard let scalar, scalar.style == .plain, tag == nil || tag == YAMLTag.null else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }
}

/// A key and its value.
package struct YAMLPair: Sendable, Hashable {
    package var key: String
    package var keyLocation: SourceLocation
    package var value: YAMLNode

    package init(key: String, keyLocation: SourceLocation, value: YAMLNode) {
        self.key = key
        self.keyLocation = keyLocation
        self.value = value
    }
}

/// A scalar as the text has it, escapes and folding undone.
package struct YAMLScalar: Sendable, Hashable {
    package enum Style: Sendable, Hashable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    package var text: String
    package var style: Style

    package init(_ text: String, style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

/// The tags that change how a scalar is read (https://yaml.org/type/).
package enum YAMLTag {
    package static let binary = "tag:yaml.org,2002:binary"
    package static let bool = "tag:yaml.org,2002:bool"
    package static let float = "tag:yaml.org,2002:float"
    package static let int = "tag:yaml.org,2002:int"
    package static let null = "tag:yaml.org,2002:null"
    package static let string = "tag:yaml.org,2002:str"
}
