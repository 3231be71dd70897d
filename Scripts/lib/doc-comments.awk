# Prints file:line of each declaration that other modules can use and that no doc comment explains.
#
#   awk -f Scripts/lib/doc-comments.awk FILE…
#
# Such are those that say `package`, `public` or `open`, and the requirements of protocols and members of extensions that
# say so. Reads formatted Swift: a type's members are four columns to the right of it. Not asked for:
# - cases of an enum, as swift-format's rule for public declarations does not: the enum's comment explains them;
# - what implements a requirement of one of the project's own protocols, which is explained there;
# - an initializer that sets properties to its parameters and does nothing else;
# - what the standard library, Foundation or ArgumentParser require and document (`required_elsewhere`).

BEGIN {
    modifiers = " static final override mutating nonmutating nonisolated nonisolated(unsafe) lazy weak unowned convenience" \
        " required indirect dynamic consuming borrowing isolated optional sending prefix postfix infix "
    accesses = " private fileprivate internal package public open "
    keywords = " func var let struct enum class actor protocol init subscript typealias associatedtype extension macro "
    required_elsewhere = " description debugDescription errorDescription next makeAsyncIterator makeIterator "
}

FNR == 1 { documented = in_text = in_attribute = 0; delete scope; delete parents; initializer = "" }

# The lines of a string of several.
in_text { if (/"""/) in_text = 0; next }
{
    text = $0
    if (gsub(/"""/, "", text) % 2) in_text = 1
    code = uncommented($0)
    match($0, /^ */)
    column = RLENGTH
}
in_attribute { in_attribute += balance(code); next }
/^ *\/\/\// { documented = 1; next }
/^ *\*\/$/ { documented = 1; next }
/^ *\/\// { next }
/^ *$/ { documented = 0; next }
/^ *#/ { next }
/^ *\}/ {
    delete scope[column]
    delete parents[column]
    if (initializer != "" && column == initializer_column) end_of_initializer()
}
initializer != "" {
    if (in_body && !is_assignment(code)) does_more = 1
    if (column == initializer_column && /\{$/) in_body = 1
}
{
    rest = without_attributes(code)
    if (rest == "") next
    declaration(rest)
    documented = 0
}

# A line without its strings and its comment.
function uncommented(line) {
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    sub(/ *\/\/.*/, "", line)
    return line
}

function balance(line,    opened) {
    opened = gsub(/\(/, "", line)
    return opened - gsub(/\)/, "", line)
}

# What follows a line's attributes; notes one whose arguments go on in the next line.
function without_attributes(line,    open, at) {
    sub(/^ */, "", line)
    while (line ~ /^@/) {
        match(line, /^@[A-Za-z_.]+/)
        line = substr(line, RLENGTH + 1)
        if (line ~ /^\(/) {
            for (at = 1; at <= length(line); at++) {
                open += (substr(line, at, 1) == "(") - (substr(line, at, 1) == ")")
                if (open == 0) break
            }
            if (open > 0) {
                in_attribute = open
                return ""
            }
            line = substr(line, at + 1)
        }
        sub(/^ */, "", line)
    }
    return line
}

# Looks at a line that may declare something.
function declaration(line,    words, count, at, word, access, keyword, name) {
    count = split(line, words, " ")
    for (at = 1; at <= count; at++) {
        word = words[at]
        if (index(accesses, " " word " ")) access = word
        else if (word == "class" && words[at + 1] ~ /^(func|var|let|subscript)/) continue
        else if (!index(modifiers, " " word " ") && word !~ /^[a-z]+\((set|unsafe|safe)\)$/) break
    }
    keyword = words[at]
    sub(/[(<?!].*/, "", keyword)
    if (keyword == "" || !index(keywords, " " keyword " ")) return
    name = keyword == "init" || keyword == "subscript" ? words[at] : words[at + 1]
    if (keyword ~ /^(protocol|extension|struct|enum|class|actor)$/) opens_type(keyword, name, line, access)
    if (access == "" && scope[column - 4] != "") access = "implied"
    if (access !~ /^(package|public|open|implied)$/) return
    if (scope[column - 4] == "protocol") required[parents[column - 4] " " simple_name(name)]
    if (documented || keyword == "extension") return
    word = simple_name(name)
    if (index(required_elsewhere, " " word " ") || name ~ /^(==|<|hash\(into|encode\(to|init\(from|init\(\))/) return
    sub(/[:,{(].*$/, "", name)
    implements = parents[column - 4]
    finding = sprintf("%s:%d: no doc comment: %s%s", FILENAME, FNR, keyword, keyword == "init" ? "" : " " name)
    # What a requirement says is asked for where it is required.
    if (scope[column - 4] == "protocol") implements = ""
    if (keyword != "init" || scope[column - 4] == "protocol") {
        report(finding)
        return
    }
    initializer = finding
    initializer_column = column
    in_body = line ~ /\{$/
    does_more = 0
    # On one line.
    if (sub(/.*\{ */, "", line) && line ~ /\}$/) {
        sub(/ *\}$/, "", line)
        at = split(line, words, /; */)
        for (; at > 0; at--) if (!is_assignment(words[at])) does_more = 1
        end_of_initializer()
    }
}

function is_assignment(line) {
    return line ~ /^ *self\.[A-Za-z0-9_]+ = [A-Za-z0-9_]+ *$/ || line ~ /^ *\(self\.[a-zA-Z0-9_., ]+\) = \([A-Za-z0-9_, ]+\) *$/
}

function end_of_initializer() {
    if (does_more) report(initializer)
    initializer = ""
}

# Notes what the members of a type are, and which protocols they may implement: also those that another of the type's
# declarations names.
function opens_type(keyword, name, line, access) {
    name = simple_name(name)
    parents[column] = name
    if (sub(/^[^:]*: */, "", line)) conforms[name] = conforms[name] " " line
    if (line ~ /\}$/) delete parents[column]
    else if (keyword ~ /^(protocol|extension)$/ && access ~ /^(package|public|open)$/) scope[column] = keyword
}

function simple_name(name) {
    sub(/[^A-Za-z0-9_`].*/, "", name)
    return name
}

function report(finding) {
    findings[++count_of_findings] = finding
    finding_of[finding] = implements
}

# Whether one of these types or protocols, or one that they conform to, requires it.
function is_required(protocols, name, depth,    names, at) {
    gsub(/[^A-Za-z0-9_]+/, " ", protocols)
    for (at = split(protocols, names, " "); at > 0; at--) {
        if ((names[at] " " name) in required) return 1
        if (depth < 3 && names[at] in conforms && is_required(conforms[names[at]], name, depth + 1)) return 1
    }
    return 0
}

END {
    for (at = 1; at <= count_of_findings; at++) {
        name = findings[at]
        sub(/.* /, "", name)
        if (is_required(finding_of[findings[at]], name, 0)) continue
        print findings[at]
        missing = 1
    }
    exit missing
}
