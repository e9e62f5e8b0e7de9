# Completion of mtasts for bash. Installed as
# share/bash-completion/completions/mtasts. Needs nothing but bash, and
# mtasts itself for the names of rules.
#
# The tables name the options of each command; tests compare them with
# `mtasts help --internal-table`.

declare -gA _mtasts_options=(
    ['check']='--from --jobs --json --ndjson --no-smtp --thorough --fail-on
        --resolver --root-hints --trust-anchor --ca-file --allow-private
        --timeout --verbose --color --dump-facts --facts --help'
    ['lint policy']='--json --tolerant --help'
    ['lint sts-record']='--json --help'
    ['lint tlsrpt-record']='--json --help'
    ['simulate']='--from --probe --dane --json --jobs --resolver
        --root-hints --trust-anchor --ca-file --allow-private --timeout
        --verbose --color --help'
    ['match']='--quiet --help'
    ['make policy']='--mode --mx --max-age --resolver --root-hints
        --trust-anchor --id --help'
    ['make records']='--mode --mx --max-age --resolver --root-hints
        --trust-anchor --policy --rua --help'
    ['explain']='--help'
    ['rules']='--json --names --help'
    ['query']='--explain --json --config --socket --help'
    ['cache list']='--json --config --socket --help'
    ['cache show']='--json --config --socket --help'
    ['cache history']='--json --config --socket --help'
    ['cache refresh']='--json --config --socket --help'
    ['cache flush']='--json --config --socket --help'
    ['cache dump']='--json --config --socket --help'
    ['cache load']='--config --socket --help'
    ['status']='--json --config --socket --help'
    ['run']='--config --help'
    ['reload']='--config --help'
    ['config']='--check --dump --sample --help'
    ['setup postfix']='--apply --config --config-dir --socket --domain --dane
        --trust-resolver --color --help'
    ['setup sendmail']='--apply --config --config-dir --socket --domain --color
        --help'
    ['setup exim']='--apply --config --config-dir --socket --domain
        --trust-resolver --color --help'
    ['help']='--help'
    ['version']='--help'
)
declare -gA _mtasts_words=(
    ['mtasts']='check lint simulate match make explain rules
        query cache status run reload config setup help version --help
        --version'
    ['lint']='policy sts-record tlsrpt-record'
    ['make']='policy records'
    ['setup']='postfix sendmail exim'
    ['cache']='list show history refresh flush dump load'
    ['help']='check lint simulate match make explain rules query
        cache status run reload config setup help version'
)

# The words behind an option: how they are to be completed.
_mtasts_value() { # OPTION WORD -> COMPREPLY; false if OPTION takes none
    local choices=''
    case $1 in
    --from | --root-hints | --trust-anchor | --ca-file | --facts | --policy | \
        --config | --config-dir | --socket | -c | -s)
        compopt -o filenames 2>/dev/null || :
        mapfile -t COMPREPLY < <(compgen -f -- "$2")
        return 0
        ;;
    --fail-on) choices='warning error' ;;
    --color) choices='auto always never' ;;
    --mode) choices='none testing enforce' ;;
    --mx) choices='auto' ;;
    --rua) choices='mailto: https://' ;;
    --max-age) choices='86400 604800 1209600 31557600' ;;
    --resolver) choices='127.0.0.1 ::1' ;;
    --jobs | -j | --timeout | -t | --domain) ;;
    *) return 1 ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$2")
}

_mtasts() {
    local word=$2 previous=$3 command=mtasts name='' i
    COMPREPLY=()
    # `--option=val` comes as three words where = breaks words.
    if [[ $word == = ]]; then
        word=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        name=${COMP_WORDS[i]}
        [[ $name == -* || $name == = ]] && continue
        if [[ $command == mtasts ]]; then
            command=$name
        elif [[ $command == lint || $command == make ||
            $command == cache || $command == setup ]]; then
            command+=" $name"
        fi
    done
    _mtasts_value "$previous" "$word" && return
    if [[ $word == -* && -n ${_mtasts_options[$command]+set} ]]; then
        mapfile -t COMPREPLY < <(
            compgen -W "${_mtasts_options[$command]}" -- "$word")
    elif [[ -n ${_mtasts_words[$command]+set} ]]; then
        mapfile -t COMPREPLY < <(
            compgen -W "${_mtasts_words[$command]}" -- "$word")
    elif [[ $command == 'lint policy' || $command == config ]]; then
        compopt -o filenames 2>/dev/null || :
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $command == explain ]]; then
        mapfile -t COMPREPLY < <(
            compgen -W "$(mtasts rules --names 2>/dev/null)" -- "$word")
    fi
}

complete -F _mtasts mtasts
