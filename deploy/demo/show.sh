# How the demo talks: headings, figures, checks. Sourced by demo.sh.

failures=0

if [ -t 1 ]; then
	bold=$'\033[1m' green=$'\033[32m' red=$'\033[31m' plain=$'\033[0m'
else
	bold='' green='' red='' plain=''
fi

heading() {
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

say() {
	printf '  %s\n' "$*"
}

# check TEXT CONDITION...: the condition is a test(1) expression.
check() {
	local text=$1
	shift
	if [ "$@" ]; then
		printf '  %sok%s      %s\n' "$green" "$plain" "$text"
	else
		printf '  %sFAILED%s  %s\n' "$red" "$plain" "$text"
		failures=$((failures + 1))
	fi
}

# field NAME LINE: value of NAME=value in an answer of netprobe.
field() {
	sed -nE "s/.* $1=([^ ]*).*/\1/p" <<< "$2"
}

# bars "a:101,b:98": one line a backend, the longest has 50 characters.
bars() {
	tr ',' '\n' <<< "$1" | sort | awk -F: '
		$2 > most { most = $2 }
		{ name[NR] = $1; count[NR] = $2 }
		END {
			for (i = 1; i <= NR && most; i++) {
				bar = sprintf("%*s", count[i] * 50 / most, "")
				gsub(/ /, "#", bar)
				printf "    %-8s %6d  %s\n", name[i], count[i], bar
			}
		}'
}

# count_of NAME "a:101,b:98"
count_of() {
	local found
	found=$(tr ',' '\n' <<< "$2" | sed -nE "s/^$1:([0-9]+)$/\1/p")
	echo "${found:-0}"
}

# How many names are in "a:101,b:98".
kinds() {
	tr ',' '\n' <<< "$1" | grep -c :
}
