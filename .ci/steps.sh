# How .ci/run does its work: steps one after the other, and beside them what needs no attention yet. To be sourced, with the
# variable `total_limit` set to the seconds that all of it may take.
#
#   step LIMIT TITLE COMMAND...    runs it, under a heading, for at most LIMIT seconds
#   beside LIMIT TITLE COMMAND...  begins it at the lowest priority and goes on; what it prints is kept
#   await TITLE                    a step of its own: waits for what was begun so, and shows what it printed should it have failed
#   finish                         the table of times and the totals
#
# A step that fails, or that is still running at its limit, ends the script: it is named, and table and totals follow.
# COMMAND is a program, never a shell function, and what it starts goes with it. Nothing reads standard input.

logs=$(mktemp -d)
number=0
running=             # the process of the step that runs now
declare -A others=() # those beside it, by title
table=()

trap 'end_all; rm -rf "$logs"' EXIT
trap 'printf "\n=== interrupted in %d. %s\n" "$number" "${title-}"; finish; exit 130' INT TERM HUP

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
    verdict "$code" "$start" "$(cat "$logs/limit $title")"
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
    [ "$how" != ok ] || return 0
    finish
    exit 1
}

finish() {
    printf '\n'
    printf '%s\n' "${table[@]}"
    printf '%6d s  in all\n\n' "$SECONDS"
    totals
}

# Adds up the closing lines of both runners: "unit: 5 passed, 0 failed" and pytest's "5 passed, 1 skipped in 3.21s".
totals() {
    cat "$logs"/[0-9]* |
        { grep -E '^(unit: |=* ?)([0-9]+ (passed|failed|skipped|errors?|warnings?|deselected|xfailed|xpassed)(, )?)+( in [0-9.]+s.*)?$' || true; } |
        { grep -oE '[0-9]+ (passed|failed|errors?|skipped)' || true; } |
        awk '$2 == "passed" {p += $1} $2 ~ /^(failed|error)/ {f += $1} $2 == "skipped" {s += $1}
             END {printf "total: %d passed, %d failed", p, f; if (s) printf ", %d skipped", s; print ""}'
}
