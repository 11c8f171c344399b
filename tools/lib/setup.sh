# tools/lib/setup.sh: what tools/demo and tools/test share: finding the source, installing what is missing, building.
# Sourced by bash. Everything that is made stays in the build folder.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Debian 12's packages, and nothing else. tzdata: packs name their time zone. nodejs, npm: the console is bundled with them;
# any that are there will do.
packages=(gcc libc6-dev meson ninja-build pkg-config protobuf-compiler protobuf-c-compiler libprotobuf-c-dev
	libevent-dev libssl-dev liblua5.4-dev liblmdb-dev libxxhash-dev libjansson-dev libutf8proc-dev zlib1g-dev libcmocka-dev libsystemd-dev scdoc man-db python3
	python3-protobuf tzdata)

command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\033[1m' dim=$'\033[2m' red=$'\033[31m' green=$'\033[32m' off=$'\033[0m'
else
	bold='' dim='' red='' green='' off=''
fi

step() { printf '%s== %s%s\n' "$bold" "$*" "$off"; }
note() { printf '   %s%s%s\n' "$dim" "$*" "$off"; }
problem() { printf '%s%s%s\n' "$red" "$*" "$off" >&2; }

# as_root COMMAND...: with sudo where we are not root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		problem "Not root and no sudo: run as root once, or install: ${packages[*]}"
		return 1
	fi
}

missing_packages() {
	local name
	for name in "${packages[@]}"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
	done
}

# Installs the packages that are not there. Quiet; what apt-get says is shown where it fails.
install_packages() {
	local missing log
	if ! command -v dpkg-query >/dev/null; then
		note "not Debian: expecting these to be there: ${packages[*]}"
		return 0
	fi
	mapfile -t missing < <(missing_packages)
	if [ ${#missing[@]} = 0 ]; then
		note "all ${#packages[@]} packages are there"
		return 0
	fi
	note "apt-get install ${missing[*]}"
	log=$(mktemp)
	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
	if ! as_root "${apt[@]}" update >"$log" 2>&1 ||
		! as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		rm -f "$log"
		problem "apt-get failed; see above"
		return 1
	fi
	rm -f "$log"
}

# build FOLDER TARGETS... -- MESON OPTIONS...: sets the folder up (once) and builds; without targets, all.
build() {
	local folder=$1 targets=() log
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		targets+=("$1")
		shift
	done
	[ $# -gt 0 ] && shift
	log="$folder/build.log"
	mkdir -p "$folder"
	if [ ! -f "$folder/build.ninja" ]; then
		note "meson setup ${folder#"$top"/}${*:+ $*}"
		if ! (cd "$top" && meson setup "$folder" "$@") >"$log" 2>&1 </dev/null; then
			tail -n 30 "$log" >&2
			problem "setting up ${folder#"$top"/} failed; to begin anew, remove that folder"
			return 1
		fi
	fi
	note "ninja -C ${folder#"$top"/}${targets:+ ${targets[*]}}"
	if ! meson compile -C "$folder" "${targets[@]}" >"$log" 2>&1 </dev/null; then
		grep -v '^\[[0-9]*/[0-9]*\] \(Compiling\|Generating\|Linking\)' "$log" | tail -n 60 >&2
		problem "the build failed; see above and ${log#"$top"/}"
		return 1
	fi
}
