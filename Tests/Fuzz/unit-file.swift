// instruments: Diagnostics UnitFiles
import Diagnostics
import UnitFiles

/// Any text: reading it ends, what reads well is written and read back the same, and what is said of it can be shown.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = fuzzedText(start, count)
    let origin = TextOrigin(file: "a@b.service")
    let (unit, diagnostics) = UnitFile.check(text, name: try? UnitName("a@b.service"), origin: origin)
    _ = DiagnosticRenderer().render(diagnostics, sources: [origin.file: text])
    let (read, faults) = UnitFile.parse(text, origin: origin)
    promise(read == unit, "checking changes what is read")
    guard !faults.hasErrors, unit.optionFault == nil else { return 0 }
    let again = UnitFile.parse(unit.canonicalText, origin: origin)
    promise(again.unit.canonicalText == unit.canonicalText, "the canonical text is read as another unit")
    promise(again.unit.hash == unit.hash, "the hash changes")
    let requirements = FleetRequirements(of: unit, name: nil)
    for glob in requirements.conflicts + requirements.replaces { _ = glob.matches("a@b.service") }
    return 0
}
