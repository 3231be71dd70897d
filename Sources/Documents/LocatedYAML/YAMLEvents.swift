import CYAML

/// A place in a text as libyaml counts: lines from 0, columns in Unicode scalars from 0.
struct YAMLMark: Sendable, Equatable {
    let line: Int
    let column: Int

    init(_ mark: yaml_mark_t) {
        line = Int(mark.line)
        column = Int(mark.column)
    }
}

/// What libyaml finds next in a text. https://yaml.org/spec/1.1/#id859109 describes the order of events.
struct YAMLEvent: Sendable {
    enum Kind: Sendable {
        case documentStart, documentEnd, streamEnd
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
        case scalar(YAMLScalar)
        /// A name with a star: what the anchor of that name stands at.
        case alias(String)
        /// The start of the stream, which nothing follows from.
        case other
    }

    let kind: Kind
    /// Where it begins, with its tag and anchor.
    let mark: YAMLMark
    /// Where it ends.
    let end: YAMLMark
    /// Name with an ampersand before it, by which aliases refer to it.
    var anchor: String?
    /// The tag that is written before it, with its handle resolved.
    var tag: String?
}

/// A text that is not YAML.
struct YAMLSyntaxError: Error {
    enum Place {
        case mark(YAMLMark)
        /// Index into the text's UTF-8.
        case byte(Int)
    }

    /// libyaml's own words.
    let problem: String
    let place: Place
    /// What libyaml was reading, and where that began.
    var context: (text: String, mark: YAMLMark)?
}

/// The events of a text, one after the other.
struct YAMLEvents: ~Copyable {
    // At one address for all its life: libyaml's parser keeps pointers to itself.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// - Throws: where there is no memory.
    init(_ text: String) throws(YAMLSyntaxError) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        input = .allocate(capacity: text.utf8.count)
        _ = input.initialize(from: text.utf8)
        guard yaml_parser_initialize(parser) == 1 else { throw Self.noMemory }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// Not to be called after the end of the stream or an error.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(event)
    }

    private static var noMemory: YAMLSyntaxError {
        YAMLSyntaxError(problem: "there is not enough memory to read it", place: .byte(0))
    }

    private var syntaxError: YAMLSyntaxError {
        guard let words = parser.pointee.problem else { return Self.noMemory }
        let problem = String(cString: words)
        if parser.pointee.error == YAML_READER_ERROR {
            return YAMLSyntaxError(problem: problem, place: .byte(Int(parser.pointee.problem_offset)))
        }
        let context = parser.pointee.context.map {
            (text: String(cString: $0), mark: YAMLMark(parser.pointee.context_mark))
        }
        return YAMLSyntaxError(problem: problem, place: .mark(YAMLMark(parser.pointee.problem_mark)), context: context)
    }
}

extension YAMLEvent {
    fileprivate init(_ event: yaml_event_t) {
        mark = YAMLMark(event.start_mark)
        end = YAMLMark(event.end_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequenceStart
            anchor = Self.text(event.data.sequence_start.anchor)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            kind = .mappingStart
            anchor = Self.text(event.data.mapping_start.anchor)
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            // Not a C string: `"\0"` is a character like others.
            let bytes = UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
            kind = .scalar(YAMLScalar(String(decoding: bytes, as: UTF8.self), style: Self.style(scalar.style)))
            anchor = Self.text(scalar.anchor)
            tag = Self.text(scalar.tag)
        case YAML_ALIAS_EVENT: kind = .alias(Self.text(event.data.alias.anchor) ?? "")
        default: kind = .other
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }

    private static func style(_ style: yaml_scalar_style_t) -> YAMLScalar.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }
}
