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

# A tally is what netprobe counted, "NAME@CLIENT:COUNT,...": which backend answered how often, and the client's address it saw.

# tally TALLY: lines "NAME CLIENT COUNT", sorted; an IPv6 address has colons of its own.
tally() {
	tr ',' '\n' <<< "$1" | sed -nE 's/^([^@]*)@(.*):([0-9]+)$/\1 \2 \3/p' | sort
}

# bars TALLY [sources]: one line a backend, with the client's address that it saw if asked for; the longest bar has 40 characters.
bars() {
	tally "$1" | awk -v sources="${2:-}" '
		{
			key = sources ? sprintf("%-6s saw %-18s", $1, $2) : sprintf("%-6s", $1)
			if (!(key in count))
				line[++lines] = key
			count[key] += $3
			if (count[key] > most)
				most = count[key]
		}
		END {
			for (i = 1; i <= lines; i++) {
				bar = sprintf("%*s", count[line[i]] * 40 / most, "")
				gsub(/ /, "#", bar)
				printf "    %s %6d  %s\n", line[i], count[line[i]], bar
			}
		}'
}

# count_of NAME TALLY: answers of that backend.
count_of() {
	tally "$2" | awk -v name="$1" '$1 == name { sum += $3 } END { print sum + 0 }'
}

# kinds TALLY: how many backends answered.
kinds() {
	tally "$1" | awk '{ print $1 }' | uniq | wc -l
}

# seen TALLY: "NAME@CLIENT ..." without the counts.
seen() {
	tally "$1" | awk '{ printf "%s%s@%s", (NR > 1 ? " " : ""), $1, $2 }'
}
