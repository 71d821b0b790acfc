#!/bin/sh
# A stand-in for nvidia-smi. It plays what lies beside it in the directory `now`: gpu.csv (its first line names the fields, as --query-gpu
# knows them; temperature.memory need not be there), apps.csv, pmon.txt, q.xml, list.txt. One that is asked to go on for ever says its piece once and then again for every
# line that comes through its pipe (gpu.pipe, pmon.pipe); each time it adds a line to `said`. Misbehaves when told so by a file:
# NAME.hang, NAME.error (what it prints; exit status 9), NAME.cut (half a line, then it dies), NAME.rc (its exit status, after its piece);
# NAME: gpu, pmon, apps, q, list. Where there is a gpu.txt, it is printed as it is.
here=$(dirname "$0")
echo "$$ $*" >>"$here/started"

misbehave() { # name, command...
  name=$1
  shift
  if [ -e "$here/$name.error" ]; then cat "$here/$name.error" && exit 9; fi
  if [ -e "$here/$name.hang" ]; then exec sleep 1000; fi
  if [ -e "$here/$name.cut" ]; then "$@" | head -c 60 && kill -9 $$; fi
}

status() { # name: the exit status it is told to have
  if [ -e "$here/$1.rc" ]; then cat "$here/$1.rc"; else echo 0; fi
}

gpus() { # fields
  if [ -e "$here/now/gpu.txt" ]; then cat "$here/now/gpu.txt" && return; fi
  awk -F', ' -v fields="$1" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(fields, want, ","); next }
    { rows[++count] = $0 }
    END {
      for (f = 1; f <= n; f++) if (want[f] != "count" && want[f] != "temperature.memory" && !(want[f] in at)) {
        printf "Field \"%s\" is not a valid field to query.\n\n", want[f]; exit 2
      }
      for (r = 1; r <= count; r++) {
        split(rows[r], cell, FS); line = ""
        for (f = 1; f <= n; f++) line = line (f > 1 ? ", " : "") (want[f] == "count" ? count : want[f] in at ? cell[at[want[f]]] : "[N/A]")
        print line
      }
    }' "$here/now/gpu.csv"
}

again() { # name, command...
  name=$1
  shift
  while :; do
    misbehave "$name" "$@"
    "$@" || exit $?
    echo "$name" >>"$here/said"
    if [ -e "$here/$name.rc" ]; then exit "$(status "$name")"; fi
    read -r _ || exit 0
  done <>"$here/$name.pipe"
}

once() { # name, command...
  misbehave "$@"
  name=$1
  shift
  "$@"
  exit "$(status "$name")"
}

case "$*" in
  --query-gpu=*--loop-ms=*) fields=${1#--query-gpu=} && again gpu gpus "$fields" ;;
  --query-compute-apps=*) once apps cat "$here/now/apps.csv" ;;
  pmon*) again pmon cat "$here/now/pmon.txt" ;;
  '-q -x') once q cat "$here/now/q.xml" ;;
  -L) once list cat "$here/now/list.txt" ;;
  *) echo "Invalid combination of input arguments: $*" && exit 1 ;;
esac
