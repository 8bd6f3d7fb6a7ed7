# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for vlm-run and vlm-eval: their options are those that --help lists.

# The tasks that the program knows, which it lists where it is given none of them.
_vlm_tasks() {
  "$1" --task= x 2>&1 | sed -n 's/^.* must be one of \(.*\), not .*$/\1/p' | tr -d ','
}

_vlm() {
  # shellcheck disable=SC2034 # words and cword are set by _init_completion
  local cur prev words cword split
  _init_completion -s || return

  case $prev in
    --task | --format)
      mapfile -t COMPREPLY < <(compgen -W "$(_vlm_tasks "$1")" -- "$cur")
      return
      ;;
    --weights)
      mapfile -t COMPREPLY < <(compgen -W "auto native int8 int4" -- "$cur")
      return
      ;;
    --precision)
      mapfile -t COMPREPLY < <(compgen -W "auto exact fast" -- "$cur")
      return
      ;;
    --kv-cache)
      mapfile -t COMPREPLY < <(compgen -W "auto f32 f16" -- "$cur")
      return
      ;;
    --server)
      mapfile -t COMPREPLY < <(compgen -W \
        "auto vllm sglang llama ollama lmstudio openai" -- "$cur")
      return
      ;;
    --box-space)
      mapfile -t COMPREPLY < <(compgen -W "auto pixels thousandths" -- "$cur")
      return
      ;;
    --dump-attention)
      _filedir -d
      return
      ;;
    --schema | --events)
      _filedir '@(json|jsonl)'
      return
      ;;
    --model | -m | --mmproj | --api-key-file | --ca-file | --image | -i | --video | --prompt-file)
      _filedir
      return
      ;;
    -v)
      [[ ${1##*/} == vlm-run ]] && _filedir && return
      ;;
    --json | -j)
      [[ ${1##*/} == vlm-eval ]] && _filedir json && return
      ;;
    --device | -d | --fps | -f | --start | --end | --prompt | -p | --system | --query | \
      --max-tokens | -n | --temperature | -t | --top-p | --top-k | --repetition-penalty | \
      --seed | --scenes | --first-seed | --bystanders | --perspective | --min-pixels | \
      --max-pixels | --duration | --window | --hop | --set)
      return
      ;;
  esac
  $split && return
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_parse_help "$1")" -- "$cur")
    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace
  fi
  return 0
} && complete -F _vlm vlm-run vlm-eval
