# Completion of PROGRAM for bash. In ~/.bashrc: source <(PROGRAM completion bash)
_PROGRAM() {
	# What stands before the cursor, split at white space alone: bash itself splits at "=" and ":", too.
	local line="${COMP_LINE:0:COMP_POINT}" words word
	read -ra words <<<"$line"
	[[ "$line" == *[[:space:]] ]] && words+=("")
	word="${words[-1]}"
	COMPREPLY=()
	local candidate
	while IFS=$'\t' read -r candidate _; do
		[[ -n "$candidate" ]] && COMPREPLY+=("$candidate")
	done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
	# Of --flag=value bash replaces the value only.
	if [[ "$word" == *=* && "$COMP_WORDBREAKS" == *=* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${word%%=*}"=}")
	fi
}
complete -o default -F _PROGRAM PROGRAM
