# Run by all-smi-view (docs/SSH.md): reads requests, prints answers, writes no files, and ends with the connection.
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/wsl/lib:/usr/local/nvidia/bin
LC_ALL=C
export PATH LC_ALL
set -f

# A job: its number, how its output is passed on, the function that it runs, and the arguments. It leads a process group, so that all of it can be killed.
job='
by_line() { while IFS= read -r line || [ -n "$line" ]; do printf "%s%s%.3900s\n" "$1" "$2" "$line"; done; }
in_pieces() { awk -v n="$1" "$pieces"; }
smi() { "$smi" "$@"; }
smi_loop() { if command -v stdbuf >/dev/null; then stdbuf -oL "$smi" "$@"; else "$smi" "$@"; fi; }
names() { if [ -n "$passwd" ]; then cat "$passwd"; else getent passwd "$@"; fi; }
state() {
  cd "$proc" || return 1
  command -v "$smi" >/dev/null && echo "?nvidia-smi"
  slow=$1; shift
  for pid do set -- "$@" "$pid/stat" "$pid/status"; shift; done
  if [ "$slow" = slow ]; then
    [ -e self ] && echo "?self"
    echo "=self/ns/pid"; readlink self/ns/pid | while IFS= read -r line; do printf " %s\n" "$line"; done
    set -- "$@" cpuinfo mounts 2/stat "${passwd:-/etc/passwd}" "$subuid"
  fi
  awk "$files" sys/kernel/hostname uptime stat meminfo "$@"
}
texts() { cd "$proc" && awk "$origins" "$@"; }
devices() { cd "$proc" || return 1; for pid do echo "=$pid/fd"; ls -l "$pid/fd" | awk "{ print \" \" \$0 }"; done; }
disks() {
  for point do
    point=$(printf "%b." "$point"); point=${point%.}
    [ -d "$point" ] && stat -f -c "%s %b %a %n" "$point"
  done
}
n=$1 pass=$2; shift 2
exec 5>&1
status=$(
  exec 4>&1
  { { "$@" 4>&- 5>&-; echo $? >&4; } 2>&1 >&3 3>&- | by_line "$n" "!" >&5 4>&-; } 3>&1 | "$pass" "$n" ">" >&5 4>&-
)
printf "%s.%s\n" "$n" "$status"
'
# Writes of up to 4096 bytes to a pipe are atomic: the lines of jobs that run at the same time do not mix.
pieces='{
  line = $0
  while (length(line) > 3900) { print n "+" substr(line, 1, 3900); fflush(); line = substr(line, 3901) }
  print n ">" line; fflush()
}'
# Of files with many lines, only those that are needed.
files='BEGIN {
  for (i = 1; i < ARGC; i++) {
    file = ARGV[i]; some = ""
    if (file == "stat") some = "^cpu"
    if (file ~ /^[0-9]+\/status$/) some = "^(Uid|VmRSS):"
    if (file == "cpuinfo") some = "^(processor|model name|vendor_id|physical id|core id|cpu MHz|CPU implementer)[ \t]*:"
    if (file == "mounts") some = "^/dev/| (zfs|bcachefs) | / overlay "
    for (lines = 0; (got = (getline line < file)) > 0; lines++) { if (lines == 0) print "=" file; if (line ~ some) print " " line }
    if (got == 0 && lines == 0) print "=" file
    close(file)
  }
}'
# Of an environment, only what schedulers set. Each argument, up to its NUL, becomes a line; a newline in it becomes \001.
origins='
function told(file, some, most,  from, line, bytes) {
  print "=" file
  from = "exec 2>/dev/null; tr \"\\000\\n\\001\" \"\\n\\001\\002\" <" file
  while (bytes < most && (from | getline line) > 0) { bytes += length(line) + 1; if (line ~ some) print " " substr(line, 1, most) }
  close(from)
}
function plain(file,  line) { print "=" file; while ((getline line < file) > 0) print " " line; close(file) }
BEGIN {
  for (i = 1; i < ARGC; i++) {
    told(ARGV[i] "/cmdline", "", 131073)
    plain(ARGV[i] "/cgroup")
    plain(ARGV[i] "/loginuid")
    told(ARGV[i] "/environ", "^(" ENVIRON["variables"] ")=", 131072)
  }
}'
variables='VARIABLES'
alive='{ sub(/^.*\) /, ""); if ($3 == group && $1 !~ /[XZ]/) found = 1 } END { exit !found }'
# Kills the script when no request has come for four seconds: the other end may be gone. Prints that the script is ready.
watch='
trap "alive=1" USR1
echo "$2"
exec >/dev/null
alive=1
while [ -n "$alive" ]; do alive=; sleep 4; done
kill -TERM "$1"; sleep 1; kill -KILL "$1"
'

start() {
  setsid sh -c "$job" job "$@" &
  running="$running $1:$!"
}

# Reports the end of a job once none of its processes is left: one that hangs in the kernel cannot be killed.
gone() {
  set +f
  while kill -0 "-$2" && kill -0 "$me" && cat /proc/[0-9]*/stat | awk -v group="$2" "$alive"; do sleep 1; done
  echo "$1.137"
}

end() {
  left=''
  for one in $running; do
    pid=${one#*:}
    if [ "${one%%:*}" = "$1" ] || [ "$1" = all ]; then
      kill -KILL "-$pid" || kill -KILL "$pid"
      wait "$pid"
      [ "$1" = all ] || gone "$1" "$pid" &
    else
      left="$left $one"
    fi
  done
  running=$left
}

numbers() {
  for word do case $word in '' | *[!0-9]*) return 1 ;; esac; done
}

# Only options that read: nvidia-smi has others that write files or change GPUs.
only_reads() {
  for word do
    case $word in
      -q | -x | -L | pmon | -s | um | -d | --query-gpu=* | --query-compute-apps=* | --format=csv,noheader,nounits | --loop-ms=*) ;;
      *) numbers "$word" || return 1 ;;
    esac
  done
}

job_of() {
  what=$1
  shift
  case $what in
    smi) only_reads "$@" && start "$n" in_pieces smi "$@" ;;
    smi_loop) only_reads "$@" && start "$n" by_line smi_loop "$@" ;;
    names | texts | devices) numbers "$@" && start "$n" in_pieces "$what" "$@" ;;
    state) slow=$1 && shift && numbers "$@" && start "$n" in_pieces state "$slow" "$@" ;;
    disks) start "$n" in_pieces disks "$@" ;;
    *) return 1 ;;
  esac
}

answer() {
  n=$1 what=$2
  shift 2
  numbers "$n" || return
  kill -USR1 "$dog"
  echo "$n@"
  case $what in
    beat) ;;
    end) numbers "$@" && end "$1" ;;
    *) job_of "$what" "$@" || echo "$n.126" ;;
  esac
}

main() {
  me=$(exec sh -c 'echo $PPID') running='' dog=''
  : "${smi:=nvidia-smi}" "${proc:=/proc}" "${passwd:=}" "${nonce:=}"
  case $passwd in */*) subuid=${passwd%/*}/subuid ;; *) subuid=/etc/subuid ;; esac
  # If installed on the node, it takes the nonce from the script that it is sent, and ignores the rest of that.
  while [ -z "$nonce" ] && IFS= read -r line; do
    case $line in nonce=*) nonce=${line#nonce=} nonce=${nonce%%[!0-9a-f]*} ;; esac
  done
  has='' lacks=''
  command -v "$smi" >/dev/null && has=,nvidia-smi
  { [ -n "$passwd" ] || command -v getent >/dev/null; } && has=$has,getent
  for name in awk cat ls readlink setsid sleep stat tr; do command -v "$name" >/dev/null || lacks=$lacks,$name; done
  [ -r "$proc/stat" ] || lacks=$lacks,proc
  trap 'exit 0' HUP INT PIPE TERM
  trap 'end all; kill -KILL "-$dog"' EXIT
  export job pieces files origins variables smi proc passwd subuid
  ready="$nonce ready 1 $(uname -snm) has=$has lacks=$lacks"
  if [ -n "$lacks" ]; then echo "$ready"; exit; fi
  setsid sh -c "$watch" watch "$me" "$ready" &
  dog=$!
  exec 2>/dev/null
  while read -r n what rest; do
    # shellcheck disable=SC2086 # words
    answer "$n" "$what" $rest
  done
}

main | cat
