/// Numbers with a unit: `512MiB`, `10GiB`, `5s`.
enum Quantity {
    /// Reason why a text is no quantity, and what may have been meant.
    struct Fault: Error {
        var message: String
        var suggestion: String?
    }

    /// A size in MiB.
    static func mebibytes(_ text: String) throws(Fault) -> Int {
        let (digits, unit) = split(text)
        guard let scale = scales[unit] else { throw fault(in: text, digits, unit) }
        guard let number = Int(digits), number > 0 else { throw fraction(digits, unit, scale: scale) }
        let (size, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow, size <= mostMebibytes else { throw Fault(message: "\"\(text)\" is more than any host has") }
        return size
    }

    /// A duration in seconds.
    static func seconds(_ text: String) throws(Fault) -> Int {
        let (digits, unit) = split(text)
        let scales = ["s": 1, "m": 60, "min": 60, "h": 3600]
        guard let number = Int(digits), number < 100_000, let scale = scales[unit] else {
            let suggestion = unit.isEmpty && Int(digits) != nil ? "\(digits)s" : nil
            throw Fault(message: "\"\(text)\" is not a duration such as 5s or 1m", suggestion: suggestion)
        }
        return number * scale
    }

    /// 1 PiB.
    private static let mostMebibytes = 1 << 30

    private static let scales = ["MiB": 1, "M": 1, "GiB": 1024, "G": 1024]

    /// Common spellings of the units, and the units that they stand for.
    private static let slips = [
        "": "MiB", "m": "MiB", "mb": "MiB", "mib": "MiB", "g": "GiB", "gb": "GiB", "gib": "GiB",
    ]

    /// The leading digits (with a point, if any), and the rest.
    private static func split(_ text: String) -> (digits: String, unit: String) {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." || $0 == "-" }
        let unit = text[digits.endIndex...].drop { $0 == " " }
        return (String(digits), String(unit))
    }

    private static func fault(in text: String, _ digits: String, _ unit: String) -> Fault {
        let isNumber = Int(digits).map { $0 > 0 } ?? false
        let suggestion = isNumber ? slips[unit.lowercased()].map { digits + $0 } : nil
        return Fault(message: "\"\(text)\" is not a size such as 512MiB or 10GiB", suggestion: suggestion)
    }

    private static func fraction(_ digits: String, _ unit: String, scale: Int) -> Fault {
        let message = "a size must be a whole number above zero, not \(digits.isEmpty ? "none" : digits)"
        guard let number = Double(digits), number > 0, number * Double(scale) < Double(mostMebibytes) else {
            return Fault(message: message)
        }
        let mebibytes = Int(number * Double(scale))
        return Fault(message: message, suggestion: mebibytes > 0 ? "\(mebibytes)MiB" : nil)
    }
}
