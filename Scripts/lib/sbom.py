"""Prints the software bill of materials of the package, as SPDX 2.3 in JSON: what Package.resolved pins, the Swift
runtime and Debian's libraries.

    sbom.py PACKAGE_RESOLVED CHECKOUTS VERSION SWIFT_VERSION LIBYAML_VERSION SOURCE_DATE_EPOCH DEBIAN_DEPENDENCY...

https://spdx.github.io/spdx-spec/v2.3/
"""

import datetime
import hashlib
import json
import pathlib
import re
import sys

# What only tests are linked with.
TESTS_ONLY = {"swift-custom-dump", "xctest-dynamic-overlay"}


def license_of(directory: pathlib.Path) -> str:
    for file in sorted(directory.glob("LICENSE*")):
        text = file.read_text(errors="replace")
        if "Apache License" in text:
            with_exception = "Runtime Library Exception" in text
            return "Apache-2.0 WITH Swift-exception" if with_exception else "Apache-2.0"
        if "MIT License" in text or "Permission is hereby granted, free of charge" in text:
            return "MIT"
    return "NOASSERTION"


def package(name: str, version: str, location: str, license_id: str, reference: str) -> dict:
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": location,
        "filesAnalyzed": False,
        "licenseConcluded": license_id,
        "licenseDeclared": license_id,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": reference}
        ],
    }


def main() -> None:
    resolved, checkouts, version, swift, yaml, epoch, *debian = sys.argv[1:]
    pins = json.loads(pathlib.Path(resolved).read_text())["pins"]
    parts = []
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        if pin["identity"] in TESTS_ONLY:
            continue
        url = pin["location"].removesuffix(".git")
        directory = next(
            d for d in pathlib.Path(checkouts).iterdir() if d.name.lower() == url.rsplit("/", 1)[1].lower()
        )
        state = pin["state"]
        number = state.get("version", state["revision"])
        purl = "pkg:swift/" + url.removeprefix("https://") + "@" + number
        parts.append(
            package(pin["identity"], number, f"git+{url}@{state['revision']}", license_of(directory), purl)
        )
    exception = "Apache-2.0 WITH Swift-exception"
    home = "https://www.swift.org"
    parts.append(package("swift-runtime", swift, home, exception, f"pkg:generic/swift@{swift}"))
    parts.append(package("swift-foundation", swift, home, exception, f"pkg:generic/swift-foundation@{swift}"))
    parts.append(package("libyaml", yaml, "https://pyyaml.org/wiki/LibYAML", "MIT", f"pkg:deb/debian/libyaml@{yaml}"))
    for dependency in debian:
        name, _, least = dependency.partition(" ")
        number = re.sub(r"[()>= ]", "", least) or "NOASSERTION"
        parts.append(package(name, number, "NOASSERTION", "NOASSERTION", f"pkg:deb/debian/{name}"))
    own = package("slipway", version, "NOASSERTION", "NOASSERTION", f"pkg:generic/slipway@{version}")
    shared = {"SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name.partition(" ")[0]) for name in debian}
    relations = [
        {
            "spdxElementId": own["SPDXID"],
            "relationshipType": "DYNAMIC_LINK" if part["SPDXID"] in shared else "STATIC_LINK",
            "relatedSpdxElement": part["SPDXID"],
        }
        for part in parts
    ]
    relations.insert(
        0,
        {
            "spdxElementId": "SPDXRef-DOCUMENT",
            "relationshipType": "DESCRIBES",
            "relatedSpdxElement": own["SPDXID"],
        },
    )
    # The same parts give the same name.
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
    created = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"slipway-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/slipway-{version}-{digest}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: slipway-package"],
        },
        "packages": [own, *parts],
        "relationships": relations,
    }
    print(json.dumps(document, indent=1))


main()
