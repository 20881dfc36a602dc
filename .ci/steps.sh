# How .ci/run does its work: steps one after the other, and beside them what needs no attention yet. To be sourced, with the
# variable `total_limit` set to the seconds that all of it may take.
#
#   step LIMIT TITLE COMMAND...    runs it, under a heading, for at most LIMIT seconds; others need what it makes
#   check LIMIT TITLE COMMAND...   likewise, of what nothing else needs
#   beside LIMIT TITLE COMMAND...  begins it at the lowest priority and goes on; what it prints is kept
#   await TITLE                    a step of its own: waits for what was begun so, and shows what it printed should it have failed
#   finish                         the table of times, what failed, the totals
#
# A step that fails, or that is still running at its limit, ends the script: it is named, and the table follows. After a check that
# fails the others go on, so that whoever mends it learns of all that is to be mended; the script fails in the end.
# COMMAND is a program, never a shell function, and what it starts goes with it. Nothing reads standard input.

logs=$(mktemp -d)
number=0
running=             # the process of the step that runs now
declare -A others=() # those beside it, by title
table=() failed=()

trap 'end_all; rm -rf "$logs"' EXIT
trap 'failed+=("$number. ${title-}: interrupted"); finish' INT TERM HUP

end_all() {
    local process
    for process in $running "${others[@]}"; do
        kill "$process" 2>/dev/null && wait "$process" || true
    done
}

# bounded LIMIT: LIMIT, or what is left of the whole.
bounded() {
    local left=$((total_limit - SECONDS))
    echo $(($1 < left ? $1 : left > 1 ? left : 1))
}

# Standard output goes to a file, which `tail` shows: a process that a command leaves behind holds no pipe open that we would wait for.
# `timeout` makes a process group of its own, and stops all of it.
step() {
    run "$@" || finish
}

check() {
    run "$@" || [ "$SECONDS" -lt "$total_limit" ] || finish
}

run() {
    local limit code=0 start=$SECONDS
    limit=$(bounded "$1") title=$2
    shift 2
    heading
    : >"$logs/$number"
    timeout --kill-after=20 "$limit" "$@" >"$logs/$number" 2>&1 &
    running=$!
    tail -n +1 -s 0.2 --pid="$running" -f "$logs/$number" 2>/dev/null &
    wait "$running" || code=$?
    wait $! || true
    running=
    verdict "$code" "$start" "$limit"
}

beside() {
    local limit name=$2
    limit=$(bounded "$1")
    shift 2
    printf '\n=== beside the next steps: %s\n' "$name"
    nice -n 19 timeout --kill-after=20 "$limit" "$@" >"$logs/beside $name" 2>&1 &
    others[$name]=$!
    echo "$limit" >"$logs/limit $name"
}

await() {
    local code=0 start=$SECONDS
    title=$1
    heading
    wait "${others[$title]}" || code=$?
    unset "others[$title]"
    [ "$code" -eq 0 ] || cat "$logs/beside $title"
    verdict "$code" "$start" "$(cat "$logs/limit $title")" || finish
}

heading() {
    number=$((number + 1))
    printf '\n=== %d. %s\n' "$number" "$title"
}

# verdict CODE START LIMIT: of the step that has ended.
verdict() {
    local took=$((SECONDS - $2)) how=ok
    case $1 in
        0) ;;
        124 | 137) how="FAILED: stopped at its limit of $3 s" ;;
        *) how="FAILED: exit code $1" ;;
    esac
    printf '=== %d. %s: %s, %d s\n' "$number" "$title" "$how" "$took"
    table+=("$(printf '%6d s  %d. %s' "$took" "$number" "$title")")
    [ "$how" = ok ] || failed+=("$number. $title: $how")
    [ "$how" = ok ]
}

finish() {
    printf '\n'
    printf '%s\n' "${table[@]}"
    printf '%6d s  in all\n\n' "$SECONDS"
    [ ${#failed[@]} -eq 0 ] || printf '%s\n' "${failed[@]}" ''
    totals
    exit $((${#failed[@]} > 0))
}

# Adds up the closing lines of both runners: "unit: 5 passed, 0 failed" and pytest's "5 passed, 1 skipped in 3.21s".
totals() {
    cat "$logs"/[0-9]* |
        { grep -E '^(unit: |=* ?)([0-9]+ (passed|failed|skipped|errors?|warnings?|deselected|xfailed|xpassed)(, )?)+( in [0-9.]+s.*)?$' || true; } |
        { grep -oE '[0-9]+ (passed|failed|errors?|skipped)' || true; } |
        awk '$2 == "passed" {p += $1} $2 ~ /^(failed|error)/ {f += $1} $2 == "skipped" {s += $1}
             END {printf "total: %d passed, %d failed", p, f; if (s) printf ", %d skipped", s; print ""}'
}
