# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_parjob_global_optspecs
    string join \n a/arg-file= range= 0/null d/delimiter= colsep= csv jsonl header crlf no-empty E/eof= first= max-item= j/jobs= c/chunk= halt= deadline= k/ordered unordered format= tag reduce= output= progress= total= q/quiet v/verbose h help V/version
end

function __fish_parjob_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_parjob_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_parjob_using_subcommand
    set -l cmd (__fish_parjob_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c parjob -n "__fish_parjob_needs_command" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_needs_command" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_needs_command" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_needs_command" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_needs_command" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_needs_command" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_needs_command" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_needs_command" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_needs_command" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_needs_command" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_needs_command" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_needs_command" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_needs_command" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_needs_command" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_needs_command" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_needs_command" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_needs_command" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_needs_command" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_needs_command" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_needs_command" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_needs_command" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_needs_command" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_needs_command" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_needs_command" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_needs_command" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_needs_command" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_needs_command" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_needs_command" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_needs_command" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_needs_command" -s V -l version -d 'The version'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "run" -d 'run a command for each item, without a shell'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "sh" -d 'run a line of shell for each item'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "pool" -d 'feed items to commands that stay up'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "py" -d 'call a Python function with items'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "square" -d 'the square of each number'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "double" -d 'twice each number'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "len" -d 'the length of each item, in characters'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "sum" -d 'the sum of all numbers'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "mean" -d 'the mean of all numbers'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "stats" -d 'n, sum, mean, sd, min, max and quantiles of all numbers'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "count" -d 'how many items there are'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "min" -d 'the least number'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "max" -d 'the greatest number'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "pi" -d 'estimates pi with as many random points as each item says'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "hash" -d 'the checksum of each file'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "resize" -d 'pictures, made to fit'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "explain" -d 'what a command line would do, and why, without doing it'
complete -c parjob -n "__fish_parjob_needs_command" -f -a "help" -d 'what an operation does, with examples'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s n -l batch -d 'Items in one command line' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l stdin -d 'What a command reads: null (nothing), or item' -r -f -a "null\t''
item\t''"
complete -c parjob -n "__fish_parjob_using_subcommand run" -s I -l placeholder -d 'STR stands for the item, and braces for themselves' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l retries -d 'Up to N further attempts at an item that fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l timeout -d 'End an attempt after 30s, 5m, or N% of the median time' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l backoff -d 'Wait so long before a further attempt; doubled each time' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l retry-on -d 'Only after these: exit, exit=75, signal, timeout, start' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l grace -d 'Between asking a command to end and killing it' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l exit-status -d 'any: 1 if an item failed; count: how many; first: its status' -r -f -a "any\t''
count\t''
first\t''"
complete -c parjob -n "__fish_parjob_using_subcommand run" -l results -d 'Keep each item\'s output in a folder of DIR, too' -r -f -a "(__fish_complete_directories)"
complete -c parjob -n "__fish_parjob_using_subcommand run" -l tag-template -d 'Each line begins with T, such as \'{#} {}\', and a TAB' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l spill-max -d 'Bytes of output that may wait in a temporary file' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l ledger -d 'Record what starts and ends, so that the run can go on later' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand run" -l joblog -d 'A table of what ran, as GNU parallel writes it' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand run" -l delay -d 'Start each so long after the one before' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l rate -d 'Start so many a second, a minute (/m) or an hour (/h)' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l load -d 'Start none while the machine\'s load is N or more' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l memfree -d 'Start none while less memory than SIZE is free' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l nice -d 'Lower the commands\' priority by N' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l threads-per-job -d 'Ask libraries for N threads; auto: CPUs / jobs' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand run" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand run" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand run" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand run" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand run" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand run" -l dry-run -d 'Print each command instead of running it'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s t -l trace-commands -d 'Print each command on standard error as it starts'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l line-buffer -d 'Lines as they come, of several items among each other, and of all attempts'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s u -l ungroup -d 'Commands write directly, in whatever order, in all attempts'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l merge -d 'Standard error goes into standard output, in the order in which both were written'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l resume -d 'Go on: do what the ledger does not call done'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l retry-failed -d 'Do only what failed last time'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l resume-anyway -d 'Even if the ledger is of another command'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand run" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand run" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s n -l batch -d 'Items in one command line' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l stdin -d 'What a command reads: null (nothing), or item' -r -f -a "null\t''
item\t''"
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s I -l placeholder -d 'STR stands for the item, and braces for themselves' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l shell -d 'The shell' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l retries -d 'Up to N further attempts at an item that fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l timeout -d 'End an attempt after 30s, 5m, or N% of the median time' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l backoff -d 'Wait so long before a further attempt; doubled each time' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l retry-on -d 'Only after these: exit, exit=75, signal, timeout, start' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l grace -d 'Between asking a command to end and killing it' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l exit-status -d 'any: 1 if an item failed; count: how many; first: its status' -r -f -a "any\t''
count\t''
first\t''"
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l results -d 'Keep each item\'s output in a folder of DIR, too' -r -f -a "(__fish_complete_directories)"
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l tag-template -d 'Each line begins with T, such as \'{#} {}\', and a TAB' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l spill-max -d 'Bytes of output that may wait in a temporary file' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l ledger -d 'Record what starts and ends, so that the run can go on later' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l joblog -d 'A table of what ran, as GNU parallel writes it' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l delay -d 'Start each so long after the one before' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l rate -d 'Start so many a second, a minute (/m) or an hour (/h)' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l load -d 'Start none while the machine\'s load is N or more' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l memfree -d 'Start none while less memory than SIZE is free' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l nice -d 'Lower the commands\' priority by N' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l threads-per-job -d 'Ask libraries for N threads; auto: CPUs / jobs' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l dry-run -d 'Print each command instead of running it'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s t -l trace-commands -d 'Print each command on standard error as it starts'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l line-buffer -d 'Lines as they come, of several items among each other, and of all attempts'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s u -l ungroup -d 'Commands write directly, in whatever order, in all attempts'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l merge -d 'Standard error goes into standard output, in the order in which both were written'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l resume -d 'Go on: do what the ledger does not call done'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l retry-failed -d 'Do only what failed last time'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l resume-anyway -d 'Even if the ledger is of another command'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand sh" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l protocol -d 'How items and answers go over: lines, json, frames' -r -f -a "lines\t''
json\t''
frames\t''"
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l init -d 'What each process is told first; it must answer' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l recycle -d 'A process does N items and the rest of its chunk, then a fresh one goes on' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l recycle-rss -d 'A process that holds more memory than SIZE is replaced' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l spill-max -d 'Bytes of output that may wait in a temporary file' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l retries -d 'Up to N further attempts at an item that fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l timeout -d 'End an attempt after 30s, 5m, or N% of the median time' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l backoff -d 'Wait so long before a further attempt; doubled each time' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l retry-on -d 'Only after these: exit, exit=75, signal, timeout, start' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l grace -d 'Between asking a command to end and killing it' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l exit-status -d 'any: 1 if an item failed; count: how many; first: its status' -r -f -a "any\t''
count\t''
first\t''"
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l delay -d 'Start each so long after the one before' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l rate -d 'Start so many a second, a minute (/m) or an hour (/h)' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l load -d 'Start none while the machine\'s load is N or more' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l memfree -d 'Start none while less memory than SIZE is free' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l nice -d 'Lower the commands\' priority by N' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l threads-per-job -d 'Ask libraries for N threads; auto: CPUs / jobs' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand pool" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l as -d 'What the function gets: str, int, float, json, csv (a list), bytes' -r -f -a "str\t''
int\t''
float\t''
json\t''
csv\t''
bytes\t''"
complete -c parjob -n "__fish_parjob_using_subcommand py" -s n -l batch -d 'Give it lists of N items; it returns a list of N results' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l concurrency -d 'N items at work at once in each process, for async functions' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l import -d 'Import MODULE before: re, \'numpy as np\', \'from math import *\'' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l init -d 'Run CODE once in each process before' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l python -d 'Which Python, 3.8 or later' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l recycle -d 'A process does N items and the rest of its chunk, then a fresh one goes on' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l recycle-rss -d 'A process that holds more memory than SIZE is replaced' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l spill-max -d 'Bytes of output that may wait in a temporary file' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l retries -d 'Up to N further attempts at an item that fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l timeout -d 'End an attempt after 30s, 5m, or N% of the median time' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l backoff -d 'Wait so long before a further attempt; doubled each time' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l retry-on -d 'Only after these: exit, exit=75, signal, timeout, start' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l grace -d 'Between asking a command to end and killing it' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l exit-status -d 'any: 1 if an item failed; count: how many; first: its status' -r -f -a "any\t''
count\t''
first\t''"
complete -c parjob -n "__fish_parjob_using_subcommand py" -l delay -d 'Start each so long after the one before' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l rate -d 'Start so many a second, a minute (/m) or an hour (/h)' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l load -d 'Start none while the machine\'s load is N or more' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l memfree -d 'Start none while less memory than SIZE is free' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l nice -d 'Lower the commands\' priority by N' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l threads-per-job -d 'Ask libraries for N threads; auto: CPUs / jobs' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand py" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand py" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand py" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand py" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand py" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand py" -l json -d 'Print results as JSON'
complete -c parjob -n "__fish_parjob_using_subcommand py" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand py" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand py" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand py" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand py" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand py" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand square" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand square" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand square" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand square" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand square" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand square" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand square" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand square" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand square" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand square" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand square" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand double" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand double" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand double" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand double" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand double" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand double" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand double" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand double" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand double" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand double" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand double" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand len" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand len" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand len" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand len" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand len" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand len" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand len" -l bytes -d 'Count bytes instead of characters'
complete -c parjob -n "__fish_parjob_using_subcommand len" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand len" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand len" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand len" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand len" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand len" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand sum" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand mean" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand stats" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand count" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand count" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand count" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand count" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand count" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand count" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand count" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand count" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand count" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand count" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand count" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand count" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand min" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand min" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand min" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand min" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand min" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand min" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand min" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand min" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand min" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand min" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand min" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l max-digits -d 'An integer of more digits fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand max" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand max" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand max" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand max" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand max" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand max" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand max" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand max" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand max" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand max" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand max" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l seed -d 'What the random numbers start from' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand pi" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l algorithm -d 'blake3, the default, sha256, sha512, sha1, md5 or xxh3' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s c -l check -d 'Read lists of checksums from the FILEs, and check what they list'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l ignore-missing -d 'With --check: pass over listed files that are not there'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l strict -d 'With --check: fail if a line is improperly formatted'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s w -l warn -d 'With --check: name each line that is improperly formatted'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l status -d 'With --check: print nothing; the exit status says how it went'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l recursive -d 'Hash all files below a directory, in the order of their paths'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand hash" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l width -d 'The width that results have at most; 50%: of that of the original' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l height -d 'The height that results have at most; 50%: of that of the original' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l to -d 'The file that an item becomes: \'thumbs/{/.}_small.jpg\', or thumbs/' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l fit -d 'inside, cover, exact or pad' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l filter -d 'lanczos3, catmull-rom, bilinear or box' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l background -d 'The colour under transparent pixels, and around padded results' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l encode -d 'jpeg, png, webp, same; auto: by the extension of the result' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l quality -d '1 to 100, of JPEG and WebP; a WebP of 100 is lossless' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l damaged -d 'accept: take of a damaged picture what can be read; fail: it fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l max-pixels -d 'A picture that is larger, or would become so, fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l memory -d 'What all workers may take; auto: half of what is available' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l enlarge -d 'Enlarge what is smaller'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l no-enlarge -d 'Leave what is smaller as small as it is; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l linear -d 'Resize in linear light: fine bright lines stay bright'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l keep-metadata -d 'Keep EXIF, XMP, IPTC and the density; of a TIFF not its EXIF'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l recursive -d 'Resize all pictures below a directory, known by their extensions'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l dry-run -d 'Print what would be written, and write nothing'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l skip-existing -d 'Pass over an item whose result exists'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l newer -d 'Replace only results that are older than their originals'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l overwrite -d 'Replace results that exist, even such as are items still to be read'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l allow-outside -d 'Let items lead results out of the folder that the template names'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand resize" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand explain" -l help -d 'All options, and the exit status'
complete -c parjob -n "__fish_parjob_using_subcommand help" -s a -l arg-file -d 'Items are the lines of FILE; - means stdin' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand help" -l range -d 'Items are integers, LAST included' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -s d -l delimiter -d 'Items end with the byte C, such as , \\t \\x1f' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -l colsep -d 'Items are lines of fields that RE parts' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -s E -l eof -d 'Stop reading at an item that is exactly STR' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -l first -d 'Only the first N items' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -l max-item -d 'A longer item fails' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -s j -l jobs -d 'How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -s c -l chunk -d 'Items a worker takes at a time; auto: a millisecond\'s work' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -l halt -d 'Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -l deadline -d 'Stop the whole run after DUR, such as 90s or 1h30m' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -l format -d 'How results look: text, jsonl, csv, tsv' -r -f -a "text\t'the result alone, one a line'
jsonl\t'one JSON object a line'
csv\t'comma-separated, with a header'
tsv\t'TAB-separated, with a header'"
complete -c parjob -n "__fish_parjob_using_subcommand help" -l reduce -d 'Fold results: sum, mean, stats, count, min, max' -r -f -a "sum\t''
mean\t''
stats\t''
count\t''
min\t''
max\t''"
complete -c parjob -n "__fish_parjob_using_subcommand help" -l output -d 'Results to FILE: complete or absent, never half' -r -F
complete -c parjob -n "__fish_parjob_using_subcommand help" -l progress -d 'bar, lines, json, none; auto: a bar on a terminal, lines in CI' -r -f -a "auto\t''
bar\t''
lines\t''
json\t''
none\t''"
complete -c parjob -n "__fish_parjob_using_subcommand help" -l total -d 'The number of items to come, for the bar' -r
complete -c parjob -n "__fish_parjob_using_subcommand help" -s 0 -l null -d 'Items end with a NUL byte'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l csv -d 'Items are CSV records; -d C parts fields'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l jsonl -d 'Items are JSON objects, one a line'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l header -d 'Each source begins with the names of fields'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l crlf -d 'Strip a carriage return from an item\'s end'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l no-empty -d 'Drop empty items'
complete -c parjob -n "__fish_parjob_using_subcommand help" -s k -l ordered -d 'Results in input order; this is the default'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l unordered -d 'Results as they finish'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l tag -d 'Each line of text begins with its item and a TAB'
complete -c parjob -n "__fish_parjob_using_subcommand help" -s q -l quiet -d 'Only errors'
complete -c parjob -n "__fish_parjob_using_subcommand help" -s v -l verbose -d 'The decisions taken, and each failure as it happens'
complete -c parjob -n "__fish_parjob_using_subcommand help" -s h -d 'The most used options'
complete -c parjob -n "__fish_parjob_using_subcommand help" -l help -d 'All options, and the exit status'
