"""Completions for bash, zsh and fish of a program that read_help.py has read."""

import re

# What the values of options are called, and what the shell offers for them; for all others it offers nothing.
FILES, FOLDERS = "FILE", "FOLDER"


def bash(program):
    """For bash-completion, and without it: to be sourced."""
    def words(options):
        return " ".join(name for option in options if not option.is_argument for name in option.names)

    def offer(option):
        if option.choices:
            return f"words='{' '.join(option.choices)}'"
        return {FILES: "kind=file", FOLDERS: "kind=directory"}.get(option.value, "kind=none")

    cases, values = [], []
    for verb in program.verbs:
        cases.append(f"        {verb.name}) words='{words(verb.options)}' ;;")
        values.extend(f"        {'|'.join(f'{verb.name}:{name}' for name in option.names)}) {offer(option)} ;;"
                      for option in verb.options if option.value and not option.is_argument)
    name = program.name
    return "\n".join([
        f"# bash completion for {name} {program.version}, made from its --help",
        f"_{name}() {{",
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= words kind=",
        "    [ $COMP_CWORD -eq 1 ] || verb=${COMP_WORDS[1]}",
        "    # --option=value is three words here.",
        '    [ "$word" != = ] || word=',
        '    [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD-2]}',
        "    case $verb in",
        f"        '') words='{' '.join(verb.name for verb in program.verbs)} {words(program.options)}' ;;",
        *cases,
        "    esac",
        '    case "$verb:$before" in',
        *values,
        "    esac",
        "    COMPREPLY=()",
        "    case $kind in",
        "        file | directory) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -A $kind -- \"$word\") ;;",
        "        '') mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;",
        "    esac",
        "}",
        f"complete -F _{name} {name}",
    ]) + "\n"


def zsh(program):
    """For a folder of $fpath, as _pagehaul."""
    def quoted(text):
        return "'" + text.replace("'", "'\\''") + "'"

    def action(option):
        if option.choices:
            return f"({' '.join(option.choices)})"
        return {FILES: "_files", FOLDERS: "_files -/"}.get(option.value, " ")

    def specs(options):
        for option in options:
            if option.is_argument:
                yield quoted(f":{_plain(option.names[0], ':')}: ")
                continue
            text = _plain(option.text, "[]:")
            value = f":{_plain(option.value, ':')}:{action(option)}" if option.value else ""
            for name in option.names:
                # One of its names rules out the others, unless it may be repeated.
                others = "*" if option.repeated else f"({' '.join(option.names)})"
                yield quoted(f"{others}{name}{'=' if value and name.startswith('--') else ''}[{text}]{value}")

    lines = [f"#compdef {program.name}", f"# zsh completion for {program.name} {program.version}, made from its --help", "",
             "local -a verbs", "verbs=("]
    lines += [f"    {quoted(verb.name + ':' + verb.summary)}" for verb in program.verbs]
    lines += [")", "local curcontext=$curcontext state line", "_arguments -C \\",
              *(f"    {spec} \\" for spec in specs(program.options)), "    '1: :->verb' '*:: :->rest' && return", "case $state in",
              "    verb) _describe verb verbs ;;", "    rest)", "        case $line[1] in"]
    for verb in program.verbs:
        lines += [f"            {verb.name}) _arguments \\", *(f"                {spec} \\" for spec in specs(verb.options)), "                ;;"]
    return "\n".join([*lines, "        esac ;;", "esac"]) + "\n"


def fish(program):
    """For a folder of $fish_complete_path, as pagehaul.fish."""
    def quoted(text):
        return "'" + re.sub(r"(['\\])", r"\\\1", text) + "'"

    def offers(options, where):
        for option in options:
            if option.is_argument:
                continue
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            value = ""
            if option.value:
                value = {FILES: " -rF", FOLDERS: " -xa '(__fish_complete_directories)'"}.get(option.value, " -x")
            if option.choices:
                value = f" -xa {quoted(' '.join(option.choices))}"
            yield f"complete -c {program.name} -n {quoted(where)} {names}{value} -d {quoted(option.text)}"

    lines = [f"# fish completion for {program.name} {program.version}, made from its --help", f"complete -c {program.name} -f"]
    lines += [f"complete -c {program.name} -n __fish_use_subcommand -a {verb.name} -d {quoted(verb.summary)}" for verb in program.verbs]
    lines += offers(program.options, "__fish_use_subcommand")
    for verb in program.verbs:
        lines += offers(verb.options, f"__fish_seen_subcommand_from {verb.name}")
    return "\n".join(lines) + "\n"


def _plain(text, special):
    """Without the characters that mean something in zsh's specifications, each behind a backslash."""
    return re.sub(f"([{re.escape(special)}])", r"\\\1", text)
