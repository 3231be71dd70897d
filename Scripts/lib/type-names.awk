# Prints where a top-level type has the name of one in another target of Sources.
#
#   awk -f Scripts/lib/type-names.awk FILE…
#
# Private ones count too: a reader who searches for a name finds one type. Types inside of others are free to be called
# what they are there (`Settings`, `Failure`).
FNR == 1 {
    # A target is Sources/GROUP/TARGET, or one of the three that are no group's.
    split(FILENAME, path, "/")
    target = path[2] ~ /^(Basics|FileErrors|Terminal)$/ ? path[2] : path[3]
}
/^[a-z@]/ && match($0, /(^|[a-z)] )(struct|class|enum|actor|protocol|typealias) [A-Z][A-Za-z0-9]*/) {
    name = substr($0, RSTART, RLENGTH)
    sub(/.* /, "", name)
    if (name in owner && owner[name] != target) {
        print FILENAME ":" FNR ": " name " is a type of " owner[name] " too"
    }
    owner[name] = target
}
