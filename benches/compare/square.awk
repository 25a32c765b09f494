# For mawk. Numbers are doubles, so squares above 2^53 lose digits; ints.txt stays below.
{ printf "%.0f\n", $1*$1 }
