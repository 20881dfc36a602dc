#!/usr/bin/env bash
# What an image is made of: sbom.sh IMAGE BUILD BASE REVISION, inside the image's build.
#
# IMAGE is the root that becomes the image, BUILD ninja's folder, BASE the reference of the image that is built in. Writes
#   IMAGE/usr/share/doc/pagehaul/sbom.cdx.json   CycloneDX 1.5: pagehaul, the packages whose files are in the image, and those of
#                                                which only headers are in the binary
#   IMAGE/var/lib/dpkg/status.d/PACKAGE          where scanners look for Debian's packages in an image without a package manager,
#                                                and PACKAGE.md5sums: which of its files are there
#
# The same image gives the same bytes, so there is no time and no serial number. A file that neither a package nor the build
# accounts for ends the build.
set -euo pipefail
export LC_ALL=C
image=$1 build=$2 base=$3 revision=$4

# What the Dockerfile writes itself.
ours="/etc/group /etc/nsswitch.conf /etc/passwd /usr/bin/pagehaul /usr/lib/ssl/cert.pem"
# What a package's scripts make of its files.
made="/etc/ssl/certs/ca-certificates.crt"
made_by=ca-certificates

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Where /lib is /usr/lib, dpkg knows a file by either of its paths. Prints "PATH PACKAGE" for those that it knows, the package by
# dpkg's full name for it, libc6:arm64: an image may be of another architecture than what it is built in.
owners() {
    sed -E 'p; s,^/usr/(s?bin|lib[^/]*)/,/\1/,; t; s,^/(s?bin|lib[^/]*)/,/usr/\1/,; t; d' "$1" | sort -u |
        xargs -r dpkg-query --search 2>/dev/null | grep -v '^diversion by ' | sed -E 's/^([^ ,]+)(, .*)?: (\/.*)$/\3 \1/' >"$work/known" || true
    # `$1 in of`: the path as it is asked for, or its other one.
    awk 'NR == FNR {of[$1] = $2; next}
         {other = $1; if (!sub("^/usr/", "/", other)) other = "/usr" $1
          if ($1 in of) print $1, of[$1]; else if (other in of) print $1, of[other]}' "$work/known" "$1"
}

(cd "$image" && find . \( -type f -o -type l \) -printf '/%P\n') | grep -Fxv "$(tr ' ' '\n' <<<"$ours")" | sort >"$work/files"
{
    owners "$work/files"
    grep -Fx "$made" "$work/files" | sed "s/$/ $made_by/"
} >"$work/owned"
if unknown=$(cut -d ' ' -f 1 "$work/owned" | sort -u | comm -13 - "$work/files" | grep .); then
    printf 'sbom.sh: no package has these files of the image:\n%s\n' "$unknown" >&2
    exit 1
fi
cut -d ' ' -f 2 "$work/owned" | sort -u >"$work/packages"

# Libraries that are nothing but headers are in the binary as well; those of a source that is there already, and the kernel's
# interface, which holds no code, are not named again.
ninja -C "$build" -t deps | grep -o '/usr/include/.*' | sort -u >"$work/headers"
sources() { xargs -r dpkg-query -W -f='${source:Package} ${binary:Package}\n' <"$1" | sort; }
owners "$work/headers" | cut -d ' ' -f 2 | sort -u >"$work/header-packages"
sources "$work/packages" >"$work/sources"
sources "$work/header-packages" | join -v 1 - "$work/sources" | sed -n 's/^[^ ]* //p' | grep -Ev '^linux-libc-dev(:|$)' >"$work/compiled" || true

# Debian's short names, where SPDX has another one for the same text.
spdx='s/^Expat$/MIT/; s/^BSD-([234])-clause$/BSD-\1-Clause/; s/^(L?GPL)-([0-9.]+)\+$/\1-\2-or-later/; s/^(L?GPL)-([0-9.]+)$/\1-\2-only/
      s/^(L?GPL-[0-9])-/\1.0-/; s/^Boost-1\.0$/BSL-1.0/; s/^zlib$/Zlib/'
known=' 0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 CC0-1.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC
    LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MPL-2.0 OpenSSL PostgreSQL Unlicense Zlib curl '
known=" $(tr -s ' \n' ' ' <<<"$known") "

quoted() { printf '"%s"' "$(sed -E 's/[[:cntrl:]]+/ /g; s/\\/\\\\/g; s/"/\\"/g' <<<"$1")"; }

# The licences that a package's copyright file names for its files, where it is written for machines.
licences() {
    local file=/usr/share/doc/${1%:*}/copyright name list=
    if [ -f "$file" ] && head -n 3 "$file" | grep -q '^Format:.*copyright-format/1.0'; then
        while read -r name; do
            case $known in *" $name "*) name="{\"id\": \"$name\"}" ;; *) name="{\"name\": $(quoted "$name")}" ;; esac
            list+="${list:+, }{\"license\": $name}"
        done < <(awk '/^Files:/ {in_files = 1} /^$/ {in_files = 0} in_files && sub(/^License:[ \t]*/, "") && $0 != ""' "$file" |
            sed -E "s/[ \t\r]+$//; $spdx" | sort -u)
    fi
    echo "[${list:-{\"license\": {\"name\": \"NOASSERTION\"\}\}}]"
}

escaped() { sed 's/%/%25/g; s/+/%2B/g; s/:/%3A/g' <<<"$1"; }

# component PACKAGE HOW: one of its JSON objects, and its reference into $work/refs.
distro=$(. /etc/os-release && echo "$ID-$VERSION_ID")
component() {
    local name version architecture source purl
    read -r name version architecture source < <(dpkg-query -W -f='${Package} ${Version} ${Architecture} ${source:Package}\n' "$1")
    purl="pkg:deb/debian/$(escaped "$name")@$(escaped "$version")?arch=$architecture&distro=$distro&upstream=$(escaped "$source")"
    echo "$purl" >>"$work/refs"
    printf '    {"type": "library", "bom-ref": "%s", "name": "%s", "version": "%s", "purl": "%s",\n' "$purl" "$name" "$version" "$purl"
    printf '     "licenses": %s,\n     "properties": [{"name": "pagehaul:held", "value": "%s"}]}' "$(licences "$name")" "$2"
}

joined() { sed '$!s/$/,/'; }

# The program may be one that this machine cannot start.
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
program="pkg:generic/pagehaul@$(escaped "$version")"
separator=
{
    while read -r package; do printf '%b' "$separator" && component "$package" files && separator=',\n'; done <"$work/packages"
    while read -r package; do printf '%b' "$separator" && component "$package" compiled-in && separator=',\n'; done <"$work/compiled"
} >"$work/components"

mkdir -p "$image/usr/share/doc/pagehaul" "$image/var/lib/dpkg/status.d"
cat >"$image/usr/share/doc/pagehaul/sbom.cdx.json" <<END
{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "version": 1,
  "metadata": {
    "component": {"type": "application", "bom-ref": "$program", "name": "pagehaul", "version": "$version", "purl": "$program",
      "licenses": [{"license": {"id": "Apache-2.0"}}],
      "properties": [{"name": "pagehaul:revision", "value": $(quoted "$revision")}, {"name": "pagehaul:built-in", "value": $(quoted "$base")}]}
  },
  "components": [
$(cat "$work/components")
  ],
  "dependencies": [
    {"ref": "$program", "dependsOn": [
$(sed 's/.*/      "&"/' "$work/refs" | joined)
    ]}
  ]
}
END
while read -r package; do
    status=$image/var/lib/dpkg/status.d/${package%:*}
    dpkg-query --status "$package" >"$status"
    awk -v package="$package" '$2 == package {print substr($1, 2)}' "$work/owned" | (cd "$image" && xargs -r md5sum) >"$status.md5sums"
done <"$work/packages"
