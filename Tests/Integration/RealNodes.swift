import Testing

/// Everything that runs real nodes: one test at a time, for all share the machine and look at all of it.
@Suite(.serialized)
enum RealNodes {}
