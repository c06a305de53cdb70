#compdef PROGRAM
# Completion of PROGRAM for zsh. In ~/.zshrc, behind compinit: source <(PROGRAM completion zsh)
_PROGRAM() {
	local -a candidates
	local word help
	while IFS=$'\t' read -r word help; do
		[[ -n "$word" ]] && candidates+=("${word//:/\\:}:$help")
	done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	if (( $#candidates )); then
		_describe PROGRAM candidates
	else
		_files
	fi
}
compdef _PROGRAM PROGRAM
