/// A value of a setting.
package enum SettingValue: Sendable, Hashable {
    case string(String)
    case int(Int)
    case bool(Bool)
    case double(Double)

    /// Type of the value.
    package var type: SettingType {
        switch self {
        case .string: .string
        case .int: .int
        case .bool: .bool
        case .double: .double
        }
    }

    /// Go's zero value, which the original took for "not set".
    package var isZero: Bool {
        self == .string("") || self == .int(0) || self == .bool(false) || self == .double(0)
    }
}

extension SettingValue: CustomStringConvertible {
    /// As it stands in the environment.
    package var description: String {
        switch self {
        case .string(let text): text
        case .int(let number): String(number)
        case .bool(let flag): String(flag)
        case .double(let number): Self.goText(number)
        }
    }

    /// Go's `%v` of a `float64`: the shortest digits that give the number again, with an exponent below 1e-4 and from
    /// 1e+06 on.
    static func goText(_ number: Double) -> String {
        guard number.isFinite, number != 0 else { return number == 0 ? "0" : String(number) }
        let (digits, exponent) = shortestDigits(number.magnitude)
        let sign = number < 0 ? "-" : ""
        guard exponent >= -4, exponent < 6 else {
            let tail = digits.count > 1 ? ".\(digits.dropFirst())" : ""
            let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
            return "\(sign)\(digits.prefix(1))\(tail)e\(exponent < 0 ? "-" : "+")\(power)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let whole = digits.prefix(exponent + 1)
        let padded = whole + String(repeating: "0", count: exponent + 1 - whole.count)
        let fraction = digits.dropFirst(exponent + 1)
        return sign + padded + (fraction.isEmpty ? "" : ".\(fraction)")
    }

    /// The digits without leading or trailing zeros, and the power of ten of the first.
    private static func shortestDigits(_ number: Double) -> (digits: String, exponent: Int) {
        let parts = number.description.lowercased().split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let whole = mantissa[0]
        let all = whole + (mantissa.count > 1 ? mantissa[1] : "")
        let leading = all.prefix { $0 == "0" }.count
        var digits = all.dropFirst(leading)
        while digits.last == "0" { digits = digits.dropLast() }
        return (String(digits), power + whole.count - 1 - leading)
    }
}

extension SettingValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// Creates a string.
    package init(stringLiteral value: String) { self = .string(value) }
}

extension SettingValue: ExpressibleByIntegerLiteral {
    /// Creates an integer.
    package init(integerLiteral value: Int) { self = .int(value) }
}

extension SettingValue: ExpressibleByBooleanLiteral {
    /// Creates a boolean.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension SettingValue: ExpressibleByFloatLiteral {
    /// Creates a floating-point number.
    package init(floatLiteral value: Double) { self = .double(value) }
}
