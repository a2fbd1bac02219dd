#!/bin/sh
# The git that commands of agents find first. It adds to a commit the trailers that say what made it, and
# hands everything else to the real git as it is. `commit_trailers: false` in the settings leaves it out.
own=${0%/*}
real=
folders=$PATH:
while [ -n "$folders" ]; do
  folder=${folders%%:*}
  folders=${folders#*:}
  if [ -x "$folder/git" ] && [ ! -d "$folder/git" ] && ! [ "$folder/git" -ef "$own/git" ]; then
    real=$folder/git
    break
  fi
done
if [ -z "$real" ]; then
  echo 'git: not found' >&2
  exit 127
fi
[ -n "$IOSM_TRAILERS" ] || exec "$real" "$@"

# Which word is the command, behind options of git itself.
place=0
skip=
verb=
for word in "$@"; do
  place=$((place + 1))
  if [ -n "$skip" ]; then
    skip=
    continue
  fi
  case $word in
    -C | -c | --git-dir | --work-tree | --namespace | --super-prefix | --config-env | --attr-source) skip=1 ;;
    -*) ;;
    *)
      verb=$word
      break
      ;;
  esac
done
case $verb in
  commit | merge | revert | cherry-pick) ;;
  *) exec "$real" "$@" ;;
esac

# Where the message comes from. Git refuses an empty one, and a trailer must not make it less empty.
at=0
take=
given=
kept=
said=
file=
message() {
  given=1
  case $1 in *[![:space:]]*) said=1 ;; esac
}
for word in "$@"; do
  at=$((at + 1))
  [ "$at" -gt "$place" ] || continue
  case $take in
    message)
      take=
      message "$word"
      continue
      ;;
    file)
      take=
      given=1
      file=$word
      continue
      ;;
    other)
      take=
      continue
      ;;
  esac
  case $word in
    --) break ;;
    -h | --help | --abort | --continue | --quit | --skip) exec "$real" "$@" ;;
    --m*=*) message "${word#*=}" ;;
    --m*) [ "$verb" != commit ] || take=message ;;
    --fil*=*)
      given=1
      file=${word#*=}
      ;;
    --fil*) take=file ;;
    --am* | --no-ed* | --reu*=* | --ree*=* | --fix*=* | --sq*=*) kept=1 ;;
    --reu* | --ree* | --fix* | --sq*)
      kept=1
      take=other
      ;;
    --*=*) ;;
    --au* | --da* | --te* | --cl* | --tr* | --pathspec-from-file) take=other ;;
    --*) ;;
    -?*)
      letters=${word#-}
      while [ -n "$letters" ]; do
        rest=${letters#?}
        letter=${letters%"$rest"}
        letters=$rest
        case $letter in
          m)
            if [ -n "$rest" ]; then message "$rest"; else take=message; fi
            break
            ;;
          F)
            given=1
            file=$rest
            [ -n "$rest" ] || take=file
            break
            ;;
          C | c)
            kept=1
            [ -n "$rest" ] || take=other
            break
            ;;
          t)
            [ -n "$rest" ] || take=other
            break
            ;;
          S | u) break ;;
        esac
      done
      ;;
  esac
done

text=
if [ "$verb" = commit ]; then
  case $file in
    '') ;;
    -)
      # Read once, handed on below.
      text=$(cat && printf .)
      message "${text%.}"
      ;;
    *) if [ -f "$file" ] && [ -r "$file" ]; then message "$(cat -- "$file")"; else said=1; fi ;;
  esac
  # An editor's message is not known before git runs.
  if [ -n "$given" ]; then ready=$said; else ready=$kept; fi
else
  ready=1
fi
if [ -n "$ready" ]; then
  case $("$real" "$verb" -h 2>&1) in
    *--trailer*) ;;
    *) ready= ;;
  esac
fi

if [ -n "$ready" ]; then
  lines='
'
  all=$#
  at=0
  while [ "$at" -lt "$all" ]; do
    at=$((at + 1))
    word=$1
    shift
    if [ "$at" -eq "$place" ]; then
      set -f
      IFS=$lines
      # Of an amended commit's own trailers, ours are replaced and others stay.
      for line in $IOSM_TRAILERS; do set -- "$@" -c "trailer.${line%%=*}.ifexists=replace"; done
      set -- "$@" "$word"
      for line in $IOSM_TRAILERS; do set -- "$@" --trailer "$line"; done
      unset IFS
      set +f
    else
      set -- "$@" "$word"
    fi
  done
fi
if [ "$file" = - ]; then
  printf %s "${text%.}" | "$real" "$@"
  exit $?
fi
exec "$real" "$@"
